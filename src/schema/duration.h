// ISO 8601 durations (XML Schema's, and weeks). Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

struct Duration {
  std::int64_t months = 0, seconds = 0, nanoseconds = 0;  // all negative, or none
};

// [-]P[nY][nM][nD][T[nH][nM][n[.f]S]] or [-]PnW; at least one part, at most nine digits each. A fraction is
// allowed in the last part, months and years excepted; what is finer than a nanosecond does not order.
std::optional<Duration> parse_duration(std::string_view text);

// The order XML Schema gives durations: by what they add up to from four dates (section 3.2.6.2), -1, 0 or 1.
// The least and the most of the four: one month is less than, equal to or more than thirty days.
struct DurationOrder {
  int least, most;
};
DurationOrder compare(const Duration& a, const Duration& b);

}  // namespace sluice
