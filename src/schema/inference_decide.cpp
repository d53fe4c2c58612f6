// Decides what a column is. See inference_decide.h; the rules are in inference.h.
#include "schema/inference_decide.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "rows/issue.h"

namespace sluice {
namespace {

using Mask = std::uint64_t;
static_assert(kShapes <= 64);

constexpr Mask bit(Shape shape) { return Mask{1} << static_cast<unsigned>(shape); }
constexpr Mask bits(std::initializer_list<Shape> shapes) {
  Mask mask = 0;
  for (Shape shape : shapes) mask |= bit(shape);
  return mask;
}

constexpr Mask kMissing = bits(
    {Shape::na, Shape::n_a, Shape::n_a_lower, Shape::null_lower, Shape::null_upper, Shape::nan, Shape::dash});
constexpr Mask kPlainNumbers = bits({Shape::integer, Shape::decimal, Shape::point_three});
constexpr Mask kIdentifiers = bits({Shape::long_integer, Shape::leading_zero, Shape::plus_sign});
constexpr Mask kCommaGroups = bits({Shape::comma_three, Shape::grouped_comma, Shape::grouped_comma_decimal});
constexpr Mask kPointGroups = bits({Shape::point_three, Shape::grouped_point, Shape::grouped_point_decimal});
constexpr Mask kEuropean = kPointGroups | bits({Shape::integer, Shape::decimal_comma, Shape::comma_three});
constexpr Mask kEuropeanEvidence =
    bits({Shape::decimal_comma, Shape::grouped_point, Shape::grouped_point_decimal});
constexpr Mask kNumericDates = bits({Shape::slash_year4, Shape::slash_year2, Shape::dash_year4,
                                     Shape::dash_year2, Shape::dot_year4, Shape::dot_year2});
constexpr Mask kDates = kNumericDates | bits({Shape::iso_date, Shape::slash_ymd, Shape::other_date});
constexpr Mask kDateTimes =
    bits({Shape::iso_datetime, Shape::blank_datetime, Shape::other_datetime, Shape::midnight});
constexpr Mask kTimes = bits({Shape::iso_time, Shape::hour_minute, Shape::other_time});
constexpr Mask kJsonNumbers = bits({Shape::json_integer, Shape::json_decimal});
constexpr Mask kJson = kJsonNumbers | bits({Shape::json_boolean, Shape::json_array, Shape::json_object});

bool within(Mask seen, Mask allowed) { return (seen & ~allowed) == 0; }

// The pattern of a column whose dates all have one shape; "" where none says it all.
std::string pattern_of(Mask seen, const std::string& order) {
  bool day_first = order == "dmy";
  auto ordered = [&](const char* day, const char* month) -> std::string {
    return order.empty() ? "" : day_first ? day : month;
  };
  if (seen == bit(Shape::slash_ymd)) return "%Y/%m/%d";
  if (seen == bit(Shape::slash_year4)) return ordered("%d/%m/%Y", "%m/%d/%Y");
  if (seen == bit(Shape::slash_year2)) return ordered("%d/%m/%y", "%m/%d/%y");
  if (seen == bit(Shape::dash_year4)) return ordered("%d-%m-%Y", "%m-%d-%Y");
  if (seen == bit(Shape::dash_year2)) return ordered("%d-%m-%y", "%m-%d-%y");
  if (seen == bit(Shape::dot_year4)) return order == "mdy" ? "%m.%d.%Y" : "%d.%m.%Y";
  if (seen == bit(Shape::dot_year2)) return order == "mdy" ? "%m.%d.%y" : "%d.%m.%y";
  return {};
}

class Decider {
 public:
  Decider(const std::string& name, const ColumnShapes& column) : column_(column) {
    decision_.field.name = name;
    for (std::size_t i = 1; i < kShapes; ++i)  // 0: blank
      if (column.count(static_cast<Shape>(i)) != 0)
        (Mask{1} << i & kMissing ? missing_ : seen_) |= Mask{1} << i;
    order_ = column.date_order();
  }

  Decision decide() {
    if (seen_ == 0) {  // nothing but blanks and the like
      return std::move(decision_);
    }
    bool typed = settle(seen_);
    if (typed && missing_ != 0) keep_missing_values();
    if (!typed) {
      settle_text();
      explain_text();
    }
    return std::move(decision_);
  }

 private:
  Field& field() { return decision_.field; }
  bool as(FieldType type, std::string format = "default") {
    field().type = type;
    field().format = std::move(format);
    return true;
  }

  // Sets the field's type where the shapes agree on another one than text.
  bool settle(Mask seen) {
    if (seen & kJson) return settle_json(seen);
    return settle_number(seen) || settle_boolean(seen) || settle_date(seen);
  }

  bool settle_json(Mask seen) {
    if (seen == bit(Shape::json_integer)) return as(FieldType::integer);
    if (within(seen, kJsonNumbers)) return as(FieldType::number);
    if (seen == bit(Shape::json_boolean)) return as(FieldType::boolean);
    if (seen == bit(Shape::json_array)) return as(FieldType::array);
    if (seen == bit(Shape::json_object)) return as(FieldType::object);
    add("Column '" + shown() +
        "' is of any type: its values are of several kinds (texts, numbers, lists …).");
    return as(FieldType::any);
  }

  bool settle_number(Mask seen) {
    if (seen == bit(Shape::integer)) return as(FieldType::integer);
    if (within(seen, kPlainNumbers)) return as(FieldType::number);
    bool english = (seen & bits({Shape::grouped_comma, Shape::grouped_comma_decimal})) ||
                   ((seen & bit(Shape::comma_three)) && (seen & bit(Shape::decimal)));
    if (english && within(seen, kCommaGroups | bits({Shape::integer, Shape::decimal}))) {
      field().group_char = ",";
      bool whole = within(seen, bits({Shape::integer, Shape::comma_three, Shape::grouped_comma}));
      add("Column '" + shown() +
          "' has numbers with a comma between thousands: " + example_of(seen & kCommaGroups) + ".");
      return as(whole ? FieldType::integer : FieldType::number);
    }
    if ((seen & kEuropeanEvidence) && within(seen, kEuropean)) {
      bool whole = within(seen, bits({Shape::integer, Shape::point_three, Shape::grouped_point}));
      if (seen & kPointGroups) field().group_char = ".";
      if (!whole) field().decimal_char = ',';
      add("Column '" + shown() + "' has numbers with " +
          (whole ? "a point between thousands: " : "a decimal comma: ") +
          example_of(seen & kEuropeanEvidence) + ".");
      return as(whole ? FieldType::integer : FieldType::number);
    }
    return false;
  }

  bool settle_boolean(Mask seen) {
    if (within(seen, bits({Shape::true_word, Shape::false_word}))) return as(FieldType::boolean);
    if (seen != bits({Shape::yes_word, Shape::no_word})) return false;
    field().true_values = {"yes", "Yes", "YES"};
    field().false_values = {"no", "No", "NO"};
    return as(FieldType::boolean);
  }

  bool settle_date(Mask seen) {
    if (seen == bit(Shape::iso_date)) return as(FieldType::date);
    if (seen == bit(Shape::iso_datetime)) return as(FieldType::datetime);
    if (seen == bit(Shape::blank_datetime)) return as(FieldType::datetime, "%Y-%m-%d %H:%M:%S");
    if (seen == bit(Shape::iso_time)) return as(FieldType::time);
    if (seen == bit(Shape::hour_minute)) return as(FieldType::time, "%H:%M");
    if (within(seen, kTimes)) return as(FieldType::time, "any");
    if (!within(seen, kDates | kDateTimes)) return false;
    bool contradiction = column_.evidence[1] != 0 && column_.evidence[2] != 0;
    if (contradiction || (column_.ambiguous != 0 && order_.empty())) return false;
    field().date_order = order_;
    if (!order_.empty()) {
      const auto evidence = order_ == "dmy" ? OrderEvidence::day_month : OrderEvidence::month_day;
      add("Column '" + shown() + "' has dates with the " + (order_ == "dmy" ? "day" : "month") +
          " first: " + shown(column_.evidence_example(evidence)) + " decides it.");
    }
    if (!within(seen, kDates | bit(Shape::midnight))) return as(FieldType::datetime, "any");
    std::string pattern = pattern_of(seen, order_);
    return as(FieldType::date, pattern.empty() ? "any" : std::move(pattern));
  }

  void keep_missing_values() {
    field().missing_values.emplace();
    field().missing_values->emplace_back();
    for (std::size_t i = 0; i < kShapes; ++i) {
      if (!(missing_ & Mask{1} << i)) continue;
      std::string text(missing_text(static_cast<Shape>(i)));
      add("Column '" + shown() + "': '" + text + "' (" + values(column_.count(static_cast<Shape>(i))) +
          ") is read as no value.");
      field().missing_values->push_back(std::move(text));
    }
  }

  // Nothing but text holds for all values.
  void settle_text() {
    if (seen_ == bit(Shape::email) && missing_ == 0)
      as(FieldType::string, "email");
    else
      as(FieldType::string);
  }

  void explain_text() {
    if (kIdentifiers & seen_ && within(seen_, kIdentifiers | kPlainNumbers)) {
      if (column_.count(Shape::leading_zero))
        because(column_.count(Shape::leading_zero), "a leading zero", "leading zeros", "has", "have");
      if (column_.count(Shape::plus_sign))
        because(column_.count(Shape::plus_sign), "with a plus sign", "with a plus sign", "starts", "start");
      if (column_.count(Shape::long_integer))
        because(column_.count(Shape::long_integer), "more than 15 digits", "more than 15 digits", "has",
                "have");
      return;
    }
    if (column_.count(Shape::comma_three) &&
        within(seen_, bits({Shape::integer, Shape::comma_three, Shape::point_three}))) {
      add("Column '" + shown() + "' is text: " + shown(column_.example(Shape::comma_three)) +
          " may mean a thousand or a decimal; give its field a groupChar or a decimalChar to make it a "
          "number.");
      return;
    }
    if (within(seen_, kDates | kDateTimes)) return explain_dates();
    explain_strays();
  }

  void explain_dates() {
    auto day = static_cast<std::size_t>(OrderEvidence::day_month),
         month = static_cast<std::size_t>(OrderEvidence::month_day);
    if (column_.evidence[day] && column_.evidence[month]) {
      add("Column '" + shown() + "' is text: some dates have the day first (" +
          shown(column_.evidence_example(OrderEvidence::day_month)) + "), others the month (" +
          shown(column_.evidence_example(OrderEvidence::month_day)) + ").");
      return;
    }
    add("Column '" + shown() + "' is text: its dates (" + example_of(seen_) +
        ") do not say whether the day or the month stands first; say it by date: {fields: [" + field().name +
        "], formats: [\"%d/%m/%Y\"]} in the pipeline's transform.");
  }

  // A column that is nearly of one type: the few values that are not are worth a look.
  void explain_strays() {
    std::uint64_t total = 0, strays = 0;
    for (std::size_t i = 1; i < kShapes; ++i) total += column_.count(static_cast<Shape>(i));
    Mask others = seen_;
    Example first;
    for (Shape shape :
         {Shape::text, Shape::email, Shape::true_word, Shape::false_word, Shape::yes_word, Shape::no_word}) {
      if (!(seen_ & bit(shape))) continue;
      others &= ~bit(shape);
      strays += column_.count(shape);
      first.merge(column_.example(shape));
    }
    if (others == 0 || strays == 0 || strays * 20 > total) return;
    Decision kept = decision_;
    if (settle(others)) {
      std::string type(name_of(field().type));
      decision_ = std::move(kept);
      add("Column '" + shown() + "' is text: " + values(strays) + " of " + std::to_string(total) +
          (strays == 1 ? " is" : " are") + " no " + type + " (" + shown(first) + ").");
    } else {
      decision_ = std::move(kept);
    }
  }

  void because(std::uint64_t count, const char* one, const char* many, const char* verb_one,
               const char* verb_many) {
    add("Column '" + shown() + "' is text: " + values(count) + " " + (count == 1 ? verb_one : verb_many) +
        " " + (count == 1 ? one : many) + ".");
  }

  static std::string values(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " value" : " values");
  }
  std::string shown() const { return shown_value(decision_.field.name, 60); }
  static std::string shown(const Example& example) {
    return "'" + shown_value(example.view()) + "' in row " + std::to_string(example.row);
  }
  std::string example_of(Mask shapes) const {
    Example first;
    for (std::size_t i = 0; i < kShapes; ++i)
      if (shapes & Mask{1} << i) first.merge(column_.example(static_cast<Shape>(i)));
    return shown(first);
  }
  void add(std::string finding) { decision_.findings.push_back(std::move(finding)); }

  const ColumnShapes& column_;
  Mask seen_ = 0, missing_ = 0;
  std::string order_;
  Decision decision_;
};

}  // namespace

void Example::take(std::string_view value, std::uint64_t at_row) {
  row = at_row;
  std::size_t keep = std::min(value.size(), text.size());
  while (keep > 0 && keep < value.size() && (static_cast<unsigned char>(value[keep]) & 0xC0) == 0x80) --keep;
  std::copy_n(value.begin(), keep, text.begin());
  size = static_cast<std::uint8_t>(keep);
}

const ShapeCount& ColumnShapes::met(Shape shape) const {
  static const ShapeCount kNone;
  const std::uint8_t at = places_[static_cast<std::size_t>(shape)];
  return at == 0 ? kNone : met_[at - 1];
}

const Example& ColumnShapes::evidence_example(OrderEvidence which) const {
  static const Example kNone;
  return evidence_examples_.empty() ? kNone : evidence_examples_[static_cast<std::size_t>(which)];
}

void ColumnShapes::add_order(const ShapeFound& found, std::string_view text, std::uint64_t row) {
  ambiguous += found.ambiguous;
  auto which = static_cast<std::size_t>(found.evidence);
  ++evidence[which];
  evidence_examples_.resize(evidence.size());
  evidence_examples_[which].offer(text, row);
}

void ColumnShapes::merge(const ColumnShapes& other) {
  for (const ShapeCount& theirs : other.met_) {
    ShapeCount& own = entry(theirs.shape);
    own.count += theirs.count;
    own.example.merge(theirs.example);
  }
  ambiguous += other.ambiguous;
  for (std::size_t i = 0; i < evidence.size(); ++i) evidence[i] += other.evidence[i];
  if (!other.evidence_examples_.empty()) evidence_examples_.resize(evidence.size());
  for (std::size_t i = 0; i < other.evidence_examples_.size(); ++i)
    evidence_examples_[i].merge(other.evidence_examples_[i]);
  seen_at(other.first_row, other.place);
}

std::string ColumnShapes::date_order() const {
  bool day = evidence[static_cast<std::size_t>(OrderEvidence::day_month)] != 0;
  bool month = evidence[static_cast<std::size_t>(OrderEvidence::month_day)] != 0;
  return day == month ? "" : day ? "dmy" : "mdy";
}

Decision decide(const std::string& name, const ColumnShapes& column) {
  return Decider(name, column).decide();
}

}  // namespace sluice
