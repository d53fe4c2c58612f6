// Matches strptime patterns. See date_pattern.h.
#include "schema/date_pattern.h"

#include <cstdio>

#include "base/ascii.h"
#include "schema/date_scan.h"

namespace sluice {
namespace {

using Problem = DateReading::Problem;
using Steps = std::vector<DatePatternStep>;

constexpr std::string_view kConversions = "YmdyjbaHIpMSfzZ";

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool append_steps(Steps& steps, std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      bool blank = is_blank(pattern[i]);
      if (blank && !steps.empty() && steps.back().code == ' ') continue;
      steps.push_back({blank ? ' ' : '=', blank ? ' ' : pattern[i]});
      continue;
    }
    if (++i < pattern.size() && (pattern[i] == '-' || pattern[i] == '#'))
      ++i;  // %-d, %#d: without leading zero
    if (i == pattern.size()) return false;
    char code = pattern[i];
    switch (code) {
      case '%': steps.push_back({'=', '%'}); continue;
      case 'F': append_steps(steps, "%Y-%m-%d"); continue;
      case 'T': append_steps(steps, "%H:%M:%S"); continue;
      case 'D': append_steps(steps, "%m/%d/%y"); continue;
      case 'R': append_steps(steps, "%H:%M"); continue;
      case 'B':
      case 'h': code = 'b'; break;
      case 'A': code = 'a'; break;
      case 'e': code = 'd'; break;
      default: break;
    }
    if (!kConversions.contains(code)) return false;
    steps.push_back({code, pattern[i]});
  }
  return true;
}

// What the steps have gathered beyond the moment's own fields.
struct Gathered {
  int half = 0;  // 1 AM, 2 PM
  int day_of_year = 0;
  int weekday = -1;
  bool twelve_hours = false;
};

class Matcher {
 public:
  explicit Matcher(std::string_view text) : text_(text) {}

  bool match(DatePatternStep step, Moment& m, Gathered& g) {
    switch (step.code) {
      case ' ': {
        std::size_t from = at_;
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
        return at_ > from;
      }
      case '=': return at_ < text_.size() && text_[at_++] == step.literal;
      case 'Y': return number(4, 4, m.year);
      case 'y': {
        bool good = number(2, 2, m.year);
        m.year = full_year(m.year);
        return good;
      }
      case 'm': return number(1, 2, m.month);
      case 'd': return number(1, 2, m.day);
      case 'j': return number(1, 3, g.day_of_year) && g.day_of_year > 0;
      case 'H': return number(1, 2, m.hour);
      case 'I': g.twelve_hours = true; return number(1, 2, m.hour) && m.hour >= 1 && m.hour <= 12;
      case 'M': return number(1, 2, m.minute);
      case 'S': return number(1, 2, m.second);
      case 'f': return fraction(m);
      case 'b': return (m.month = month_named(word())) > 0;
      case 'a': return (g.weekday = weekday_named(word())) >= 0;
      case 'p': return half(word(), g);
      case 'Z': return zone(word(), m);
      case 'z': return offset(m);
    }
    return false;
  }
  bool at_end() const { return at_ == text_.size(); }

 private:
  bool number(std::size_t least, std::size_t most, int& value) {
    std::size_t from = at_;
    value = 0;
    while (at_ < text_.size() && at_ - from < most && is_digit(text_[at_]))
      value = value * 10 + (text_[at_++] - '0');
    return at_ - from >= least;
  }
  std::string_view word() {
    std::size_t from = at_;
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  bool fraction(Moment& m) {
    std::size_t from = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    m.fraction = text_.substr(from, at_ - from);
    return !m.fraction.empty();
  }
  static bool half(std::string_view word, Gathered& g) {
    if (word.size() != 2 || (word[1] | 0x20) != 'm') return false;
    char c = static_cast<char>(word[0] | 0x20);
    g.half = c == 'a' ? 1 : c == 'p' ? 2 : 0;
    return g.half != 0;
  }
  static bool zone(std::string_view word, Moment& m) {
    if (word != "UTC" && word != "GMT" && word != "Z") return false;
    m.offset_minutes = 0;
    return true;
  }
  bool offset(Moment& m) {
    if (at_ == text_.size()) return false;
    if (text_[at_] == 'Z') {
      ++at_;
      m.offset_minutes = 0;
      return true;
    }
    char sign = text_[at_++];
    int hours = 0, minutes = 0;
    if ((sign != '+' && sign != '-') || !number(2, 2, hours)) return false;
    if (at_ < text_.size() && text_[at_] == ':') ++at_;
    if (!number(2, 2, minutes) || hours > 23 || minutes > 59) return false;
    m.offset_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool has_code(const Steps& steps, std::string_view codes) {
  for (DatePatternStep step : steps)
    if (codes.contains(step.code)) return true;
  return false;
}

Problem apply(const Gathered& g, Moment& m) {
  if (g.twelve_hours) m.hour = m.hour % 12 + (g.half == 2 ? 12 : 0);
  if (g.day_of_year > 0) {
    if (g.day_of_year > 365 + is_leap_year(m.year)) return Problem::no_such_day;
    m.month = 1;
    m.day = g.day_of_year;
    while (m.day > days_in_month(m.year, m.month)) m.day -= days_in_month(m.year, m.month++);
  }
  if (g.weekday >= 0 && m.has_date && is_calendar_day(m.year, m.month, m.day)) {
    std::chrono::weekday real(to_days(m.year, m.month, m.day));
    if (static_cast<int>(real.c_encoding()) != g.weekday) return Problem::no_such_day;
  }
  return Problem::none;
}

}  // namespace

std::optional<Steps> compile_date_pattern(Temporal kind, std::string_view pattern) {
  Steps steps;
  if (pattern.starts_with("fmt:")) pattern.remove_prefix(4);  // how the first drafts of Table Schema wrote it
  if (!append_steps(steps, pattern)) return std::nullopt;
  bool date = has_code(steps, "Yy"), time = has_code(steps, "HI");
  if (kind == Temporal::time ? date || !time : !date) return std::nullopt;
  return steps;
}

Problem match_date_pattern(const Steps& steps, Temporal kind, std::string_view text, Moment& m) {
  Matcher matcher(text);
  Gathered gathered;
  for (DatePatternStep step : steps)
    if (!matcher.match(step, m, gathered)) return Problem::not_a_date;
  if (!matcher.at_end()) return Problem::not_a_date;
  m.has_date = kind != Temporal::time;
  m.has_time = has_code(steps, "HI");
  return apply(gathered, m);
}

std::string write_date_pattern(const Steps& steps, const Moment& m) {
  static constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
  static constexpr const char* kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
  std::string out;
  auto put = [&](int value, int width) {
    char digits[16];
    std::snprintf(digits, sizeof digits, "%0*d", width, value);
    out += digits;
  };
  auto put_name = [&](std::string_view name, bool full) { out += full ? name : name.substr(0, 3); };
  auto day_of_year = [&] {
    return static_cast<int>((to_days(m.year, m.month, m.day) - to_days(m.year, 1, 1)).count()) + 1;
  };
  for (DatePatternStep step : steps) {
    switch (step.code) {
      case ' ': out += ' '; break;
      case '=': out += step.literal; break;
      case 'Y': put(m.year, 4); break;
      case 'y': put(m.year % 100, 2); break;
      case 'm': put(m.month, 2); break;
      case 'd': put(m.day, 2); break;
      case 'j': put(day_of_year(), 3); break;
      case 'H': put(m.hour, 2); break;
      case 'I': put((m.hour + 11) % 12 + 1, 2); break;
      case 'p': out += m.hour < 12 ? "AM" : "PM"; break;
      case 'M': put(m.minute, 2); break;
      case 'S': put(m.second, 2); break;
      case 'f': out += m.fraction.empty() ? std::string_view("0") : m.fraction; break;
      case 'b': put_name(kMonths[m.month - 1], step.literal == 'B'); break;
      case 'a':
        put_name(kDays[std::chrono::weekday(to_days(m.year, m.month, m.day)).c_encoding()],
                 step.literal == 'A');
        break;
      case 'Z': out += "UTC"; break;
      case 'z': out += "+0000"; break;
      default: break;
    }
  }
  return out;
}

}  // namespace sluice
