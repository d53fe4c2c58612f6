#include "adapters/sql_statistics.h"

namespace sluice {
namespace {

// A column of time of the older tables as milliseconds since 1970.
std::string instant(const SqlDatabase& database, const std::string& column) {
  if (database.dialect() == SqlDialect::postgres) return database.milliseconds(column);
  return "CAST(round((julianday(" + column + ") - 2440587.5) * 86400000) AS INTEGER)";
}

// data.rows.NAME of an event.
std::string rows_member(const SqlDatabase& database, const std::string& name) {
  if (database.dialect() == SqlDialect::postgres) return "CAST(data -> 'rows' ->> '" + name + "' AS bigint)";
  return "json_extract(data, '$.rows." + name + "')";
}

IntervalStatistics& at(std::map<std::int64_t, IntervalStatistics>& intervals, std::int64_t begin_ms) {
  IntervalStatistics& interval = intervals[begin_ms];
  interval.begin_ms = begin_ms;
  return interval;
}

}  // namespace

Result<std::uint64_t> SqlJobStatistics::waiting(const std::string& tenant, std::uint64_t most) {
  auto rows =
      TRY(database_.read("SELECT count(*) FROM (SELECT 1 FROM ingestion_jobs WHERE tenant = $1 AND status = "
                         "'PENDING' LIMIT $2) q",
                         {tenant, most}));
  return rows.whole(0, 0);
}

Result<Backlog> SqlJobStatistics::backlog() {
  const bool postgres = database_.dialect() == SqlDialect::postgres;
  // Split 0 is the planning; before it nothing is known of a file but its size.
  const std::string left =
      "CASE WHEN s.split_number = 0 THEN j.file_size "
      "WHEN coalesce(s.end_offset, j.file_size) > s.checkpoint_offset "
      "THEN coalesce(s.end_offset, j.file_size) - s.checkpoint_offset ELSE 0 END";
  auto rows = TRY(database_.read(
      "SELECT count(DISTINCT j.id), CAST(coalesce(sum(" + left +
      "), 0) AS bigint), coalesce(sum(CASE WHEN s.split_number = 0 THEN 1 ELSE 0 END), 0) "
      "FROM ingestion_jobs j JOIN ingestion_splits s ON s.job_id = j.id "
      "WHERE j.dispatched AND j.status IN ('PENDING', 'PROCESSING') AND s.status <> 'COMPLETED' "
      "AND s.not_before <= " +
      (postgres ? "clock_timestamp()" : "{now}")));
  return Backlog{.jobs = rows.whole(0, 0), .bytes = rows.whole(0, 1), .unplanned_jobs = rows.whole(0, 2)};
}

Result<std::vector<IntervalStatistics>> SqlJobStatistics::series(const StatisticsQuestion& question) {
  if (question.interval_ms <= 0 || question.until_ms <= question.from_ms)
    return fail(ErrorKind::usage, "a series needs an interval, and an end after its beginning.");
  Intervals intervals;
  TRY(add_accepted(question, intervals));
  TRY(add_started(question, intervals));
  TRY(add_ended(question, intervals));
  TRY(add_rows(question, intervals));
  std::vector<IntervalStatistics> list;
  for (auto& [begin, interval] : intervals) list.push_back(interval);
  return list;
}

// `sums` of the rows of `table` whose `time` lies in the question's span, by interval; column 0 is its begin.
Result<SqlRows> SqlJobStatistics::in_intervals(const StatisticsQuestion& question, const std::string& table,
                                               const std::string& time, const std::string& sums,
                                               const std::string& where) {
  // A remainder rather than a quotient: both databases agree on what it is of whole numbers.
  const std::string when = instant(database_, time);
  std::string sql = "SELECT " + when + " - " + when + " % $2 AS begin_ms, " + sums + " FROM " + table +
                    " WHERE tenant = $1 AND " + time + " >= $3 AND " + time + " < $4" + where;
  SqlParams params = {question.tenant, question.interval_ms, sql_time_text(question.from_ms),
                      sql_time_text(question.until_ms)};
  for (std::size_t i = 0; i < question.pipelines.size(); ++i) {
    params.emplace_back(question.pipelines[i]);
    sql += (i == 0 ? " AND pipeline IN ($" : ", $") + std::to_string(params.size());
  }
  if (!question.pipelines.empty()) sql += ")";
  return database_.scan(sql + " GROUP BY 1", params);
}

Result<> SqlJobStatistics::add_accepted(const StatisticsQuestion& question, Intervals& intervals) {
  auto rows = TRY(
      in_intervals(question, "ingestion_jobs", "created_at", "count(*), CAST(sum(file_size) AS bigint)", ""));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    IntervalStatistics& interval = at(intervals, rows.integer(row, 0));
    interval.jobs_accepted = rows.whole(row, 1);
    interval.bytes = rows.whole(row, 2);
  }
  return {};
}

Result<> SqlJobStatistics::add_started(const StatisticsQuestion& question, Intervals& intervals) {
  const std::string waited = instant(database_, "started_at") + " - " + instant(database_, "created_at");
  auto rows = TRY(in_intervals(question, "ingestion_jobs", "started_at",
                               "count(*), CAST(sum(" + waited + ") AS bigint), max(" + waited + ")", ""));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    IntervalStatistics& interval = at(intervals, rows.integer(row, 0));
    interval.jobs_started = rows.whole(row, 1);
    interval.waited_ms = rows.integer(row, 2);
    interval.longest_wait_ms = rows.integer(row, 3);
  }
  return {};
}

Result<> SqlJobStatistics::add_ended(const StatisticsQuestion& question, Intervals& intervals) {
  auto count = [](const char* status) {
    return "sum(CASE WHEN status = '" + std::string(status) + "' THEN 1 ELSE 0 END)";
  };
  auto rows = TRY(in_intervals(question, "ingestion_jobs", "finished_at",
                               count("COMPLETED") + ", " + count("FAILED") + ", " + count("CANCELLED"), ""));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    IntervalStatistics& interval = at(intervals, rows.integer(row, 0));
    interval.jobs_completed = rows.whole(row, 1);
    interval.jobs_failed = rows.whole(row, 2);
    interval.jobs_cancelled = rows.whole(row, 3);
  }
  return {};
}

Result<> SqlJobStatistics::add_rows(const StatisticsQuestion& question, Intervals& intervals) {
  std::string sums;
  for (const char* name : {"read", "inserted", "updated", "duplicate", "rejected"})
    sums += (sums.empty() ? "" : ", ") + ("CAST(sum(" + rows_member(database_, name) + ") AS bigint)");
  auto rows = TRY(in_intervals(question, "ingestion_events", "time", sums, " AND type = 'rows.processed'"));
  for (std::size_t row = 0; row < rows.size(); ++row)
    at(intervals, rows.integer(row, 0)).rows = {rows.whole(row, 1), rows.whole(row, 2), rows.whole(row, 3),
                                                rows.whole(row, 4), rows.whole(row, 5)};
  return {};
}

}  // namespace sluice
