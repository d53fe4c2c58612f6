// DateFormat: chooses the reader for a format and makes suggestions. See date_text.h.
#include "schema/date_text.h"

#include <algorithm>

#include "schema/date_iso.h"
#include "schema/date_pattern.h"
#include "schema/date_scan.h"
#include "schema/moment.h"

namespace sluice {
namespace {

using Problem = DateReading::Problem;

// Day-first or month-first, as a pattern has it: what a text that misses the pattern most likely means.
DateOrder order_of(const std::vector<DatePatternStep>& steps) {
  auto place = [&](std::string_view codes) {
    return std::find_if(steps.begin(), steps.end(),
                        [&](DatePatternStep s) { return codes.contains(s.code); });
  };
  auto day = place("d"), month = place("mb");
  if (day == steps.end() || month == steps.end()) return DateOrder::unknown;
  return day < month ? DateOrder::day_month : DateOrder::month_day;
}

// 2024-02-30 was meant as the month's last day, 2024-28-02 as the 28th of February. False: nothing is
// evident.
bool mend_day(Moment& m) {
  if (m.year < 1 || m.year > 9999) return false;
  if (m.month > 12 && m.day >= 1 && m.day <= 12) std::swap(m.month, m.day);
  if (m.month < 1 || m.month > 12 || m.day < 1) return false;
  if (m.day > 31) return false;
  m.day = std::min(m.day, days_in_month(m.year, m.month));
  return true;
}

}  // namespace

DateOrder date_order_named(std::string_view name) {
  if (name == "dmy") return DateOrder::day_month;
  if (name == "mdy") return DateOrder::month_day;
  return DateOrder::unknown;
}

std::optional<DateFormat> DateFormat::compile(Temporal kind, std::string_view format, DateOrder order) {
  DateFormat result;
  result.kind_ = kind;
  result.order_ = order;
  if (format == "any") {
    result.form_ = Form::any;
  } else if (!format.empty() && format != "default") {
    auto steps = compile_date_pattern(kind, format);
    if (!steps) return std::nullopt;
    result.form_ = Form::pattern;
    result.steps_ = *std::move(steps);
    result.takes_iso_date_ = format == "%Y-%m-%d";
    if (DateOrder pattern_order = order_of(result.steps_); pattern_order != DateOrder::unknown)
      result.order_ = pattern_order;
  }
  return result;
}

Problem DateFormat::read(std::string_view text, IsoBuffer& buffer, std::string_view& iso) const {
  if (kind_ == Temporal::date && takes_iso_date_ && is_iso_date(text)) {
    iso = text;
    return Problem::none;
  }
  Moment moment;
  iso = {};
  if (form_ == Form::pattern) {
    if (Problem problem = match_date_pattern(steps_, kind_, text, moment); problem != Problem::none)
      return problem;
  } else if (!scan_iso(text, kind_, moment)) {
    if (form_ == Form::iso) return Problem::not_a_date;
    ScannedDate scanned = scan_any(text, order_);
    if (scanned.problem != Problem::none) return scanned.problem;
    moment = scanned.moment;
  }
  if (Problem problem = settle(moment, kind_); problem != Problem::none) return problem;
  iso = write_iso(moment, kind_, buffer);
  if (iso == text) iso = text;
  return Problem::none;
}

Problem DateFormat::read(std::string_view text, std::string& out) const {
  IsoBuffer buffer;
  std::string_view iso;
  Problem problem = read(text, buffer, iso);
  out.assign(iso);
  return problem;
}

std::string DateFormat::suggest(std::string_view text) const {
  std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
  ScannedDate scanned = scan_any(text, order_);
  Moment moment = scanned.moment;
  if (scanned.problem == Problem::no_such_day) {
    if (!mend_day(moment)) return {};
  } else if (scanned.problem != Problem::none) {
    return {};
  }
  if (kind_ == Temporal::date) moment.has_time = false;
  if (settle(moment, kind_) != Problem::none) return {};
  IsoBuffer buffer;
  std::string candidate = form_ == Form::pattern ? write_date_pattern(steps_, moment)
                                                 : std::string(write_iso(moment, kind_, buffer));
  std::string ignored;
  return read(candidate, ignored) == Problem::none ? candidate : std::string();
}

OrderEvidence order_evidence(std::string_view text) { return scan_any(text, DateOrder::unknown).evidence; }

}  // namespace sluice
