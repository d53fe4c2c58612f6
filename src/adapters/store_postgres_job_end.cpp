// PostgresJobStore: the end of a job, and its taking back.
#include "adapters/job_refusals.h"
#include "adapters/store_postgres_job_row.h"
#include "adapters/store_postgres_jobs.h"
#include "base/uuid.h"

namespace sluice {
namespace {

// Waits for the commits under way, and keeps others from beginning.
Result<> hold_splits(PgConnection& connection, const std::string& job_id) {
  TRY(connection.query("SELECT 1 FROM ingestion_splits WHERE job_id = $1 ORDER BY split_number FOR UPDATE",
                       PgParams().text(job_id)));
  return {};
}

}  // namespace

Result<> PostgresJobStore::end(const std::string& job_id, JobStatus status, const std::string& error) {
  if (!uuid_bytes(job_id)) return no_such_postgres_job(job_id);
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    TRY(hold_splits(connection, job_id));
    auto found =
        TRY(connection.query("SELECT status IN ('PENDING', 'PROCESSING') FROM ingestion_jobs WHERE id = $1 "
                             "FOR UPDATE",
                             PgParams().text(job_id)));
    if (found.rows() == 0) return no_such_postgres_job(job_id);
    if (!found.yes(0, 0)) return {};
    TRY(
        connection.query("UPDATE ingestion_splits SET lease_owner = '', lease_until = '-infinity', "
                         "lease_epoch = lease_epoch + "
                         "1, queued_at = NULL WHERE job_id = $1",
                         PgParams().text(job_id)));
    if (status == JobStatus::completed)  // an archive: what waited for its members is done
      TRY(connection.query("UPDATE ingestion_splits SET status = 'COMPLETED' WHERE job_id = $1",
                           PgParams().text(job_id)));
    return write_postgres_job_end(connection, job_id, status, error);
  });
}

Result<> PostgresJobStore::reopen(const std::string& job_id) {
  if (!uuid_bytes(job_id)) return no_such_postgres_job(job_id);
  bool reopened = false;  // by an earlier try, whose answer was lost
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    TRY(hold_splits(connection, job_id));
    TRY(connection.query("SELECT 1 FROM ingestion_jobs WHERE id = $1 FOR UPDATE", PgParams().text(job_id)));
    auto job = TRY(find_postgres_job(connection, job_id));
    if (!job) return no_such_postgres_job(job_id);
    if (job->status == JobStatus::pending && reopened) return {};
    if (job->status != JobStatus::failed && job->status != JobStatus::cancelled)
      return cannot_reopen(job_id, std::string(name_of(job->status)));
    if (job->parent_job_id && !is_member(*job) && !TRY(find_postgres_job(connection, *job->parent_job_id)))
      return cannot_reopen_without_parent(job_id, *job->parent_job_id);
    auto open = TRY(connection.query(
        "UPDATE ingestion_splits SET attempts = 0, attempts_in_vain = 0, not_before = '-infinity', status = "
        "'PENDING' WHERE job_id = $1 AND status <> 'COMPLETED'",
        PgParams().text(job_id)));
    if (open.affected() == 0) return nothing_left_to_reopen(job_id);
    TRY(connection.query(
        "UPDATE ingestion_jobs SET status = 'PENDING', error = '', finished_at = NULL, attempts = 0 "
        "WHERE id = $1",
        PgParams().text(job_id)));
    reopened = true;
    return {};
  });
}

}  // namespace sluice
