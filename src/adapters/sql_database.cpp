#include "adapters/sql_database.h"

#include <charconv>

#include "base/clock.h"

namespace sluice {
namespace {

constexpr std::string_view kSqliteNow =
    "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";  // exact: SQLite keeps milliseconds
constexpr std::string_view kPostgresNow =
    "CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)";

// Digits of `text` from `at` on, which moves past them; -1 where there are not so many.
int digits(std::string_view text, std::size_t& at, std::size_t count) {
  int value = -1;
  if (at + count > text.size()) return -1;
  const char* begin = text.data() + at;
  auto [end, error] = std::from_chars(begin, begin + count, value);
  at += count;
  return error == std::errc() && end == begin + count ? value : -1;
}

bool skip(std::string_view text, std::size_t& at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

// Milliseconds of the fraction after the seconds, where there is one.
int fraction(std::string_view text, std::size_t& at) {
  if (!skip(text, at, ".")) return 0;
  int value = 0, weight = 100;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, weight /= 10)
    value += (text[at] - '0') * weight;
  return value;
}

// Minutes east of UTC; none where it is no zone.
std::optional<int> zone(std::string_view text, std::size_t& at) {
  if (skip(text, at, "Zz")) return 0;
  const bool west = at < text.size() && text[at] == '-';
  if (!skip(text, at, "+-")) return std::nullopt;
  const int hours = digits(text, at, 2);
  if (!skip(text, at, ":")) return std::nullopt;
  const int minutes = digits(text, at, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (hours * 60 + minutes);
}

}  // namespace

const std::string& SqlRows::text(std::size_t row, std::size_t column) const {
  static const std::string nothing;
  const Cell& found = cell(row, column);
  return found ? *found : nothing;
}

std::int64_t SqlRows::integer(std::size_t row, std::size_t column) const {
  const std::string& digits = text(row, column);
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

bool SqlRows::yes(std::size_t row, std::size_t column) const {
  const std::string& value = text(row, column);
  return value == "t" || value == "1";
}

Result<SqlRows> SqlDatabase::write(std::string_view sql, const SqlParams& params) {
  return transact<SqlRows>([&](SqlSession& session) { return session.run(sql, params); });
}

std::string SqlDatabase::now() const {
  return std::string(dialect() == SqlDialect::sqlite ? kSqliteNow : kPostgresNow);
}

std::string SqlDatabase::milliseconds(std::string_view column) const {
  if (dialect() == SqlDialect::sqlite) return std::string(column);
  return "CAST(floor(extract(epoch FROM " + std::string(column) + ") * 1000) AS bigint)";
}

std::string SqlDatabase::utc(std::string_view column) const {
  if (dialect() == SqlDialect::sqlite) return std::string(column);
  return "to_char(" + std::string(column) + R"( AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))";
}

std::string SqlDatabase::skip_locked(std::string_view table) const {
  return dialect() == SqlDialect::sqlite ? "" : " FOR UPDATE OF " + std::string(table) + " SKIP LOCKED";
}

std::string sql_with_now(std::string_view sql, std::string_view now) {
  constexpr std::string_view kMark = "{now}";
  std::string whole;
  for (;;) {
    const std::size_t mark = sql.find(kMark);
    whole += sql.substr(0, mark);
    if (mark == std::string_view::npos) return whole;
    whole += now;
    sql.remove_prefix(mark + kMark.size());
  }
}

std::string sql_time_text(std::int64_t milliseconds) {
  return milliseconds == 0 ? "" : rfc3339(WallTime(std::chrono::milliseconds(milliseconds)));
}

Result<std::int64_t> sql_time_of(std::string_view text) {
  if (text.empty()) return 0;
  auto refuse = [&] {
    return fail(ErrorKind::usage, "\"" + std::string(text) +
                                      "\" is not a time. Write it like 2026-01-31T09:30:00Z, in UTC, or with "
                                      "an offset like +01:00 in place of the Z.");
  };
  using namespace std::chrono;
  std::size_t at = 0;
  const int years = digits(text, at, 4);
  const bool dash = skip(text, at, "-");
  const int months = digits(text, at, 2);
  const bool second_dash = skip(text, at, "-");
  const int days = digits(text, at, 2);
  const bool between = skip(text, at, "Tt ");
  const int hours_of_day = digits(text, at, 2);
  const bool colon = skip(text, at, ":");
  const int minutes_of_hour = digits(text, at, 2);
  const bool second_colon = skip(text, at, ":");
  const int seconds_of_minute = digits(text, at, 2);
  const bool marks = dash && second_dash && between && colon && second_colon;
  if (!marks || years < 0 || months < 0 || days < 0 || hours_of_day < 0 || hours_of_day > 23 ||
      minutes_of_hour < 0 || minutes_of_hour > 59 || seconds_of_minute < 0 || seconds_of_minute > 60)
    return refuse();
  const year_month_day date{year(years), month(static_cast<unsigned>(months)),
                            day(static_cast<unsigned>(days))};
  const int thousandths = fraction(text, at);
  const auto east = zone(text, at);
  if (!date.ok() || !east || at != text.size()) return refuse();
  return milliseconds(sys_days(date).time_since_epoch() + hours(hours_of_day) + minutes(minutes_of_hour) +
                      seconds(seconds_of_minute) + milliseconds(thousandths) - minutes(*east))
      .count();
}

}  // namespace sluice
