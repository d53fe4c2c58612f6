#include "adapters/sql_retention.h"

#include <algorithm>

namespace sluice {

Result<std::string> SqlRetentionStore::so_long_ago(std::chrono::milliseconds age) {
  const std::int64_t now = TRY(database_.read("SELECT {now}")).integer(0, 0);
  return sql_time_text(std::max<std::int64_t>(now - age.count(), 1));
}

Result<std::vector<EndedJob>> SqlRetentionStore::ended(std::int64_t from_ms, std::chrono::milliseconds age,
                                                       std::size_t limit) {
  const std::string until = TRY(so_long_ago(age));
  const auto rows = TRY(
      database_.read("SELECT id, blob, " + database_.utc("finished_at") +
                         " FROM ingestion_jobs WHERE finished_at >= $1 AND finished_at < $2 "
                         "AND status IN ('COMPLETED', 'FAILED', 'CANCELLED') ORDER BY finished_at LIMIT $3",
                     {sql_time_text(std::max<std::int64_t>(from_ms, 1)), until, limit}));
  std::vector<EndedJob> jobs;
  for (std::size_t row = 0; row < rows.size(); ++row)
    jobs.push_back({rows.text(row, 0), rows.text(row, 1), TRY(sql_time_of(rows.text(row, 2)))});
  return jobs;
}

Result<std::int64_t> SqlRetentionStore::mark(const std::string& what) {
  const auto rows =
      TRY(database_.read("SELECT value FROM service_state WHERE name = $1", {"cleared: " + what}));
  return rows.empty() ? 0 : rows.integer(0, 0);
}

Result<> SqlRetentionStore::set_mark(const std::string& what, std::int64_t ended_ms) {
  TRY(
      database_.write("INSERT INTO service_state (name, value) VALUES ($1, $2) "
                      "ON CONFLICT (name) DO UPDATE SET value = excluded.value "
                      "WHERE service_state.value < excluded.value",
                      {"cleared: " + what, ended_ms}));
  return {};
}

Result<std::size_t> SqlRetentionStore::remove_rejects(const std::string& job_id, std::size_t limit) {
  return database_.transact<std::size_t>([&](SqlSession& session) -> Result<std::size_t> {
    // The root's family: whoever corrects this job's rejects has the same root.
    const auto open = TRY(
        session.run("SELECT 1 FROM ingestion_jobs j JOIN ingestion_jobs o ON o.root_job_id = j.root_job_id "
                    "WHERE j.id = $1 AND o.status IN ('PENDING', 'PROCESSING') LIMIT 1",
                    {job_id}));
    if (!open.empty())
      return fail(ErrorKind::conflict, "the rejects of job " + job_id + " are still worked on.", true);
    return TRY(session.run("DELETE FROM validation_errors WHERE id IN (SELECT id FROM validation_errors "
                           "WHERE job_id = $1 ORDER BY row_number, id LIMIT $2)",
                           {job_id, limit}))
        .affected();
  });
}

Result<std::size_t> SqlRetentionStore::remove_keys(std::chrono::milliseconds age, std::size_t limit) {
  const std::string until = TRY(so_long_ago(age));
  return TRY(database_.write("DELETE FROM idempotency_keys WHERE (tenant, key) IN (SELECT k.tenant, k.key "
                             "FROM idempotency_keys k LEFT JOIN ingestion_jobs j ON j.id = k.job_id "
                             "WHERE coalesce(k.job_ended_at, j.finished_at) < $1 AND NOT EXISTS (SELECT 1 "
                             "FROM ingestion_schedules s WHERE s.tenant = k.tenant AND k.key LIKE "
                             "'schedule:' || s.id || ':%') "
                             "LIMIT $2)",
                             {until, limit}))
      .affected();
}

}  // namespace sluice
