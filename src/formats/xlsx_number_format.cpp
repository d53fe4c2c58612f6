// Format codes. How values are written is in xlsx_number_text.cpp.
#include "formats/xlsx_number_format.h"

#include <algorithm>

namespace sluice {
namespace {

char lower_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_word_at(std::string_view code, std::size_t at, std::string_view word) {
  return code.size() - at >= word.size() &&
         std::ranges::equal(code.substr(at, word.size()), word, {}, lower_letter);
}

// What the letters of one section say, without its quoted texts, colours, conditions and fillers.
class Section {
 public:
  explicit Section(std::string_view code) {
    for (std::size_t at = 0; at < code.size() && code[at] != ';';) at = take(code, at);
    finish_month(false);
  }

  NumberForm form() const {
    if (elapsed_) return {NumberKind::elapsed, 0};
    if (date_ && time_) return {NumberKind::date_time, 0};
    if (date_) return {NumberKind::date, 0};
    if (time_) return {NumberKind::time, 0};
    constexpr std::size_t kMostDigits = 15;  // a number has no more
    if (!other_ && zeros_ >= 2 && zeros_ <= kMostDigits)
      return {NumberKind::zeros, static_cast<std::uint8_t>(zeros_)};
    return {};
  }

 private:
  // Takes what stands at `at`; returns the place after it.
  std::size_t take(std::string_view code, std::size_t at) {
    const char c = lower_letter(code[at]);
    switch (c) {
      case '"': return std::min(code.find('"', at + 1), code.size() - 1) + 1;
      case '\\':
      case '_':
      case '*':  // the next character is shown, or its width, or repeated
        other_ |= c == '\\';
        return at + 2;
      case '[': return take_bracket(code, at);
      case 'g':
        if (is_word_at(code, at, "general")) return other_ = true, at + 7;
        [[fallthrough]];  // years of an era
      case 'y':
      case 'd':
      case 'b':
        date_ = true;
        finish_month(false);
        return skip_run(code, at);
      case 'e':  // an exponent behind digits, else a year
        if (at + 1 < code.size() && (code[at + 1] == '+' || code[at + 1] == '-'))
          return other_ = true, at + 2;
        date_ = true;
        finish_month(false);
        return at + 1;
      case 'h':
      case 's':
        time_ = true;
        finish_month(c == 's');
        after_hours_ = c == 'h';
        return skip_run(code, at);
      case 'm': {
        finish_month(false);
        const std::size_t end = skip_run(code, at);
        if (end - at > 2)
          date_ = true;
        else if (after_hours_)
          time_ = true;
        else
          month_or_minute_ = true;  // what follows tells
        after_hours_ = false;
        return end;
      }
      case 'a':
        if (is_word_at(code, at, "am/pm")) return time_ = true, at + 5;
        if (is_word_at(code, at, "a/p")) return time_ = true, at + 3;
        date_ |= is_word_at(code, at, "aaa");  // the day of the week
        return skip_run(code, at);
      case '0':
        // Behind a point and seconds they are parts of a second, which `time_` then says.
        return ++zeros_, at + 1;
      case ' ':
      case ':':
      case '/':
      case '-': other_ |= c != ' '; return at + 1;
      default: return other_ = true, at + 1;
    }
  }

  // [h], [mm], [ss]: a length of time. Others are colours, conditions, languages.
  std::size_t take_bracket(std::string_view code, std::size_t at) {
    std::size_t end = std::min(code.find(']', at), code.size());
    std::string_view inside = code.substr(at + 1, end - at - 1);
    if (!inside.empty()) {
      const char first = lower_letter(inside[0]);
      const bool same = std::ranges::all_of(inside, [&](char c) { return lower_letter(c) == first; });
      if (same && (first == 'h' || first == 'm' || first == 's')) elapsed_ = true;
    }
    return end + 1;
  }

  static std::size_t skip_run(std::string_view code, std::size_t at) {
    std::size_t end = at;
    while (end < code.size() && lower_letter(code[end]) == lower_letter(code[at])) ++end;
    return end;
  }

  // An m that did not follow hours is a minute before seconds, else a month.
  void finish_month(bool before_seconds) {
    if (!month_or_minute_) return;
    (before_seconds ? time_ : date_) = true;
    month_or_minute_ = false;
  }

  bool date_ = false, time_ = false, elapsed_ = false, other_ = false;
  bool after_hours_ = false, month_or_minute_ = false;
  std::size_t zeros_ = 0;
};

}  // namespace

NumberForm number_form(std::string_view code) { return Section(code).form(); }

NumberForm builtin_number_form(std::uint32_t id) {
  if (id >= 14 && id <= 17) return {NumberKind::date, 0};
  if ((id >= 18 && id <= 21) || id == 45 || id == 47) return {NumberKind::time, 0};
  if (id == 22) return {NumberKind::date_time, 0};
  if (id == 46) return {NumberKind::elapsed, 0};
  // Of the East Asian languages; what stands there depends on the language of the one who opened the file.
  if ((id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) || id == 57 || id == 58)
    return {NumberKind::date, 0};
  if (id == 32 || id == 33) return {NumberKind::time, 0};
  if (id == 34 || id == 35 || id == 55 || id == 56) return {NumberKind::date_or_time, 0};
  return {};
}

}  // namespace sluice
