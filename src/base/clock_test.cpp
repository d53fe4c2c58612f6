#include "base/clock.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Clock, rfc3339_with_milliseconds) {
  auto at = [](std::int64_t milliseconds) { return rfc3339(wall_time(milliseconds)); };
  EXPECT_EQ(at(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(at(1709210096007), "2024-02-29T12:34:56.007Z");  // date -u -d '2024-02-29 12:34:56' +%s
  EXPECT_EQ(at(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(now_rfc3339().size(), 24u);
}

TEST(Clock, rfc3339_is_read_back_with_fraction_and_offset) {
  constexpr std::int64_t kMoment = 1709210096125;
  auto ms = [](std::string_view text) {
    auto time = parse_rfc3339(text);
    return time ? ms_since_1970(*time) : -1;
  };
  for (const char* same :
       {"2024-02-29T12:34:56.125Z", "2024-02-29t12:34:56.125z", "2024-02-29T14:34:56.125+02:00",
        "2024-02-29T02:04:56.125999-10:30", "2024-03-01T00:04:56.1259+11:30"})
    EXPECT_EQ(ms(same), kMoment) << same;
  EXPECT_EQ(ms("2024-02-29T12:34:56.1Z"), kMoment - 25);
  EXPECT_EQ(ms("2024-02-29T12:34:56Z"), kMoment - 125);
  EXPECT_EQ(ms("9999-12-31T23:59:59.999Z"), 253402300799999);  // date -u -d '9999-12-31 23:59:59' +%s
  for (const char* none :
       {"", "tomorrow", "2024-02-29", "2024-02-29T12:34:56", "2024-02-30T00:00:00Z", "2024-02-29T24:00:00Z",
        "2024-02-29T12:34:56Z ", "2024-02-29T12:60:00Z", "+024-02-29T12:34:56Z", "2024-02-29T12:34:56.Z",
        "2024-02-29T12:34:56+0200", "2024-02-29T12:34:56+24:00", "2024-02-29T12:34:56+-1:00",
        "2024-02-29 12:34:56Z", "0000-00-00T00:00:00Z"})
    EXPECT_FALSE(parse_rfc3339(none)) << none;
}

TEST(Clock, a_stopwatch_never_goes_back) {
  Stopwatch watch;
  double first = watch.seconds();
  EXPECT_GE(first, 0);
  EXPECT_GE(watch.seconds(), first);
}

}  // namespace
}  // namespace sluice
