// Reads free-form dates: cut into numbers, words and marks, then understood from left to right. See
// date_scan.h.
#include "schema/date_scan.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/ascii.h"

namespace sluice {
namespace {

using Problem = DateReading::Problem;

constexpr std::size_t kLongestDate =
    80;  // "Wednesday, the 28th of September 2024 at 10:00:00.123456 +01:00" and some air
constexpr std::size_t kMaxTokens = 32;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool same_word(std::string_view word, std::string_view lower_case) {
  return word.size() == lower_case.size() && std::equal(word.begin(), word.end(), lower_case.begin(),
                                                        [](char a, char b) { return lower(a) == b; });
}

int named(std::string_view word, std::span<const std::string_view> names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (same_word(word, names[i]) || (word.size() == 3 && same_word(word, names[i].substr(0, 3))))
      return static_cast<int>(i);
  return -1;
}

struct Token {
  enum Kind : std::uint8_t { number, word, mark } kind = mark;
  bool blank_before = false;
  std::string_view text;
  int value = 0;  // of a number of at most nine digits

  bool is(char c) const { return kind == mark && text[0] == c; }
};

// A part of the date proper, with the mark in front of it.
struct Item {
  int value = 0;
  std::size_t digits = 0;
  bool month_name = false;
  char mark = 0;
};

class Scanner {
 public:
  Scanner(std::string_view text, DateOrder order) : order_(order) { tokenise(text); }

  ScannedDate scan() {
    if (!well_formed_) return result_;
    while (at_ < count_)
      if (!step()) return result_;
    if (pending_ != 0) return result_;
    if (items_count_ == 0 && result_.moment.has_time) {
      result_.problem = weekday_ >= 0 ? Problem::not_a_date : Problem::none;
      return result_;
    }
    resolve();
    if (result_.problem == Problem::none) check_weekday();
    return result_;
  }

 private:
  void tokenise(std::string_view text) {
    if (text.size() > kLongestDate) return;
    bool blank = false;
    for (std::size_t i = 0; i < text.size();) {
      char c = text[i];
      if (c == ' ') {
        blank = true;
        ++i;
        continue;
      }
      if (count_ == kMaxTokens) return;
      Token& token = tokens_[count_++];
      token.blank_before = std::exchange(blank, false);
      std::size_t end = i + 1;
      if (is_digit(c)) {
        token.kind = Token::number;
        while (end < text.size() && is_digit(text[end])) ++end;
        for (std::size_t k = i; k < std::min(end, i + 9); ++k)
          token.value = token.value * 10 + (text[k] - '0');
      } else if (is_letter(c)) {
        token.kind = Token::word;
        while (end < text.size() && is_letter(text[end])) ++end;
      } else {
        if (!std::string_view("-/.,:+'").contains(c)) return;
        token.kind = Token::mark;
      }
      token.text = text.substr(i, end - i);
      i = end;
    }
    well_formed_ = count_ > 0 && !blank && !tokens_[0].blank_before;
  }

  const Token* peek(std::size_t ahead = 1) const {
    return at_ + ahead < count_ ? &tokens_[at_ + ahead] : nullptr;
  }

  bool step() {
    const Token& token = tokens_[at_];
    switch (token.kind) {
      case Token::number: return number(token);
      case Token::word: return word(token);
      case Token::mark: return mark(token);
    }
    return false;
  }

  bool number(const Token& token) {
    const Token* next = peek();
    if (next && next->is(':') && !next->blank_before) return time();
    if (next && next->kind == Token::word && half_of_day(at_ + 1).second != 0) return time();
    if (after_t_) return basic_time(token);
    if (items_count_ == 0 && token.text.size() == 14 && count_ == 1) return compact(token);
    if (items_count_ == items_.size()) return false;
    Item& item = items_[items_count_++];
    item = {token.value, token.text.size(), false, std::exchange(pending_, '\0')};
    ++at_;
    if (next && next->kind == Token::word && !next->blank_before && token.text.size() <= 2) {  // 28th
      for (std::string_view suffix : {"st", "nd", "rd", "th"})
        if (same_word(next->text, suffix)) {
          ++at_;
          break;
        }
    }
    return true;
  }

  bool compact(const Token& token) {  // 20240228103000
    Moment& m = result_.moment;
    auto part = [&](std::size_t from, std::size_t size) {
      int value = 0;
      for (char c : token.text.substr(from, size)) value = value * 10 + (c - '0');
      return value;
    };
    items_[items_count_++] = {part(0, 8), 8, false, 0};
    m.hour = part(8, 2);
    m.minute = part(10, 2);
    m.second = part(12, 2);
    m.has_time = true;
    ++at_;
    return true;
  }

  bool word(const Token& token) {
    if (int month = month_named(token.text); month > 0) {
      if (items_count_ == items_.size()) return false;
      items_[items_count_++] = {month, 0, true, std::exchange(pending_, '\0')};
      ++at_;
      if (at_ < count_ && tokens_[at_].is('.')) ++at_;  // Feb.
      return true;
    }
    if (int day = weekday_named(token.text); day >= 0) {
      if (weekday_ >= 0 || items_count_ != 0 || result_.moment.has_time || pending_ != 0) return false;
      weekday_ = day;
      ++at_;
      if (at_ < count_ && tokens_[at_].is('.')) ++at_;
      if (at_ < count_ && tokens_[at_].is(',')) ++at_;
      return true;
    }
    if (same_word(token.text, "t")) {
      const Token* next = peek();
      if (items_count_ == 0 || after_t_ || result_.moment.has_time || pending_ != 0 || !next ||
          next->kind != Token::number)
        return false;
      after_t_ = true;
      ++at_;
      return true;
    }
    if ((same_word(token.text, "of") || same_word(token.text, "at")) && items_count_ != 0 && pending_ == 0) {
      ++at_;
      return true;
    }
    return false;
  }

  bool mark(const Token& token) {
    char c = token.text[0];
    if (c == '\'') {  // Feb '24
      const Token* next = peek();
      if (items_count_ != 2 || pending_ != 0 || !next || next->text.size() != 2) return false;
      ++at_;
      return true;
    }
    if (items_count_ == 0 || pending_ != 0 || c == ':' || c == '+') return false;
    if (c == ',' && items_count_ == 3) {  // 28 Feb 2024, 10:00
      if (peek() == nullptr || result_.moment.has_time) return false;
      ++at_;
      return true;
    }
    if (items_count_ == 3) return false;
    pending_ = c;
    ++at_;
    return true;
  }

  // AM or PM in any spelling at token `i`: how many tokens it takes (0: none) and 1 for AM, 2 for PM.
  std::pair<std::size_t, int> half_of_day(std::size_t i) const {
    if (i >= count_ || tokens_[i].kind != Token::word) return {0, 0};
    std::string_view word = tokens_[i].text;
    if (same_word(word, "am")) return {1, 1};
    if (same_word(word, "pm")) return {1, 2};
    bool dotted = i + 3 < count_ && tokens_[i + 1].is('.') && same_word(tokens_[i + 2].text, "m") &&
                  tokens_[i + 3].is('.');
    if (dotted && same_word(word, "a")) return {4, 1};
    if (dotted && same_word(word, "p")) return {4, 2};
    return {0, 0};
  }

  bool time() {
    Moment& m = result_.moment;
    if (m.has_time || pending_ != 0 || tokens_[at_].text.size() > 2) return false;
    m.has_time = true;
    m.hour = tokens_[at_++].value;
    auto two_digits = [&](int& value) {
      if (at_ + 1 >= count_ || !tokens_[at_].is(':') || tokens_[at_].blank_before) return false;
      const Token& next = tokens_[at_ + 1];
      if (next.kind != Token::number || next.text.size() != 2 || next.blank_before) return false;
      value = next.value;
      at_ += 2;
      return true;
    };
    if (at_ < count_ && tokens_[at_].is(':')) {
      if (!two_digits(m.minute)) return false;
      if (at_ < count_ && tokens_[at_].is(':') && !two_digits(m.second)) return false;
      if (at_ + 1 < count_ && (tokens_[at_].is('.') || tokens_[at_].is(',')) &&
          tokens_[at_ + 1].kind == Token::number && !tokens_[at_ + 1].blank_before &&
          !tokens_[at_].blank_before) {
        m.fraction = tokens_[at_ + 1].text;
        at_ += 2;
      }
    }
    if (auto [size, half] = half_of_day(at_); half != 0) {
      if (m.hour < 1 || m.hour > 12) return false;
      m.hour = m.hour % 12 + (half == 2 ? 12 : 0);
      at_ += size;
    }
    return offset();
  }

  bool basic_time(const Token& token) {  // T1030, T103000
    Moment& m = result_.moment;
    if (m.has_time || (token.text.size() != 4 && token.text.size() != 6)) return false;
    m.has_time = true;
    int value = token.text.size() == 4 ? token.value * 100 : token.value;
    m.hour = value / 10000;
    m.minute = value / 100 % 100;
    m.second = value % 100;
    ++at_;
    if (token.text.size() == 6 && at_ + 1 < count_ && (tokens_[at_].is('.') || tokens_[at_].is(',')) &&
        tokens_[at_ + 1].kind == Token::number) {
      m.fraction = tokens_[at_ + 1].text;
      at_ += 2;
    }
    return offset();
  }

  bool offset() {
    Moment& m = result_.moment;
    if (at_ < count_ && tokens_[at_].kind == Token::word) {
      std::string_view word = tokens_[at_].text;
      if (!same_word(word, "z") && !same_word(word, "utc") && !same_word(word, "gmt")) return true;
      m.offset_minutes = 0;
      ++at_;
      if (word.size() == 1) return true;
    }
    if (at_ >= count_ || (!tokens_[at_].is('+') && !tokens_[at_].is('-'))) return true;
    bool west = tokens_[at_].is('-');
    if (at_ + 1 >= count_ || tokens_[at_ + 1].kind != Token::number || tokens_[at_ + 1].blank_before)
      return false;
    const Token& number = tokens_[at_ + 1];
    at_ += 2;
    int hours = number.value, minutes = 0;
    if (number.text.size() == 4) {
      hours = number.value / 100;
      minutes = number.value % 100;
    } else if (number.text.size() > 2) {
      return false;
    } else if (at_ + 1 < count_ && tokens_[at_].is(':')) {
      if (tokens_[at_ + 1].kind != Token::number || tokens_[at_ + 1].text.size() != 2) return false;
      minutes = tokens_[at_ + 1].value;
      at_ += 2;
    }
    if (hours > 23 || minutes > 59) return false;
    m.offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    return true;
  }

  void resolve() {
    if (items_count_ == 1 && items_[0].digits == 8 && !items_[0].month_name) {
      int value = items_[0].value;
      return take_day(value / 10000, value / 100 % 100, value % 100);
    }
    if (items_count_ != 3) return;
    const auto& [a, b, c] = items_;
    if (a.month_name + b.month_name + c.month_name > 1) return;
    result_.named_month = a.month_name || b.month_name || c.month_name;
    if (a.month_name) return take_named(c, a, b);  // Feb 28, 2024
    if (b.month_name && a.digits == 4)
      return c.digits <= 2 ? take_day(a.value, b.value, c.value) : void();  // 2024-Feb-28
    if (b.month_name) return take_named(c, b, a);                           // 28 Feb 2024
    if (c.month_name) return;
    if (b.mark != c.mark || !std::string_view("/-.").contains(b.mark) || b.mark == 0) return;
    if (b.digits > 2) return;
    if (a.digits == 4) return c.digits <= 2 ? take_day(a.value, b.value, c.value) : void();
    if (a.digits <= 2 && (c.digits == 4 || c.digits == 2)) take_numeric(a.value, b.value, c);
  }

  void take_named(const Item& year, const Item& month, const Item& day) {
    if (day.digits > 2 || (year.digits != 4 && year.digits != 2)) return;
    take_day(year_of(year), month.value, day.value);
  }

  int year_of(const Item& item) {
    result_.two_digit_year = item.digits == 2;
    return item.digits == 2 ? full_year(item.value) : item.value;
  }

  void take_numeric(int first, int second, const Item& year_item) {
    int year = year_of(year_item);
    result_.numeric_order = true;
    result_.separator = year_item.mark;
    bool as_day_month = is_calendar_day(year, second, first),
         as_month_day = is_calendar_day(year, first, second);
    if (as_day_month && !as_month_day) result_.evidence = OrderEvidence::day_month;
    if (as_month_day && !as_day_month) result_.evidence = OrderEvidence::month_day;
    DateOrder order = order_;
    if (order == DateOrder::unknown) {
      if (!as_day_month && !as_month_day) {
        take_day(year, second, first);
        result_.problem = Problem::no_such_day;
        return;
      }
      if (as_day_month && as_month_day && first != second && result_.separator != '.') {
        take_day(year, second, first);
        result_.problem = Problem::ambiguous;
        return;
      }
      order = as_day_month ? DateOrder::day_month : DateOrder::month_day;
    }
    if (order == DateOrder::day_month)
      take_day(year, second, first);
    else
      take_day(year, first, second);
  }

  void take_day(int year, int month, int day) {
    Moment& m = result_.moment;
    m.year = year;
    m.month = month;
    m.day = day;
    m.has_date = true;
    result_.problem = is_calendar_day(year, month, day) ? Problem::none : Problem::no_such_day;
  }

  void check_weekday() {
    if (weekday_ < 0) return;
    std::chrono::weekday real(to_days(result_.moment.year, result_.moment.month, result_.moment.day));
    if (static_cast<int>(real.c_encoding()) != weekday_) result_.problem = Problem::no_such_day;
  }

  DateOrder order_;
  std::array<Token, kMaxTokens> tokens_;
  std::size_t count_ = 0, at_ = 0;
  bool well_formed_ = false, after_t_ = false;
  std::array<Item, 3> items_;
  std::size_t items_count_ = 0;
  char pending_ = 0;  // a mark that waits for the item behind it
  int weekday_ = -1;
  ScannedDate result_;
};

}  // namespace

int month_named(std::string_view word) {
  static constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                                 "may",       "june",     "july",     "august",
                                                 "september", "october",  "november", "december"};
  if (same_word(word, "sept")) return 9;
  int found = named(word, kMonths);
  return found < 0 ? -1 : found + 1;
}

int weekday_named(std::string_view word) {
  static constexpr std::string_view kDays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                               "thursday", "friday", "saturday"};
  if (same_word(word, "tues")) return 2;
  if (same_word(word, "thur") || same_word(word, "thurs")) return 4;
  return named(word, kDays);
}

ScannedDate scan_any(std::string_view text, DateOrder order) { return Scanner(text, order).scan(); }

}  // namespace sluice
