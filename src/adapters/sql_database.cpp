#include "adapters/sql_database.h"

#include <charconv>

#include "base/clock.h"

namespace sluice {
namespace {

constexpr std::string_view kSqliteNow =
    "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";  // exact: SQLite keeps milliseconds
constexpr std::string_view kPostgresNow =
    "CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)";

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
  return milliseconds == 0 ? "" : rfc3339(wall_time(milliseconds));
}

Result<std::int64_t> sql_time_of(std::string_view text) {
  if (text.empty()) return 0;
  const auto time = parse_rfc3339(text);
  if (!time)
    return fail(ErrorKind::usage, "\"" + std::string(text) +
                                      "\" is not a time. Write it like 2026-01-31T09:30:00Z, in UTC, or with "
                                      "an offset like +01:00 in place of the Z.");
  return ms_since_1970(*time);
}

}  // namespace sluice
