#include "base/clock.h"

#include <algorithm>

#include "base/ascii.h"

namespace sluice {
namespace {

// A short number written in digits alone: no sign, no blank.
std::optional<int> digits(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  int value = 0;
  for (char c : text) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  // Digits stand for digits, T for either letter; what follows is a fraction and the offset.
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = is_digit(text[i]);
    const bool fits = kShape[i] == '0'   ? digit
                      : kShape[i] == 'T' ? text[i] == 'T' || text[i] == 't'
                                         : text[i] == kShape[i];
    if (!fits) return std::nullopt;
  }
  auto number = [&](std::size_t at, std::size_t size) { return digits(text.substr(at, size)).value_or(0); };
  using namespace std::chrono;
  const year_month_day date(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                            day(static_cast<unsigned>(number(8, 2))));
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  std::size_t at = kShape.size();
  milliseconds fraction{0};
  if (text[at] == '.') {
    const std::size_t first = ++at;
    for (int weight = 100; at < text.size() && is_digit(text[at]); ++at, weight /= 10)
      fraction += milliseconds((text[at] - '0') * weight);
    if (at == first) return std::nullopt;
  }
  minutes offset{0};
  const std::string_view zone = text.substr(at);
  if (zone != "Z" && zone != "z") {
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return std::nullopt;
    const auto hours = digits(zone.substr(1, 2)), rest = digits(zone.substr(4, 2));
    if (!hours || !rest || *hours > 23 || *rest > 59) return std::nullopt;
    offset = minutes((zone[0] == '-' ? -1 : 1) * (*hours * 60 + *rest));
  }
  return sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) - offset + seconds(second) +
         fraction;
}

}  // namespace sluice
