// What a number format makes of a number: a date, a time, leading zeros or just the number. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

enum class NumberKind : std::uint8_t {
  number,        // also percentages, currencies, fractions: the value as it is
  zeros,         // 00000: shown with at least so many digits, as ZIP codes are
  date,          // yyyy-mm-dd
  time,          // hh:mm
  date_time,     // both
  date_or_time,  // built-in formats that are a date in one country and a time in another: the value tells
  elapsed,       // [h]:mm, a length of time
};
struct NumberForm {
  NumberKind kind = NumberKind::number;
  std::uint8_t digits = 0;  // zeros: at least so many

  friend bool operator==(const NumberForm&, const NumberForm&) = default;
};

// By a format code as a spreadsheet shows it under "custom": its first section, which positive numbers have.
NumberForm number_form(std::string_view code);
// By the id of a format that every spreadsheet program knows without a code; a plain number for others.
NumberForm builtin_number_form(std::uint32_t id);

enum class DateSystem : std::uint8_t { from_1900, from_1904 };

// Appends the value of a cell as its spreadsheet means it. `stored`: the number as it stands in the file;
// what is no number is appended as it is.
void append_number(std::string& out, std::string_view stored, NumberForm form, DateSystem system);
// A cell that is stored as ISO 8601 (t="d").
void append_iso_date(std::string& out, std::string_view stored, NumberForm form);

}  // namespace sluice
