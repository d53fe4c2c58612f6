#include "base/clock.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Clock, rfc3339_with_milliseconds) {
  auto at = [](std::int64_t milliseconds) {
    return rfc3339(WallTime(std::chrono::milliseconds(milliseconds)));
  };
  EXPECT_EQ(at(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(at(1709210096007), "2024-02-29T12:34:56.007Z");  // date -u -d '2024-02-29 12:34:56' +%s
  EXPECT_EQ(at(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(now_rfc3339().size(), 24u);
}

TEST(Clock, a_stopwatch_never_goes_back) {
  Stopwatch watch;
  double first = watch.seconds();
  EXPECT_GE(first, 0);
  EXPECT_GE(watch.seconds(), first);
}

}  // namespace
}  // namespace sluice
