// SqliteJobStore: the end of a job, and its taking back.
#include "adapters/job_refusals.h"
#include "adapters/store_sqlite_job_row.h"
#include "adapters/store_sqlite_jobs.h"

namespace sluice {

Result<> SqliteJobStore::end(const std::string& job_id, JobStatus status, const std::string& error) {
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  if (!TRY(find_sqlite_job(database_.writer, job_id))) return no_such_sqlite_job(job_id);
  TRY(end_sqlite_job(database_.writer, job_id, status, error));
  if (status == JobStatus::completed) {  // an archive: what waited for its members is done
    auto done = TRY(SqliteStatement::prepare(
        database_.writer,
        "UPDATE ingestion_splits SET status = 'COMPLETED' WHERE job_id = ?1 AND EXISTS (SELECT 1 FROM "
        "ingestion_jobs WHERE id = ?1 AND status = 'COMPLETED')"));
    done.bind(1, job_id);
    TRY(done.run());
  }
  return transaction.commit();
}

Result<> SqliteJobStore::reopen(const std::string& job_id) {
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  auto job = TRY(find_sqlite_job(database_.writer, job_id));
  if (!job) return no_such_sqlite_job(job_id);
  if (job->status != JobStatus::failed && job->status != JobStatus::cancelled)
    return cannot_reopen(job_id, std::string(name_of(job->status)));
  if (job->parent_job_id && !is_member(*job) && !TRY(find_sqlite_job(database_.writer, *job->parent_job_id)))
    return cannot_reopen_without_parent(job_id, *job->parent_job_id);
  auto splits = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_splits SET attempts = 0, attempts_in_vain = 0, not_before = 0, status = 'PENDING' "
      "WHERE job_id = ?1 AND status <> 'COMPLETED'"));
  splits.bind(1, job_id);
  TRY(splits.run());
  if (splits.changes() == 0) return nothing_left_to_reopen(job_id);
  auto reopened = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_jobs SET status = 'PENDING', error = '', finished_at = NULL, attempts = 0 "
      "WHERE id = ?1"));
  reopened.bind(1, job_id);
  TRY(reopened.run());
  return transaction.commit();
}

}  // namespace sluice
