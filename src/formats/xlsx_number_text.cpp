// The values of numeric cells as text: numbers as a spreadsheet shows them, days and times as ISO 8601.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include <fast_float/fast_float.h>

#include "base/ascii.h"
#include "formats/xlsx_number_format.h"

namespace sluice {
namespace {

// A spreadsheet computes and shows so many digits; what stands behind them is noise of binary fractions.
constexpr int kDigits = 15;
constexpr std::int64_t kDayMilliseconds = 24 * 3600 * 1000;

// Whole numbers as most files have them, and as they are to be shown.
bool is_plain(std::string_view stored) {
  std::string_view digits = stored.substr(stored.starts_with('-') ? 1 : 0);
  if (digits.empty() || digits.size() > kDigits || (digits[0] == '0' && stored.size() > 1)) return false;
  for (char c : digits)
    if (!is_digit(c)) return false;
  return true;
}

// Plain decimal notation as long as people read it so: up to 21 digits before the point and 6 zeros behind
// it, the borders of JSON's own canonical form.
void append_decimal(std::string& out, double value) {
  if (value == 0) {
    out += '0';
    return;
  }
  constexpr double kExact = 9007199254740992;  // 2^53: whole numbers up to it are what was written
  std::array<char, 32> text{};
  if (value == std::floor(value) && std::abs(value) < kExact) {
    auto end = std::to_chars(text.data(), text.data() + text.size(), static_cast<std::int64_t>(value)).ptr;
    out.append(text.data(), end);
    return;
  }
  // d.ddddde±xx: the digits and the exponent, of which the zeros at the end are none.
  auto end = std::to_chars(text.data(), text.data() + text.size(), std::abs(value),
                           std::chars_format::scientific, kDigits - 1)
                 .ptr;
  std::string_view written(text.data(), static_cast<std::size_t>(end - text.data()));
  const std::size_t split = written.find('e');
  std::string digits(1, written[0]);
  digits += written.substr(2, split - 2);
  digits.erase(digits.find_last_not_of('0') + 1);
  const int exponent = std::atoi(text.data() + split + 1);
  const int point = exponent + 1;  // digits before the point
  if (value < 0) out += '-';
  if (point > 21 || point < -5) {
    out += digits[0];
    if (digits.size() > 1) out.append(1, '.').append(digits, 1);
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(exponent));
  } else if (point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else if (digits.size() <= static_cast<std::size_t>(point)) {
    out.append(digits).append(static_cast<std::size_t>(point) - digits.size(), '0');
  } else {
    out.append(digits, 0, static_cast<std::size_t>(point))
        .append(1, '.')
        .append(digits, static_cast<std::size_t>(point));
  }
}

void append_padded(std::string& out, std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  out.append(width - std::min(width, digits.size()), '0').append(digits);
}

// Days since 1970-01-01 as year, month and day (the civil calendar, by Howard Hinnant's counting from March).
void append_date(std::string& out, std::int64_t days) {
  const std::int64_t shifted = days + 719468, era = shifted / 146097, of_era = shifted % 146097;
  const std::int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * of_year + 2) / 153;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  append_padded(out, year_of_era + era * 400 + (month <= 2 ? 1 : 0), 4);
  append_padded(out += '-', month, 2);
  append_padded(out += '-', of_year - (153 * shifted_month + 2) / 5 + 1, 2);
}

void append_time(std::string& out, std::int64_t milliseconds) {
  append_padded(out, milliseconds / 3600000, 2);
  append_padded(out += ':', milliseconds / 60000 % 60, 2);
  append_padded(out += ':', milliseconds / 1000 % 60, 2);
  if (milliseconds % 1000 == 0) return;
  append_padded(out += '.', milliseconds % 1000, 3);
  while (out.back() == '0') out.pop_back();
}

// An ISO 8601 duration: PT27H30M.
void append_elapsed(std::string& out, double days) {
  auto milliseconds = static_cast<std::int64_t>(std::llround(std::abs(days) * kDayMilliseconds));
  if (days < 0 && milliseconds != 0) out += '-';
  out += "PT";
  const std::int64_t hours = milliseconds / 3600000, minutes = milliseconds / 60000 % 60;
  if (hours != 0) out.append(std::to_string(hours)).append(1, 'H');
  if (minutes != 0) out.append(std::to_string(minutes)).append(1, 'M');
  milliseconds %= 60000;
  if (milliseconds == 0 && (hours != 0 || minutes != 0)) return;
  out += std::to_string(milliseconds / 1000);
  if (milliseconds % 1000 != 0) {
    append_padded(out += '.', milliseconds % 1000, 3);
    while (out.back() == '0') out.pop_back();
  }
  out += 'S';
}

// False: no day of the calendar, so that the number itself says more.
bool append_moment(std::string& out, double serial, NumberKind kind, DateSystem system) {
  constexpr double kEnd = 2958466;  // 10000-01-01, counted from 1900
  const bool since_1904 = system == DateSystem::from_1904;
  const int offset_1904 = since_1904 ? 1462 : 0;
  if (!(serial >= 0) || serial + offset_1904 >= kEnd) return false;
  auto day = static_cast<std::int64_t>(serial);
  auto time = static_cast<std::int64_t>(std::llround((serial - static_cast<double>(day)) * kDayMilliseconds));
  if (time == kDayMilliseconds) {
    // A time of day without a date does not become the next day's.
    const bool only_time = day == 0 && (kind == NumberKind::time || !since_1904);
    if (only_time)
      --time;
    else
      ++day, time = 0;
  }
  // Nothing is lost: a time of day that has a date shows it, and the other way round.
  bool shows_date = kind != NumberKind::time || day != 0;
  bool shows_time = kind == NumberKind::time || kind == NumberKind::date_time || time != 0;
  if (kind == NumberKind::date_or_time) shows_date = day != 0, shows_time = time != 0 || day == 0;
  // Day 0 since 1900 is no date: what stands there is a time.
  if (day == 0 && !since_1904) shows_date = false, shows_time = true;
  if (shows_date) {
    day += offset_1904;
    constexpr std::int64_t kUnixDay = 25569, kNoDay = 60;
    // 1900 was no leap year, but day 60 is its 29th of February since Lotus 1-2-3.
    if (!since_1904 && day == kNoDay)
      out += "1900-02-29";
    else
      append_date(out, day - kUnixDay + (day < kNoDay ? 1 : 0));
  }
  if (shows_date && shows_time) out += 'T';
  if (shows_time) append_time(out, time);
  return true;
}

}  // namespace

void append_number(std::string& out, std::string_view stored, NumberForm form, DateSystem system) {
  const bool plain = is_plain(stored);
  if (plain && form.kind == NumberKind::number) {
    out += stored;
    return;
  }
  double value = 0;
  auto [end, error] = fast_float::from_chars(stored.data(), stored.data() + stored.size(), value);
  if (error != std::errc() || end != stored.data() + stored.size() || !std::isfinite(value)) {
    out += stored;
    return;
  }
  switch (form.kind) {
    case NumberKind::number: break;
    case NumberKind::zeros:
      if (value >= 0 && value == std::floor(value) && value < 1e15) {
        append_padded(out, static_cast<std::int64_t>(value), form.digits);
        return;
      }
      break;
    case NumberKind::elapsed:
      if (std::abs(value) < 1e9) {
        append_elapsed(out, value);
        return;
      }
      break;
    default:
      if (append_moment(out, value, form.kind, system)) return;
  }
  append_decimal(out, value);
}

void append_iso_date(std::string& out, std::string_view stored, NumberForm form) {
  std::string_view text = stored;
  // 2024-02-28T00:00:00.000 in a cell that shows a date.
  const std::size_t time = text.find('T');
  if (time == 10) {
    const std::size_t point = text.find('.', time);
    if (point != std::string_view::npos && text.find_first_not_of('0', point + 1) == std::string_view::npos)
      text = text.substr(0, point);
    if (form.kind == NumberKind::date && text.substr(time) == "T00:00:00") text = text.substr(0, time);
  }
  out += text;
}

}  // namespace sluice
