// Moment: a date, a time of day or both, as numbers; and how it is written as ISO 8601. Used by the readers
// behind DateFormat (date_iso, date_scan, date_pattern). Pure functions, any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "schema/date_text.h"

namespace sluice {

struct Moment {
  int year = 1, month = 1, day = 1;
  int hour = 0, minute = 0, second = 0;
  std::string_view fraction;          // digits after the second's decimal point
  std::optional<int> offset_minutes;  // east of UTC
  bool has_date = false, has_time = false;
};

inline bool is_leap_year(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
inline int days_in_month(int year, int month) {
  constexpr std::uint8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}
// Years 1 to 9999: what a four-digit ISO year and every store can hold (there is no year 0 in SQL).
inline bool is_calendar_day(int year, int month, int day) {
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
         day <= days_in_month(year, month);
}
inline std::chrono::sys_days to_days(int year, int month, int day) {
  return std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) /
         std::chrono::day(static_cast<unsigned>(day));
}

// Two-digit years as POSIX and strptime have them: 69–99 are 1969–1999, 00–68 are 2000–2068.
inline int full_year(int two_digits) { return two_digits >= 69 ? 1900 + two_digits : 2000 + two_digits; }

// Turns an offset into UTC, 24:00:00 into the next day's 00:00:00, checks every part. `kind` says which parts
// are wanted: a date drops a time of midnight and refuses another one, a datetime without time is midnight.
// 23:59:60 (of UTC, or where no offset is given) is a leap second and stays; other seconds of 60 do not
// exist.
DateReading::Problem settle(Moment& moment, Temporal kind);

// Writes a settled moment; the view is of `buffer`. Trailing zeros of the fraction are dropped.
std::string_view write_iso(const Moment& moment, Temporal kind, IsoBuffer& buffer);

}  // namespace sluice
