#include "jobs/cron_with_seconds.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

WallTime moment(const std::string& text) { return *parse_rfc3339(text); }

std::string next_with_seconds(const std::string& pattern, const std::string& after,
                              const std::string& zone = "") {
  auto run = next_cron_run(pattern, zone, moment(after));
  if (!run) return run.error().message;
  return *run ? rfc3339(**run) : "never";
}

TEST(CronWithSeconds, FiveFieldsAreOfCron) {
  EXPECT_EQ(next_with_seconds("15 3 * * *", "2026-03-01T00:00:00Z"), "2026-03-01T03:15:00.000Z");
  EXPECT_EQ(next_with_seconds("@daily", "2026-03-01T00:00:00Z"), "2026-03-02T00:00:00.000Z");
  EXPECT_EQ(next_with_seconds("0 6 ? * *", "2026-03-01T00:00:00Z", "Europe/Berlin"),
            "2026-03-01T05:00:00.000Z");
  EXPECT_EQ(next_with_seconds("0 0 30 2 *", "2026-03-01T00:00:00Z"), "never");
}

TEST(CronWithSeconds, ASixthFieldInFrontIsTheSecond) {
  EXPECT_EQ(next_with_seconds("*/20 * * * * *", "2026-03-01T00:00:00Z"), "2026-03-01T00:00:20.000Z");
  EXPECT_EQ(next_with_seconds("*/20 * * * * *", "2026-03-01T00:00:39.999Z"), "2026-03-01T00:00:40.000Z");
  EXPECT_EQ(next_with_seconds("*/20 * * * * *", "2026-03-01T00:00:40Z"), "2026-03-01T00:01:00.000Z");
  EXPECT_EQ(next_with_seconds("30 15 3 * * *", "2026-03-01T03:15:10Z"), "2026-03-01T03:15:30.000Z");
  EXPECT_EQ(next_with_seconds("30 15 3 * * *", "2026-03-01T03:15:30Z"), "2026-03-02T03:15:30.000Z");
  EXPECT_EQ(next_with_seconds("5,7 15 3 * * *", "2026-03-01T03:14:59Z"), "2026-03-01T03:15:05.000Z");
  EXPECT_EQ(next_with_seconds("59 59 23 31 12 *", "2026-03-01T00:00:00Z"), "2026-12-31T23:59:59.000Z");
}

TEST(CronWithSeconds, WhatIsWrongIsSaid) {
  EXPECT_TRUE(next_with_seconds("61 * * * * *", "2026-03-01T00:00:00Z").contains("61"));
  EXPECT_TRUE(next_with_seconds("* * *", "2026-03-01T00:00:00Z").contains("cron"));
  EXPECT_TRUE(next_with_seconds("* * * * * *", "2026-03-01T00:00:00Z", "Mars/Base").contains("Mars/Base"));
}

}  // namespace
}  // namespace sluice
