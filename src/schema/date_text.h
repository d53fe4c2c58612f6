// Dates and times as text: reading what people write, writing ISO 8601. No time zone data is used: an offset
// is turned into UTC, a local time stays local.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class DateOrder : std::uint8_t { unknown, day_month, month_day };

// What a text was read as.
struct DateReading {
  enum class Problem : std::uint8_t {
    none,
    not_a_date,      // no known form
    no_such_day,     // 2024-02-30
    ambiguous,       // 03/04/2024, and nothing says whether it is March or April
  } problem = Problem::none;
  std::string iso;         // YYYY-MM-DD, hh:mm:ss[.fff], YYYY-MM-DDThh:mm:ss[.fff][Z]; "" on a problem
  std::string suggestion;  // a value that would pass, where one is evident ("2024-02-28")
};

enum class Temporal : std::uint8_t { date, time, datetime };

// A format of a pipeline or schema, compiled: "default" (ISO 8601 as the profile says), "any" (every form
// below), or a pattern of strptime's conversions (%Y-%m-%d, %d/%m/%y %H:%M …). Immutable, any thread.
class DateFormat {
 public:
  static std::optional<DateFormat> compile(Temporal kind, std::string_view format, DateOrder order);  // none: no such pattern
  // Appends nothing and allocates only for `out`; the fast path (ISO already) costs some ten nanoseconds.
  DateReading::Problem read(std::string_view text, std::string& out) const;
  std::string suggest(std::string_view text) const;  // "" where nothing is evident

 private:
  Temporal kind_ = Temporal::date;
  DateOrder order_ = DateOrder::unknown;
  std::string pattern_;  // "" with any_ or default
  bool any_ = false;
};

// For "any" columns: what this value says about the order of day and month.
enum class OrderEvidence : std::uint8_t { none, day_month, month_day };
OrderEvidence order_evidence(std::string_view text);

}  // namespace sluice
