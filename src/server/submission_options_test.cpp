#include "server/submission_options.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = WallTime(std::chrono::seconds(1'700'000'000));

TEST(SubmissionOptions, EachIsRead) {
  Request request;
  request.query = {{"pipeline", "people"},
                   {"fileName", "../a b.csv"},
                   {"metadata", "{ \"a\" : [1, 2] }"},
                   {"priority", "-7"},
                   {"delay", "90s"}};
  auto options = options_of(request, kNow);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->pipeline, "people");
  EXPECT_EQ(options->file_name, "a b.csv");
  EXPECT_EQ(options->metadata, "{\"a\":[1,2]}");
  EXPECT_EQ(options->priority, -7);
  EXPECT_EQ(options->not_before_ms, 1'700'000'090'000);
}

TEST(SubmissionOptions, TheQueryGoesBeforeAHeader) {
  Request request;
  request.headers.add("sluice-priority", "3");
  request.headers.add("Sluice-Run-At", "2023-11-14T22:13:21Z");
  request.headers.add("Sluice-Pipeline", "others");
  request.query = {{"pipeline", "people"}};
  auto options = options_of(request, kNow);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->pipeline, "people");
  EXPECT_EQ(options->priority, 3);
  EXPECT_EQ(options->not_before_ms, 1'700'000'001'000);
}

TEST(SubmissionOptions, WhatIsWrongIsToldWithWhatWouldBeRight) {
  struct Case {
    const char *name, *value, *part;
  };
  const Case cases[] = {
      {"pipline", "people", "did you mean 'pipeline'?"},
      {"pipeline", "../people", "letters, digits"},
      {"metadata", "[1]", "a JSON object"},
      {"metadata", "{", "a JSON object"},
      {"priority", "high", "a whole number"},
      {"priority", "1001", "from -1000 to 1000"},
      {"priority", "", "a whole number"},
      {"delay", "5", "a number and a unit"},
      {"delay", "-5s", "a number and a unit"},
      {"delay", "366d", "at most a year"},
      {"delay", "99999999999999999999s", "a number and a unit"},
      {"runAt", "tomorrow", "a time with its offset"},
      {"runAt", "2100-01-01T00:00:00Z", "more than a year"},
  };
  for (const Case& test : cases) {
    SubmissionOptions options;
    auto set = set_option(options, test.name, test.value, kNow);
    ASSERT_FALSE(set) << test.name << "=" << test.value;
    EXPECT_EQ(set.error().kind, ErrorKind::usage);
    EXPECT_NE(set.error().message.find(test.part), std::string::npos) << set.error().message;
  }
  Request request;
  request.query = {{"delay", "1s"}, {"runAt", "2023-11-14T22:13:21Z"}};
  EXPECT_FALSE(options_of(request, kNow));
}

TEST(SubmissionOptions, Delays) {
  EXPECT_EQ(parse_delay("500ms").value(), 500ms);
  EXPECT_EQ(parse_delay("0s").value(), 0ms);
  EXPECT_EQ(parse_delay("5m").value(), 5min);
  EXPECT_EQ(parse_delay("2h").value(), 2h);
  EXPECT_EQ(parse_delay("365d").value(), 365 * 24h);
}

}  // namespace
}  // namespace sluice
