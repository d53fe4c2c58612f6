// Tells what a value looks like. See value_shape.h. The order of the tests is the order of what is frequent.
#include "schema/value_shape.h"

#include <array>

#include "base/ascii.h"
#include "schema/date_iso.h"
#include "schema/date_scan.h"
#include "schema/email.h"
#include "schema/moment.h"

namespace sluice {
namespace {

using Problem = DateReading::Problem;

// What a double and a spreadsheet keep exactly: a longer run of digits is a card, account or article number.
constexpr std::size_t kMaxIntegerDigits = 15;
constexpr std::size_t kLongestNumber = 64;

class NumberReader {
 public:
  explicit NumberReader(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  Shape shape() {
    char sign = *at_ == '-' || *at_ == '+' ? *at_++ : '\0';
    const char* from = at_;
    std::size_t whole = digits();
    bool led = whole > 1 && *from == '0';
    Shape found = at_ == end_ ? (whole == 0                  ? Shape::text
                                 : whole > kMaxIntegerDigits ? Shape::long_integer
                                                             : Shape::integer)
                              : beyond(whole, *from == '0');
    if (found == Shape::text) return found;
    if (sign == '+') return Shape::plus_sign;
    return led ? Shape::leading_zero : found;
  }

 private:
  std::size_t digits() {
    const char* from = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return static_cast<std::size_t>(at_ - from);
  }

  Shape beyond(std::size_t whole, bool zero) {
    char mark = *at_;
    if (mark == 'e' || mark == 'E') {  // 1e-05 is a number, 1E5 may be an article
      bool has_sign = at_ + 1 != end_ && (at_[1] == '-' || at_[1] == '+');
      return whole > 0 && has_sign && exponent() ? Shape::decimal : Shape::text;
    }
    if (mark != '.' && mark != ',') return Shape::text;
    ++at_;
    std::size_t group = digits();
    if (group == 0) return Shape::text;
    bool may_group = whole >= 1 && whole <= 3 && group == 3 && !zero;
    if (at_ == end_) {
      if (mark == '.') return may_group ? Shape::point_three : Shape::decimal;
      return whole == 0 ? Shape::text : may_group ? Shape::comma_three : Shape::decimal_comma;
    }
    if (mark == '.' && (*at_ == 'e' || *at_ == 'E')) return exponent() ? Shape::decimal : Shape::text;
    return may_group ? groups(mark) : Shape::text;
  }

  Shape groups(char mark) {  // behind the first group
    char decimal = mark == '.' ? ',' : '.';
    while (at_ != end_ && *at_ == mark) {
      ++at_;
      if (digits() != 3) return Shape::text;
    }
    if (at_ == end_) return mark == '.' ? Shape::grouped_point : Shape::grouped_comma;
    if (*at_++ != decimal || digits() == 0 || at_ != end_) return Shape::text;
    return mark == '.' ? Shape::grouped_point_decimal : Shape::grouped_comma_decimal;
  }

  bool exponent() {
    ++at_;
    if (at_ != end_ && (*at_ == '-' || *at_ == '+')) ++at_;
    std::size_t size = digits();
    return size > 0 && size <= 4 && at_ == end_;
  }

  const char* at_;
  const char* end_;
};

Shape numeric_date_shape(const ScannedDate& scanned, std::string_view text) {
  bool two = scanned.two_digit_year;
  // 1.2.10 and 1-2-10 are versions and parts as often as dates: only with every zero in its place.
  if (two && scanned.separator != '/' && text.size() != 8) return Shape::text;
  if (scanned.separator == '/') return two ? Shape::slash_year2 : Shape::slash_year4;
  if (scanned.separator == '-') return two ? Shape::dash_year2 : Shape::dash_year4;
  return two ? Shape::dot_year2 : Shape::dot_year4;
}

bool is_slash_ymd(std::string_view text) { return text.size() == 10 && text[4] == '/' && text[7] == '/'; }

ShapeFound scanned_shape(std::string_view text) {
  ScannedDate scanned = scan_any(text, DateOrder::unknown);
  ShapeFound found;
  found.ambiguous = scanned.problem == Problem::ambiguous;
  if (scanned.problem != Problem::none && !found.ambiguous) return found;
  Moment& m = scanned.moment;
  bool midnight = m.has_date && m.has_time && m.hour == 0 && m.minute == 0 && m.second == 0 &&
                  m.fraction.empty() && !m.offset_minutes;
  if (!m.has_date) {
    found.shape = settle(m, Temporal::time) == Problem::none ? Shape::other_time : Shape::text;
  } else if (m.has_time) {
    Moment settled = m;
    if (settle(settled, Temporal::datetime) != Problem::none) return {};
    found.shape = midnight ? Shape::midnight : Shape::other_datetime;
  } else if (scanned.numeric_order) {
    found.shape = numeric_date_shape(scanned, text);
  } else {
    found.shape = is_slash_ymd(text) ? Shape::slash_ymd : Shape::other_date;
  }
  if (found.shape == Shape::text) return {};
  found.evidence = scanned.evidence;
  return found;
}

Shape iso_shape(std::string_view text) {  // text[4] is '-'
  Moment m;
  if (text.size() == 10) return is_iso_date(text) ? Shape::iso_date : Shape::text;
  if (scan_iso(text, Temporal::datetime, m))
    return settle(m, Temporal::datetime) == Problem::none ? Shape::iso_datetime : Shape::text;
  if (text.size() != 19 || text[10] != ' ' || !scan_iso(text.substr(11), Temporal::time, m))
    return Shape::count_;
  if (m.hour > 23 || m.minute > 59 || m.second > 59 || !is_iso_date(text.substr(0, 10))) return Shape::text;
  return m.hour == 0 && m.minute == 0 && m.second == 0 ? Shape::midnight : Shape::blank_datetime;
}

Shape clock_shape(std::string_view text) {
  Moment m;
  if (text.size() >= 8 && scan_iso(text, Temporal::time, m))
    return settle(m, Temporal::time) == Problem::none ? Shape::iso_time : Shape::text;
  bool hour_minute = text.size() == 5 && is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' &&
                     is_digit(text[3]) && is_digit(text[4]);
  if (hour_minute)
    return (text[0] - '0') * 10 + (text[1] - '0') < 24 && text[3] < '6' ? Shape::hour_minute : Shape::text;
  return Shape::count_;
}

// A text that begins with a digit and is no number. Cheap tests first: "123 Main St" and "205-555-0100" are
// no dates because none begins with three digits.
ShapeFound digit_led_shape(std::string_view text) {
  std::size_t run = 0;
  while (run < text.size() && is_digit(text[run])) ++run;
  if (run == text.size() || run > 4 || run == 3)
    return {run == 14 && text.size() == 14 ? Shape::long_integer : Shape::text};
  char next = text[run];
  if (run == 4 && next == '-' && text.size() >= 10) {
    if (Shape shape = iso_shape(text); shape != Shape::count_) return {shape};
  }
  if (next == ':' && run <= 2) {
    if (Shape shape = clock_shape(text); shape != Shape::count_) return {shape};
    return scanned_shape(text);
  }
  char behind = run + 1 < text.size() ? text[run + 1] : '\0';
  bool date_mark =
      (next == '/' || next == '-' || next == '.') && (is_digit(behind) || is_letter(behind) || behind == ' ');
  bool word = (next == ' ' && is_letter(behind)) || is_letter(next);  // 28 Feb 2024, 28th, 3 PM
  if (!date_mark && !word) return {};
  if (word) {
    std::size_t from = run + (next == ' ');
    std::size_t to = from;
    while (to < text.size() && is_letter(text[to])) ++to;
    std::string_view name = text.substr(from, to - from);
    if (name.size() != 2 && month_named(name) < 0) return {};
  }
  return scanned_shape(text);
}

ShapeFound letter_led_shape(std::string_view text) {
  if (text.size() < 6 || text.size() > kLongestNumber) return {};
  std::size_t to = 1;
  while (to < text.size() && is_letter(text[to])) ++to;
  if (to < 3 || to > 9 || to == text.size()) return {};
  std::string_view word = text.substr(0, to);
  return month_named(word) > 0 || weekday_named(word) >= 0 ? scanned_shape(text) : ShapeFound{};
}

Shape word_shape(std::string_view text) {
  switch (text.size()) {
    case 1: return text[0] == '-' ? Shape::dash : Shape::text;
    case 2:
      if (text == "no" || text == "No" || text == "NO") return Shape::no_word;
      return text == "NA" ? Shape::na : Shape::text;
    case 3:
      if (text == "yes" || text == "Yes" || text == "YES") return Shape::yes_word;
      if (text == "N/A") return Shape::n_a;
      if (text == "n/a") return Shape::n_a_lower;
      return text == "NaN" ? Shape::nan : Shape::text;
    case 4:
      if (text == "true" || text == "True" || text == "TRUE") return Shape::true_word;
      if (text == "null") return Shape::null_lower;
      return text == "NULL" ? Shape::null_upper : Shape::text;
    case 5: return text == "false" || text == "False" || text == "FALSE" ? Shape::false_word : Shape::text;
    default: return Shape::text;
  }
}

// Normalising trims Unicode White_Space; bytes beyond ASCII are looked at only where a text begins or ends
// with one.
std::size_t space_at_start(std::string_view text) {
  unsigned char c = static_cast<unsigned char>(text[0]);
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  if (c < 0x80 || text.size() < 2) return 0;
  if (c == 0xC2) return text[1] == '\xA0' || text[1] == '\x85' ? 2 : 0;
  if (text.size() < 3) return 0;
  unsigned code = (c & 0xFu) << 12 | (static_cast<unsigned char>(text[1]) & 0x3Fu) << 6 |
                  (static_cast<unsigned char>(text[2]) & 0x3Fu);
  if ((c & 0xF0) != 0xE0) return 0;
  bool space = code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
               code == 0x202F || code == 0x205F || code == 0x3000;
  return space ? 3 : 0;
}

std::string_view without_blanks(std::string_view text) {
  auto inside = [](char c) { return static_cast<unsigned char>(c - 0x21) < 0x5E; };
  if (!text.empty() && inside(text.front()) && inside(text.back())) return text;
  while (!text.empty()) {
    std::size_t size = space_at_start(text);
    if (size == 0) break;
    text.remove_prefix(size);
  }
  while (!text.empty()) {
    std::size_t back = 1;
    while (back < 3 && back < text.size() &&
           (static_cast<unsigned char>(text[text.size() - back]) & 0xC0) == 0x80)
      ++back;
    if (space_at_start(text.substr(text.size() - back)) != back) break;
    text.remove_suffix(back);
  }
  return text;
}

ShapeFound text_shape(std::string_view text) {
  char c = text[0];
  bool digit = is_digit(c);
  if (digit || c == '-' || c == '+' || c == '.') {
    if (text.size() <= kLongestNumber)
      if (Shape shape = NumberReader(text).shape(); shape != Shape::text) return {shape};
    if (digit)
      if (ShapeFound found = digit_led_shape(text); found.shape != Shape::text) return found;
  } else if (is_letter(c)) {
    if (ShapeFound found = letter_led_shape(text); found.shape != Shape::text) return found;
  }
  if (text.size() <= 5) return {word_shape(text)};
  return {is_email(text) ? Shape::email : Shape::text};
}

Shape typed_text_shape(std::string_view text) {
  if (is_digit(text[0]) && text.size() >= 8) {
    Shape shape = text[4] == '-' ? iso_shape(text) : text[2] == ':' ? clock_shape(text) : Shape::text;
    if (shape == Shape::iso_date || shape == Shape::iso_datetime || shape == Shape::iso_time) return shape;
  }
  return is_email(text) ? Shape::email : Shape::text;
}

}  // namespace

ShapeFound shape_of(const Cell& cell, bool typed_source) {
  switch (cell.kind) {
    case CellKind::missing:
    case CellKind::null: return {Shape::blank};
    case CellKind::number:
      return {cell.text().find_first_of(".eE") == std::string_view::npos ? Shape::json_integer
                                                                         : Shape::json_decimal};
    case CellKind::boolean: return {Shape::json_boolean};
    case CellKind::json:
      return {cell.size > 0 && cell.data[0] == '[' ? Shape::json_array : Shape::json_object};
    case CellKind::string: break;
  }
  std::string_view text = without_blanks(cell.text());
  if (text.empty()) return {Shape::blank};
  return typed_source ? ShapeFound{typed_text_shape(text)} : text_shape(text);
}

std::string_view missing_text(Shape shape) {
  switch (shape) {
    case Shape::na: return "NA";
    case Shape::n_a: return "N/A";
    case Shape::n_a_lower: return "n/a";
    case Shape::null_lower: return "null";
    case Shape::null_upper: return "NULL";
    case Shape::nan: return "NaN";
    case Shape::dash: return "-";
    default: return {};
  }
}

}  // namespace sluice
