// The rules of date, time, datetime, yearmonth and duration fields. See rule.h.
#include "schema/date_scan.h"
#include "schema/date_text.h"
#include "schema/duration.h"
#include "schema/moment.h"
#include "schema/rule.h"

namespace sluice {
namespace {

using Problem = DateReading::Problem;

Temporal temporal_of(FieldType type) {
  return type == FieldType::date   ? Temporal::date
         : type == FieldType::time ? Temporal::time
                                   : Temporal::datetime;
}

class DateRule final : public Rule {
 public:
  DateRule(const Field& field, Normalise normalise, DateFormat format)
      : Rule(field, normalise),
        format_(std::move(format)),
        iso_(*DateFormat::compile(format_.kind(), "default", DateOrder::unknown)) {}

 private:
  bool keeps_spelling() const override { return true; }

  bool cast(Cell& cell, Arena& arena, std::vector<Issue>& issues) const override {
    if (cell.kind != CellKind::string) return kind_error(cell, noun_plural(), issues);
    IsoBuffer buffer;
    std::string_view iso;
    Problem problem = format_.read(cell.text(), buffer, iso);
    if (problem != Problem::none) [[unlikely]]
      return report(cell, problem, issues);
    if (iso.data() != cell.data) cell = Cell::string(arena.copy(iso));
    return true;
  }

  // A bound or an enumerated value may be written in the field's format (v1) or as ISO 8601.
  bool cast_bound(Cell& cell, Arena& arena, std::vector<Issue>& issues) const override {
    IsoBuffer buffer;
    std::string_view iso;
    if (cell.kind != CellKind::string || iso_.read(cell.text(), buffer, iso) != Problem::none)
      return cast(cell, arena, issues);
    cell = Cell::string(arena.copy(iso));
    return true;
  }

  // ISO texts order as texts, once the Z is off: "…:00Z" against "…:00.5Z".
  Order compare(std::string_view a, std::string_view b) const override {
    if (a.ends_with('Z')) a.remove_suffix(1);
    if (b.ends_with('Z')) b.remove_suffix(1);
    return exactly(a.compare(b));
  }

  bool report(const Cell& cell, Problem problem, std::vector<Issue>& issues) const {
    std::string text = shown(cell);
    if (problem == Problem::ambiguous)
      return type_error(cell,
                        text + " can be two days: " + both_readings(cell.text()) +
                            "; say which is meant by date: {fields: [" + field_.name +
                            "], formats: [\"%d/%m/%Y\"]} (day first) or [\"%m/%d/%Y\"] (month first) in the "
                            "pipeline's transform.",
                        {}, issues);
    std::string suggestion = format_.suggest(cell.text());
    if (problem == Problem::no_such_day)
      return type_error(cell, text + " is not a day of the calendar.", std::move(suggestion), issues);
    std::string message = text + " is not " + noun();
    if (field_.format == "default")
      message += iso_form();
    else if (field_.format != "any")
      message += " of the form " + field_.format;
    return type_error(cell, message + ".", std::move(suggestion), issues);
  }

  static std::string both_readings(std::string_view text) {
    IsoBuffer buffer;
    ScannedDate first = scan_any(text, DateOrder::day_month), second = scan_any(text, DateOrder::month_day);
    std::string both(write_iso(first.moment, Temporal::date, buffer));
    return both + " or " + std::string(write_iso(second.moment, Temporal::date, buffer));
  }

  std::string noun() const {
    switch (format_.kind()) {
      case Temporal::date: return "a date";
      case Temporal::time: return "a time of day";
      case Temporal::datetime: return "a date with a time";
    }
    return {};
  }
  std::string_view noun_plural() const {
    switch (format_.kind()) {
      case Temporal::date: return "dates";
      case Temporal::time: return "times of day";
      case Temporal::datetime: return "dates with a time";
    }
    return {};
  }
  std::string iso_form() const {
    switch (format_.kind()) {
      case Temporal::date: return " of the form YYYY-MM-DD";
      case Temporal::time: return " of the form hh:mm:ss";
      case Temporal::datetime: return " of the form YYYY-MM-DDThh:mm:ss";
    }
    return {};
  }

  DateFormat format_, iso_;
};

class YearMonthRule final : public Rule {
 public:
  using Rule::Rule;

 private:
  bool cast(Cell& cell, Arena&, std::vector<Issue>& issues) const override {
    if (cell.kind != CellKind::string) return kind_error(cell, "months", issues);
    if (is_yearmonth(cell.text())) return true;
    return type_error(cell, shown(cell) + " is not a month of the form YYYY-MM.", mend(trimmed(cell.text())),
                      issues);
  }

  static bool is_yearmonth(std::string_view text) {
    if (text.size() != 7 || text[4] != '-') return false;
    for (std::size_t i : {0, 1, 2, 3, 5, 6})
      if (!is_digit(text[i])) return false;
    int month = (text[5] - '0') * 10 + (text[6] - '0');
    return month >= 1 && month <= 12;
  }

  // 2024/2, 2/2024, 202402, 2024-2-01: read as a day of the month that is named.
  static std::string mend(std::string_view text) {
    for (const char* pattern :
         {"%Y-%m", "%Y/%m", "%Y.%m", "%m/%Y", "%m.%Y", "%Y%m", "%b %Y", "%b-%Y", "%Y-%m-%d"}) {
      auto format = DateFormat::compile(Temporal::date, pattern, DateOrder::unknown);
      std::string iso;
      if (format->read(text, iso) == Problem::none) return iso.substr(0, 7);
    }
    return {};
  }
};

class DurationRule final : public Rule {
 public:
  using Rule::Rule;

 private:
  bool cast(Cell& cell, Arena&, std::vector<Issue>& issues) const override {
    if (cell.kind != CellKind::string) return kind_error(cell, "durations", issues);
    if (parse_duration(cell.text())) return true;
    std::string upper(trimmed(cell.text()).substr(0, 64));
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return type_error(cell, shown(cell) + " is not a duration (P1Y2M3DT4H5M6S is one).",
                      parse_duration(upper) ? upper : "", issues);
  }

  Order compare(std::string_view a, std::string_view b) const override {
    auto x = parse_duration(a), y = parse_duration(b);
    DurationOrder order = sluice::compare(*x, *y);
    return {order.least, order.most};
  }
};

}  // namespace

RuleResult make_date_rule(const Field& field, Normalise normalise) {
  Temporal kind = temporal_of(field.type);
  auto format = DateFormat::compile(kind, field.format, date_order_named(field.date_order));
  if (format) return std::make_unique<DateRule>(field, normalise, *std::move(format));
  return fail(ErrorKind::usage, "Field '" + field.name + "': '" + field.format +
                                    "' is not a format of type " + std::string(name_of(field.type)) +
                                    ". It is default (ISO 8601), any, or a pattern such as " +
                                    (kind == Temporal::date   ? "%d/%m/%Y"
                                     : kind == Temporal::time ? "%H:%M"
                                                              : "%d/%m/%Y %H:%M") +
                                    ".");
}

RuleResult make_yearmonth_rule(const Field& field, Normalise normalise) {
  return std::make_unique<YearMonthRule>(field, normalise);
}
RuleResult make_duration_rule(const Field& field, Normalise normalise) {
  return std::make_unique<DurationRule>(field, normalise);
}

}  // namespace sluice
