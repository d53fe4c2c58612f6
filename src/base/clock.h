// The two clocks: wall time as the text that tables, events and reports carry, and steady time to measure
// with. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// Milliseconds, as the tables have them; of the clock's own nanoseconds 64 bits end in the year 2262.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
inline WallTime wall_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

inline std::int64_t ms_since_1970(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime wall_time(std::int64_t ms_since_1970) {
  return WallTime(std::chrono::milliseconds(ms_since_1970));
}

// RFC 3339 in UTC with milliseconds: 2024-06-11T09:30:00.123Z. Sorts as text as it does in time.
inline std::string rfc3339(WallTime time) {
  auto milliseconds = time.time_since_epoch();
  auto seconds = std::chrono::floor<std::chrono::seconds>(milliseconds);
  std::time_t whole = seconds.count();
  std::tm utc{};
  gmtime_r(&whole, &utc);
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                static_cast<int>((milliseconds - seconds).count()));
  return text.data();
}
// "2026-03-01T06:00:00Z", with a fraction (read to milliseconds) or an offset as RFC 3339 allows; nothing
// where it is no such time.
std::optional<WallTime> parse_rfc3339(std::string_view text);
inline std::string now_rfc3339() { return rfc3339(wall_now()); }

// How long something takes: unaffected by changes of the wall clock.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace sluice
