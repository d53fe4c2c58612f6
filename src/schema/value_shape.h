// What one value looks like, for the inference: exactly one shape per value, so that counting shapes is all
// the inference has to do and adding counts is all that merging has to do. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "rows/cell.h"
#include "schema/date_text.h"

namespace sluice {

enum class Shape : std::uint8_t {
  blank,
  integer,                // 12, -3, 0: at most 15 digits
  long_integer,           // more digits than a spreadsheet or a double keeps: an identifier
  leading_zero,           // 00501, 007.5
  plus_sign,              // +49, +4915112345678
  decimal,                // 1.5, .5, -0.25, 1.5e-3
  point_three,            // 1.234: a decimal, or by European habit one thousand …
  grouped_point,          // 1.234.567
  grouped_point_decimal,  // 1.234,5
  decimal_comma,          // 1,5  0,123
  comma_three,            // 1,234: one thousand …, or by European habit a decimal
  grouped_comma,          // 1,234,567
  grouped_comma_decimal,  // 1,234.5
  true_word,
  false_word,  // true True TRUE
  yes_word,
  no_word,    // yes Yes YES
  iso_date,   // 2024-02-28
  slash_ymd,  // 2024/02/28
  slash_year4,
  slash_year2,
  dash_year4,
  dash_year2,
  dot_year4,
  dot_year2,       // 28/02/2024, 28/02/24, 28-02-2024 …
  other_date,      // 28 Feb 2024 and what else scan_any reads
  midnight,        // a date with 0:00:00 behind it, as spreadsheets export dates
  iso_datetime,    // 2024-02-28T10:00:00, with fraction or offset too
  blank_datetime,  // 2024-02-28 10:00:00
  other_datetime,
  iso_time,     // 10:00:00
  hour_minute,  // 10:00
  other_time,   // 3:05 PM
  email,
  na,
  n_a,
  n_a_lower,
  null_lower,
  null_upper,
  nan,
  dash,  // spellings of "no value"; see missing_text
  text,
  json_integer,
  json_decimal,
  json_boolean,
  json_array,
  json_object,
  count_
};
inline constexpr std::size_t kShapes = static_cast<std::size_t>(Shape::count_);

struct ShapeFound {
  Shape shape = Shape::text;
  OrderEvidence evidence = OrderEvidence::none;
  bool ambiguous = false;  // a date whose day and month could change places
};

// `typed_source`: the file has types of its own (JSON), so that a string is meant as one; only dates, times
// and e-mail addresses are looked for in it.
ShapeFound shape_of(const Cell& cell, bool typed_source);

// "NA" for Shape::na …; "" for shapes that are values.
std::string_view missing_text(Shape shape);

}  // namespace sluice
