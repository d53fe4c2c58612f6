// Reads ISO 8601. See date_iso.h.
#include "schema/date_iso.h"

namespace sluice {
namespace {

bool digits(const char* at, int count, int& value) {
  value = 0;
  for (int i = 0; i < count; ++i) {
    unsigned digit = static_cast<unsigned char>(at[i] - '0');
    if (digit > 9) return false;
    value = value * 10 + static_cast<int>(digit);
  }
  return true;
}

bool scan_date(std::string_view text, Moment& m) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return false;
  m.has_date = true;
  return digits(text.data(), 4, m.year) && digits(text.data() + 5, 2, m.month) &&
         digits(text.data() + 8, 2, m.day);
}

bool scan_offset(std::string_view rest, Moment& m) {
  if (rest.empty()) return true;
  if (rest == "Z") {
    m.offset_minutes = 0;
    return true;
  }
  int hours = 0, minutes = 0;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return false;
  if (!digits(rest.data() + 1, 2, hours) || !digits(rest.data() + 4, 2, minutes) || hours > 23 ||
      minutes > 59)
    return false;
  m.offset_minutes = (rest[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
  return true;
}

bool scan_time(std::string_view text, Moment& m) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return false;
  if (!digits(text.data(), 2, m.hour) || !digits(text.data() + 3, 2, m.minute) ||
      !digits(text.data() + 6, 2, m.second))
    return false;
  m.has_time = true;
  std::string_view rest = text.substr(8);
  if (!rest.empty() && rest[0] == '.') {
    std::size_t end = 1;
    while (end < rest.size() && is_digit(rest[end])) ++end;
    if (end == 1) return false;
    m.fraction = rest.substr(1, end - 1);
    rest.remove_prefix(end);
  }
  return scan_offset(rest, m);
}

}  // namespace

bool scan_iso(std::string_view text, Temporal kind, Moment& m) {
  switch (kind) {
    case Temporal::date: return text.size() == 10 && scan_date(text, m);
    case Temporal::time: return scan_time(text, m);
    case Temporal::datetime:
      return text.size() >= 19 && text[10] == 'T' && scan_date(text, m) && scan_time(text.substr(11), m);
  }
  return false;
}

bool is_iso_date(std::string_view text) {
  Moment m;
  return text.size() == 10 && scan_date(text, m) && is_calendar_day(m.year, m.month, m.day);
}

}  // namespace sluice
