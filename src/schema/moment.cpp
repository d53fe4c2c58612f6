// Checks moments and writes them. See moment.h.
#include "schema/moment.h"

namespace sluice {
namespace {

using Problem = DateReading::Problem;

char* put(char* to, int value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + digits;
}

// Moves the moment by whole minutes; the date only where there is one.
Problem shift(Moment& m, int minutes) {
  int at = m.hour * 60 + m.minute + minutes;
  int days = at >= 0 ? at / 1440 : -((1439 - at) / 1440);
  at -= days * 1440;
  m.hour = at / 60;
  m.minute = at % 60;
  if (!m.has_date || days == 0) return Problem::none;
  std::chrono::year_month_day day{to_days(m.year, m.month, m.day) + std::chrono::days(days)};
  m.year = static_cast<int>(day.year());
  m.month = static_cast<int>(static_cast<unsigned>(day.month()));
  m.day = static_cast<int>(static_cast<unsigned>(day.day()));
  return m.year >= 1 && m.year <= 9999 ? Problem::none : Problem::no_such_day;
}

bool all_zero(std::string_view digits) { return digits.find_first_not_of('0') == std::string_view::npos; }

Problem settle_time(Moment& m) {
  if (m.hour > 24 || m.minute > 59 || m.second > 60) return Problem::not_a_date;
  if (m.fraction.size() > kMaxFractionDigits) return Problem::not_a_date;
  while (!m.fraction.empty() && m.fraction.back() == '0') m.fraction.remove_suffix(1);
  if (m.hour == 24) {
    if (m.minute != 0 || m.second != 0 || !m.fraction.empty()) return Problem::not_a_date;
    m.hour = 23;
    m.minute = 59;
    if (Problem problem = shift(m, 1); problem != Problem::none) return problem;
  }
  if (m.offset_minutes && *m.offset_minutes != 0) {
    if (*m.offset_minutes < -24 * 60 || *m.offset_minutes > 24 * 60) return Problem::not_a_date;
    if (Problem problem = shift(m, -*m.offset_minutes); problem != Problem::none) return problem;
    m.offset_minutes = 0;
  }
  if (m.second == 60 && (m.hour != 23 || m.minute != 59)) return Problem::not_a_date;
  return Problem::none;
}

}  // namespace

Problem settle(Moment& m, Temporal kind) {
  if (kind == Temporal::time ? m.has_date || !m.has_time : !m.has_date) return Problem::not_a_date;
  if (m.has_date && !is_calendar_day(m.year, m.month, m.day)) return Problem::no_such_day;
  if (!m.has_time) return Problem::none;
  if (kind == Temporal::date) {
    bool midnight =
        m.hour == 0 && m.minute == 0 && m.second == 0 && all_zero(m.fraction) && !m.offset_minutes;
    return midnight ? Problem::none : Problem::not_a_date;
  }
  return settle_time(m);
}

std::string_view write_iso(const Moment& m, Temporal kind, IsoBuffer& buffer) {
  char* to = buffer.data();
  if (kind != Temporal::time) {
    to = put(to, m.year, 4);
    *to++ = '-';
    to = put(to, m.month, 2);
    *to++ = '-';
    to = put(to, m.day, 2);
  }
  if (kind == Temporal::datetime) *to++ = 'T';
  if (kind != Temporal::date) {
    to = put(to, m.hour, 2);
    *to++ = ':';
    to = put(to, m.minute, 2);
    *to++ = ':';
    to = put(to, m.second, 2);
    if (!m.fraction.empty()) {
      *to++ = '.';
      std::memcpy(to, m.fraction.data(), m.fraction.size());
      to += m.fraction.size();
    }
    if (m.offset_minutes) *to++ = 'Z';
  }
  return {buffer.data(), static_cast<std::size_t>(to - buffer.data())};
}

}  // namespace sluice
