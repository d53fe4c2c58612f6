// What the options of a push come to: how the memory is shared, and what does not fit.
#include "cli/push_options.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

PushOptions options(const std::string& memory, const std::string& batch_bytes, unsigned connections) {
  PushOptions made;
  made.reading.files = {"a.csv"};
  made.reading.quiet = true;
  made.reading.memory = memory;
  made.to = "http://h/x";
  made.batch_bytes = batch_bytes;
  made.connections = connections;
  return made;
}

std::string refused(const PushOptions& wrong) {
  auto settings = push_settings(wrong);
  if (settings) return "";
  EXPECT_EQ(settings.error().kind, ErrorKind::usage);
  return settings.error().message;
}

TEST(PushOptions, BodiesHaveTheMemoryThatAStoreWouldHave) {
  for (const char* memory : {"48MiB", "64MiB", "128MiB", "1GiB"}) {
    const PushOptions given = options(memory, "1MiB", 4);
    const MemoryPlan plan = resolve(given.reading).value().memory;
    auto settings = push_settings(given);
    ASSERT_TRUE(settings) << settings.error().message;
    const MemoryPlan& shared = settings->run.memory;
    EXPECT_LE(shared.store_cache_bytes + shared.batch_bytes + settings->bodies_bytes + kMiB,
              plan.store_cache_bytes + plan.batch_bytes)
        << memory;
    EXPECT_GE(settings->bodies_bytes, kMiB) << "at least one besides the one that is being filled";
  }
}

TEST(PushOptions, BatchesThatDoNotFitAreRefused) {
  EXPECT_EQ(refused(options("128MiB", "16MiB", 16)), "") << "fewer are under way then";
  const std::string told = refused(options("48MiB", "16MiB", 4));
  EXPECT_EQ(told.find("batches of 16.8 MB over 4 connections do not fit into --memory 50.3 MB"), 0u) << told;
  EXPECT_NE(told.find("Lower --batch-bytes or --connections, or raise --memory."), std::string::npos);
  EXPECT_NE(refused(options("48MiB", "1kB", 64)), "") << "the connections alone are too much";
  EXPECT_EQ(refused(options("1GiB", "64MiB", 64)), "");
}

}  // namespace
}  // namespace sluice
