// Options become settings: what --set is about, which option goes over which.
#include "cli/run_options.h"

#include <gtest/gtest.h>

#include "cli/command.h"

namespace sluice {
namespace {

RunOptions options() {
  RunOptions made;
  made.files = {"a.csv"};
  made.quiet = true;
  return made;
}

std::string refused(const RunOptions& wrong) {
  auto resolved = resolve(wrong);
  EXPECT_FALSE(resolved);
  if (resolved) return "";
  EXPECT_EQ(resolved.error().kind, ErrorKind::usage);
  return resolved.error().message;
}

TEST(RunOptions, SetGoesToTheConfigurationOrToThePipeline) {
  RunOptions given = options();
  given.set = {"identity=[id]", "store=sqlite:set.db", "limits.row_bytes=2MiB", "source.dialect.delimiter=="};
  given.batch_rows = 77;
  auto resolved = resolve(given);
  ASSERT_TRUE(resolved) << resolved.error().message;
  EXPECT_EQ(resolved->config.store, "sqlite:set.db");
  EXPECT_EQ(resolved->config.row_bytes, 2u << 20);
  EXPECT_EQ(resolved->overrides,
            (Overrides{{"identity", "[id]"}, {"source.dialect.delimiter", "="}, {"batch.rows", "77"}}));
}

TEST(RunOptions, AnOptionGoesOverSet) {
  RunOptions given = options();
  given.set = {"store=sqlite:set.db", "limits.memory=100MiB"};
  given.to = "sqlite:to.db";
  given.memory = "64MiB";
  auto resolved = resolve(given);
  ASSERT_TRUE(resolved) << resolved.error().message;
  EXPECT_EQ(resolved->config.store, "sqlite:to.db");
  EXPECT_EQ(resolved->config.memory_bytes, 64u << 20);
}

TEST(RunOptions, MistakesAreTold) {
  RunOptions given = options();
  given.set = {"identity"};
  EXPECT_NE(refused(given).find("'identity' has no '='"), std::string::npos);
  given.set = {"limits.rwo_bytes=1MiB"};
  EXPECT_NE(refused(given).find("did you mean 'limits.row_bytes'"), std::string::npos) << refused(given);
  given = options();
  given.files = {"-", "a.csv", "-"};
  EXPECT_NE(refused(given).find("only once"), std::string::npos);
  given = options();
  given.memory = "much";
  EXPECT_NE(refused(given).find("'much' is no size"), std::string::npos);
  given.memory = "1MiB";
  EXPECT_NE(refused(given).find("48"), std::string::npos);
}

TEST(RunOptions, TheFirstThatWentWrongIsTheStatusAndStrictIsLessThanAFailure) {
  RunOptions given = options();
  auto status_of = [&](std::vector<int> statuses) {
    given.files.assign(statuses.size(), "f");
    std::size_t at = 0;
    return each_file(given, {}, [&](const std::string&) -> Result<int> { return statuses[at++]; });
  };
  EXPECT_EQ(status_of({kExitOk, kExitOk}), kExitOk);
  EXPECT_EQ(status_of({kExitOk, kExitUsage, kExitFailed}), kExitUsage);
  EXPECT_EQ(status_of({kExitStrict, kExitFailed, kExitOk}), kExitFailed);
  EXPECT_EQ(status_of({kExitStrict, kExitOk}), kExitStrict);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(each_file(given, stop.get_token(), [](const std::string&) -> Result<int> { return kExitOk; }),
            kExitInterrupted);
}

}  // namespace
}  // namespace sluice
