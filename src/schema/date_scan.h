// Reads dates and times in the many forms people write them (format "any"; the list is in date_text.h).
#pragma once

#include <string_view>

#include "schema/moment.h"

namespace sluice {

struct ScannedDate {
  DateReading::Problem problem = DateReading::Problem::not_a_date;
  Moment moment;  // as read: settle() has still to check it
  OrderEvidence evidence = OrderEvidence::none;
  bool numeric_order = false;  // day and month stood as numbers in front of the year: 03/04/2024
  char separator = 0;          // between them
  bool two_digit_year = false;
  bool named_month = false;
};

// `problem` is ambiguous where `order` is unknown and both readings are days of the calendar; no_such_day
// where the form is known but the numbers fit no day.
ScannedDate scan_any(std::string_view text, DateOrder order);

// 1–12 for an English month name or its abbreviation in any letter case ("Sept" too), 0–6 for a weekday's
// (Sunday is 0); -1 for anything else.
int month_named(std::string_view word);
int weekday_named(std::string_view word);

}  // namespace sluice
