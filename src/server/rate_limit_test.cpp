#include "server/rate_limit.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(RateLimit, GivesASecondsWorthAtOnceAndThenAsMuchAsTimePasses) {
  using std::chrono::milliseconds;
  RateLimit limit(10);
  RateLimit::Time start{};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limit.take("a", start));
  EXPECT_FALSE(limit.take("a", start));
  EXPECT_TRUE(limit.take("b", start));  // somebody else
  EXPECT_FALSE(limit.take("a", start + milliseconds(90)));
  EXPECT_TRUE(limit.has("a", start + milliseconds(200)));
  EXPECT_TRUE(limit.take("a", start + milliseconds(200)));
  EXPECT_TRUE(limit.take("a", start + milliseconds(200)));
  EXPECT_FALSE(limit.take("a", start + milliseconds(200)));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limit.take("a", start + milliseconds(60'000)));
  EXPECT_FALSE(limit.take("a", start + milliseconds(60'000)));
}

TEST(RateLimit, OfNothingIsNone) {
  RateLimit limit(0);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(limit.take("a", {}));
}

TEST(RateLimit, ForgetsThoseWhoCameLongAgoButNotWhoIsAtTheLimit) {
  RateLimit limit(1);
  RateLimit::Time start{}, later = start + std::chrono::seconds(10);
  for (int i = 0; i < 9'999; ++i) EXPECT_TRUE(limit.take(std::to_string(i), start));
  EXPECT_TRUE(limit.take("late", later));
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(limit.take("x" + std::to_string(i), later));
  EXPECT_FALSE(limit.take("late", later));
}

}  // namespace
}  // namespace sluice
