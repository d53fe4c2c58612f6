// PostgresJobStore: a job goes, with its rejects and outcomes, and its rows where they are to go, too.
#include "adapters/job_refusals.h"
#include "adapters/pg_binary.h"
#include "adapters/store_postgres_aggregates.h"
#include "adapters/store_postgres_dataset.h"
#include "adapters/store_postgres_job_row.h"
#include "adapters/store_postgres_jobs.h"
#include "base/uuid.h"

namespace sluice {
namespace {

bool has_ended(const Job& job) {
  return job.status != JobStatus::pending && job.status != JobStatus::processing;
}

std::unexpected<Error> not_ended(const Job& job) {
  return cannot_remove_unfinished(job.id, std::string(name_of(job.status)));
}

// Notes the job's own rows, looking through the dataset while others go on; a job that has ended gets no more
// of them. Only then the commits of the pipeline have to wait. False where there are none.
Result<bool> find_own_rows(PgConnection& connection, const Job& job) {
  auto dataset = TRY(connection.query("SELECT id FROM datasets WHERE tenant = $1 AND pipeline = $2",
                                      PgParams().text(job.tenant).text(job.pipeline)));
  if (dataset.rows() == 0) return false;
  const auto id = static_cast<std::int32_t>(dataset.integer(0, 0));
  TRY(
      connection.execute("CREATE TEMP TABLE sluice_own ON COMMIT DROP AS SELECT id, data IS NULL AS "
                         "in_target FROM ingested_data "
                         "WHERE id " +
                         postgres_ids_of_dataset(id) + " AND job_id = " + pg_literal(job.id)));
  TRY(connection.execute(lock_postgres_dataset(id, PgDatasetLock::alone)));
  return TRY(connection.select("SELECT EXISTS (SELECT FROM pg_temp.sluice_own)")).yes(0, 0);
}

// The id of a job that a query with the job's id, tenant, pipeline and sequence finds; "" for none.
Result<std::string> later_with_duplicates(PgConnection& connection, const Job& job) {
  // What a lane has done past the checkpoint is in no counter yet.
  auto found = TRY(connection.query(
      "SELECT j.id FROM ingestion_jobs j WHERE tenant = $1 AND pipeline = $2 AND sequence > $3 AND "
      "(rows_duplicate > 0 OR EXISTS (SELECT FROM ingestion_splits s WHERE s.job_id = j.id AND "
      "(s.rows_duplicate > 0 OR EXISTS (SELECT FROM ingestion_lanes l WHERE l.job_id = j.id AND "
      "l.split_number = s.split_number AND l.until_row > s.checkpoint_row)))) LIMIT 1",
      PgParams().text(job.tenant).text(job.pipeline).integer(job.sequence)));
  return found.rows() == 0 ? std::string() : std::string(found.text(0, 0));
}

Result<std::string> unfinished_child(PgConnection& connection, const Job& job) {
  auto found =
      TRY(connection.query("SELECT id FROM ingestion_jobs WHERE parent_job_id = $1 AND status IN ('PENDING', "
                           "'PROCESSING') LIMIT 1",
                           PgParams().text(job.id)));
  return found.rows() == 0 ? std::string() : std::string(found.text(0, 0));
}

// Every table that was made for a pipeline is known by its column.
Result<> delete_from_targets(PgConnection& connection, const std::string& own) {
  if (!TRY(connection.select("SELECT EXISTS (SELECT FROM pg_temp.sluice_own WHERE in_target)")).yes(0, 0))
    return {};
  auto targets = TRY(connection.select(
      "SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = "
      "'sluice_id' AND a.atttypid = 'uuid'::regtype AND NOT a.attisdropped WHERE c.relkind IN ('r', 'p') AND "
      "NOT c.relispartition AND pg_table_is_visible(c.oid)"));
  for (int row = 0; row < targets.rows(); ++row)
    TRY(connection.execute("DELETE FROM " + std::string(targets.text(row, 0)) +
                           " t USING pg_temp.sluice_own o, ingested_data d WHERE o.in_target AND t.sluice_id "
                           "= o.id AND d.id = o.id AND " +
                           own));
  return {};
}

// What apply() then takes out of the groups, when the rows are deleted.
Result<std::unique_ptr<PostgresAggregates>> take_out_of_aggregates(PgConnection& connection, const Job& job,
                                                                   const std::string& own) {
  auto aggregates = TRY(PostgresAggregates::load(connection, job.tenant, job.pipeline));
  if (aggregates->deltas().size() == 0) return aggregates;
  TRY(connection.execute(
      "DECLARE sluice_rows NO SCROLL CURSOR FOR SELECT coalesce(d.aggregated, d.data::text) FROM "
      "pg_temp.sluice_own o JOIN ingested_data d ON d.id = o.id AND " +
      own));
  while (true) {
    auto rows = TRY(connection.select("FETCH 20000 FROM sluice_rows"));
    if (rows.rows() == 0) break;
    for (int row = 0; row < rows.rows(); ++row) TRY(aggregates->deltas().remove(rows.text(row, 0)));
    if (aggregates->deltas().group_count() > kMostGroupsInMemory) TRY(aggregates->apply(connection));
  }
  TRY(connection.execute("CLOSE sluice_rows"));
  return aggregates;
}

Result<> delete_rows(PgConnection& connection, const Job& job) {
  // What a later job has taken over since it was noted is that one's.
  const std::string own = "d.job_id = " + pg_literal(job.id);
  TRY(connection.execute("ANALYZE pg_temp.sluice_own"));
  auto aggregates = TRY(take_out_of_aggregates(connection, job, own));
  TRY(delete_from_targets(connection, own));
  TRY(connection.execute("DELETE FROM ingested_data d USING pg_temp.sluice_own o WHERE d.id = o.id AND " +
                         own));
  return aggregates->apply(connection);
}

Result<> delete_job(PgConnection& connection, const Job& job) {
  const std::string id = pg_literal(job.id);
  return connection.execute(
      "UPDATE idempotency_keys k SET job_ended_at = j.finished_at FROM ingestion_jobs j WHERE k.job_id = " +
      id + " AND j.id = k.job_id; DELETE FROM validation_errors WHERE job_id = " + id +
      "; DELETE FROM row_outcomes WHERE job_id = " + id + "; DELETE FROM ingestion_lanes WHERE job_id = " +
      id + "; DELETE FROM job_unique_values WHERE job_sequence = " + std::to_string(job.sequence) +
      "; DELETE FROM ingestion_splits WHERE job_id = " + id +
      "; DELETE FROM ingestion_jobs WHERE id = " + id);
}

Result<> remove_job(PgConnection& connection, const Job& seen, KeepRows keep, DespiteDuplicates despite) {
  const bool rows = keep == KeepRows::no && TRY(find_own_rows(connection, seen));
  TRY(connection.query("SELECT 1 FROM ingestion_splits WHERE job_id = $1 ORDER BY split_number FOR UPDATE",
                       PgParams().text(seen.id)));
  TRY(connection.query("SELECT 1 FROM ingestion_jobs WHERE id = $1 FOR UPDATE", PgParams().text(seen.id)));
  auto job = TRY(find_postgres_job(connection, seen.id));
  if (!job) return {};  // somebody else has removed it
  if (!has_ended(*job) || job->finished_at != seen.finished_at) return not_ended(*job);  // tried again
  std::string other = TRY(unfinished_child(connection, *job));
  if (!other.empty()) return cannot_remove_corrected(job->id, other);
  if (rows) {
    if (despite == DespiteDuplicates::no) other = TRY(later_with_duplicates(connection, *job));
    if (!other.empty()) return cannot_remove_relied_on(job->id, other);
    TRY(delete_rows(connection, *job));
  }
  return delete_job(connection, *job);
}

}  // namespace

Result<> PostgresJobStore::remove(const std::string& job_id, KeepRows keep, DespiteDuplicates despite) {
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    auto job = TRY(find_postgres_job(connection, job_id));
    if (!job) return {};
    if (!has_ended(*job)) return not_ended(*job);
    return remove_job(connection, *job, keep, despite);
  });
}

}  // namespace sluice
