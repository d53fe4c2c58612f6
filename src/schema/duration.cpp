// Reads and orders durations. See duration.h.
#include "schema/duration.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "schema/moment.h"

namespace sluice {
namespace {

constexpr std::size_t kMaxDigits = 9;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }

// Days from 0000-03-01 to the first of a month; months count from March of the year 0.
std::int64_t days_before_month(std::int64_t months_since_march_0) {
  std::int64_t year = floor_div(months_since_march_0, 12), month = months_since_march_0 - year * 12;
  return 365 * year + floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400) +
         (153 * month + 2) / 5;
}

struct Part {
  std::int64_t whole = 0, nanoseconds = 0;
  bool fraction = false;
  char unit = 0;
};

std::optional<Part> next_part(std::string_view& text) {
  Part part;
  std::size_t i = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) {
    if (i == kMaxDigits) return std::nullopt;
    part.whole = part.whole * 10 + (text[i] - '0');
  }
  if (i == 0) return std::nullopt;
  if (i < text.size() && (text[i] == '.' || text[i] == ',')) {
    std::size_t from = ++i;
    std::int64_t unit = kNanoseconds / 10;
    for (; i < text.size() && is_digit(text[i]); ++i, unit /= 10) part.nanoseconds += (text[i] - '0') * unit;
    if (i == from) return std::nullopt;
    part.fraction = true;
  }
  if (i == text.size()) return std::nullopt;
  part.unit = text[i];
  text.remove_prefix(i + 1);
  return part;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  bool negative = text.starts_with('-');
  text.remove_prefix(negative);
  if (!text.starts_with('P')) return std::nullopt;
  text.remove_prefix(1);
  Duration result;
  std::string_view units = "YMWD";  // what may still come
  bool in_time = false, any = false, weeks = false;
  while (!text.empty()) {
    if (text[0] == 'T' && !in_time) {
      in_time = true;
      units = "HMS";
      text.remove_prefix(1);
      if (text.empty()) return std::nullopt;
      continue;
    }
    auto part = next_part(text);
    std::size_t place = part ? units.find(part->unit) : std::string_view::npos;
    if (place == std::string_view::npos || (part->fraction && !text.empty())) return std::nullopt;
    units.remove_prefix(place + 1);
    bool is_month = !in_time && (part->unit == 'Y' || part->unit == 'M');
    if ((is_month && part->fraction) || weeks || (part->unit == 'W' && any)) return std::nullopt;
    any = true;
    weeks = part->unit == 'W';
    if (is_month) {
      result.months += part->whole * (part->unit == 'Y' ? 12 : 1);
      continue;
    }
    std::int64_t factor = part->unit == 'W'   ? 7 * 86400
                          : part->unit == 'D' ? 86400
                          : part->unit == 'H' ? 3600
                          : part->unit == 'M' ? 60
                                              : 1;
    result.seconds += part->whole * factor + part->nanoseconds * factor / kNanoseconds;
    result.nanoseconds += part->nanoseconds * factor % kNanoseconds;
  }
  if (!any) return std::nullopt;
  if (negative) result = {-result.months, -result.seconds, -result.nanoseconds};
  return result;
}

DurationOrder compare(const Duration& a, const Duration& b) {
  // 1696-09-01, 1697-02-01, 1903-03-01, 1903-07-01 in months since March of the year 0.
  static constexpr std::array<std::int64_t, 4> kStarts = {1696 * 12 + 6, 1696 * 12 + 11, 1903 * 12 + 0,
                                                          1903 * 12 + 4};
  DurationOrder order{1, -1};
  for (std::int64_t start : kStarts) {
    auto end = [&](const Duration& d) {
      return std::tuple(days_before_month(start + d.months) * 86400 + d.seconds, d.nanoseconds);
    };
    auto x = end(a), y = end(b);
    if (std::get<1>(x) < 0) x = {std::get<0>(x) - 1, std::get<1>(x) + kNanoseconds};
    if (std::get<1>(y) < 0) y = {std::get<0>(y) - 1, std::get<1>(y) + kNanoseconds};
    int here = x < y ? -1 : x > y;
    order = {std::min(order.least, here), std::max(order.most, here)};
  }
  return order;
}

}  // namespace sluice
