// Dates and times as text: reading what people write, writing ISO 8601. No time zone data is used: an offset
// is turned into UTC, a local time stays local. Called by FieldRule, by the pipeline's `date` step and by
// the inference; everything here is immutable or pure and used from any thread.
//
// Format "any" reads: ISO 8601 (extended and basic, T or a blank), 2024/02/28, 2024.2.28, 28.02.2024,
// 28/02/2024 and 02/28/2024 (by DateOrder), 28-Feb-2024, 28 February 2024, Feb. 28th, 2024, Wed, 28 Feb 2024
// 10:00:00 +0100, 5/19/2006 0:00:00, 3:05 PM, fractions of a second. Two-digit years: 69–99 are 1969–1999,
// 00–68 are 2000–2068. Dots mean day first unless the order says otherwise (nobody writes 02.28.2024 by
// habit); years are 1 to 9999.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class DateOrder : std::uint8_t { unknown, day_month, month_day };
DateOrder date_order_named(std::string_view name);  // "dmy", "mdy"; unknown for anything else

// What a text was read as.
struct DateReading {
  enum class Problem : std::uint8_t {
    none,
    not_a_date,   // no known form
    no_such_day,  // 2024-02-30
    ambiguous,    // 03/04/2024, and nothing says whether it is March or April
  } problem = Problem::none;
  std::string iso;         // YYYY-MM-DD, hh:mm:ss[.fff], YYYY-MM-DDThh:mm:ss[.fff][Z]; "" on a problem
  std::string suggestion;  // a value that would pass, where one is evident ("2024-02-28")
};

enum class Temporal : std::uint8_t { date, time, datetime };

inline constexpr std::size_t kMaxFractionDigits = 30;  // of a second; more is no measurement
using IsoBuffer = std::array<char, 64>;                // holds the longest ISO text that is ever written

// A step of a compiled strptime pattern.
struct DatePatternStep {
  char code;  // the conversion's letter; ' ' any white space; '=' the literal character
  char literal;
};

// A format of a pipeline or schema, compiled: "default" (ISO 8601 as the profile says), "any" (every form
// above), or a pattern of strptime's conversions (%Y-%m-%d, %d/%m/%y %H:%M …). Immutable, any thread.
class DateFormat {
 public:
  static std::optional<DateFormat> compile(Temporal kind, std::string_view format,
                                           DateOrder order);  // none: no such pattern
  // `out` becomes the ISO text ("" on a problem).
  DateReading::Problem read(std::string_view text, std::string& out) const;
  // The same without allocation: `iso` becomes a view of `text` where that is canonical already, else of
  // `buffer`. Some ten nanoseconds for what is ISO 8601 already.
  DateReading::Problem read(std::string_view text, IsoBuffer& buffer, std::string_view& iso) const;
  // A text of this format that was evidently meant ("2024-02-29" for "2024-02-30"); "" where nothing is
  // evident.
  std::string suggest(std::string_view text) const;

  Temporal kind() const { return kind_; }

 private:
  enum class Form : std::uint8_t { iso, any, pattern };

  Temporal kind_ = Temporal::date;
  DateOrder order_ = DateOrder::unknown;
  Form form_ = Form::iso;
  bool takes_iso_date_ = true;  // 2024-02-29 stands for itself
  std::vector<DatePatternStep> steps_;
};

// For "any" columns: what this value says about the order of day and month.
enum class OrderEvidence : std::uint8_t { none, day_month, month_day };
OrderEvidence order_evidence(std::string_view text);

}  // namespace sluice
