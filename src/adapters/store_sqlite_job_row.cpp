#include "adapters/store_sqlite_job_row.h"

#include "adapters/store_sqlite_unique.h"
#include "base/sha256.h"
#include "base/uuid.h"

namespace sluice {
namespace {

Position position_at(const SqliteStatement& row, int column) {
  return {row.whole(column), row.whole(column + 1), row.whole(column + 2)};
}

void bind_position(SqliteStatement& statement, int first, const Position& position) {
  statement.bind(first, position.offset);
  statement.bind(first + 1, position.row);
  statement.bind(first + 2, position.line);
}

}  // namespace

std::string sqlite_job_columns() {
  return "id, tenant, pipeline, file_name, blob, plan, file_size, sequence, status, rows_read, "
         "rows_inserted, rows_updated, rows_duplicate, rows_rejected, attempts, error, parent_job_id, "
         "root_job_id, created_at, started_at, finished_at, created_by, metadata, file_sha256, content_type, "
         "priority";
}

Job sqlite_job_of(const SqliteStatement& row) {
  Job job;
  job.id = row.text(0);
  job.tenant = row.text(1);
  job.pipeline = row.text(2);
  job.file_name = row.text(3);
  job.blob = row.text(4);
  job.plan = row.text(5);
  job.file_size = row.whole(6);
  job.sequence = row.integer(7);
  job.status = job_status_named(row.text(8)).value_or(JobStatus::failed);
  job.counts = sqlite_counts_at(row, 9);
  job.attempts = static_cast<std::uint32_t>(row.whole(14));
  job.error = row.text(15);
  if (!row.is_null(16)) job.parent_job_id = std::string(row.text(16));
  job.root_job_id = row.text(17);
  job.created_at = row.text(18);
  job.started_at = row.text(19);
  job.finished_at = row.text(20);
  job.created_by = row.text(21);
  job.metadata = row.text(22);
  job.file_sha256 = row.text(23);
  job.content_type = row.text(24);
  job.priority = static_cast<std::int32_t>(row.integer(25));
  return job;
}

Result<std::optional<Job>> find_sqlite_job(const SqliteConnection& connection, const std::string& id) {
  auto select = TRY(SqliteStatement::prepare(
      connection, "SELECT " + sqlite_job_columns() + " FROM ingestion_jobs WHERE id = ?1"));
  select.bind(1, id);
  if (!TRY(select.step())) return std::nullopt;
  return sqlite_job_of(select);
}

std::unexpected<Error> no_such_sqlite_job(const std::string& id) {
  return fail(ErrorKind::not_found, "there is no job " + id + " in this store.");
}

RowCounts sqlite_counts_at(const SqliteStatement& row, int column) {
  return {row.whole(column), row.whole(column + 1), row.whole(column + 2), row.whole(column + 3),
          row.whole(column + 4)};
}

Split sqlite_split_of(const SqliteStatement& row) {
  Split split;
  split.number = static_cast<std::uint32_t>(row.whole(0));
  split.done = row.text(1) == "COMPLETED";
  split.begin = position_at(row, 2);
  if (!row.is_null(5)) split.end = position_at(row, 5);
  split.checkpoint = {position_at(row, 8), std::string(row.text(11)), sqlite_counts_at(row, 12)};
  return split;
}

Result<> insert_sqlite_splits(const SqliteConnection& writer, const std::string& job_id,
                              std::span<const Split> splits, std::int64_t not_before_ms) {
  auto insert = TRY(SqliteStatement::prepare(
      writer,
      "INSERT INTO ingestion_splits (job_id, split_number, begin_offset, begin_row, begin_line, end_offset, "
      "end_row, end_line, checkpoint_offset, checkpoint_row, checkpoint_line, checkpoint_digest, not_before) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?3, ?4, ?5, ?9, ?10)"));
  const std::string digest_of_nothing = to_hex(Sha256().finish());
  for (const Split& split : splits) {
    insert.bind(1, job_id);
    insert.bind(2, std::uint64_t{split.number});
    bind_position(insert, 3, split.begin);
    if (split.end)
      bind_position(insert, 6, *split.end);
    else
      for (int i = 6; i <= 8; ++i) insert.bind_null(i);
    insert.bind(9, digest_of_nothing);
    insert.bind(10, not_before_ms);
    TRY(insert.run());
  }
  return {};
}

namespace {

// An archive waits for the last of its members.
Result<> tell_sqlite_archive(SqliteConnection& writer, const std::string& member_id) {
  auto tell = TRY(SqliteStatement::prepare(
      writer,
      "UPDATE ingestion_splits SET not_before = 0 WHERE split_number = 1 AND status <> 'COMPLETED' AND "
      "job_id = "
      "(SELECT parent_job_id FROM ingestion_jobs WHERE id = ?1 AND root_job_id = id) AND NOT EXISTS (SELECT "
      "1 "
      "FROM ingestion_jobs m WHERE m.parent_job_id = job_id AND m.root_job_id = m.id AND m.status IN "
      "('PENDING', 'PROCESSING'))"));
  tell.bind(1, member_id);
  return tell.run();
}

}  // namespace

Result<> end_sqlite_job(SqliteConnection& writer, const std::string& job_id, JobStatus status,
                        const std::string& error) {
  auto finish =
      TRY(SqliteStatement::prepare(writer,
                                   "UPDATE ingestion_jobs SET status = ?2, error = ?3, finished_at = ?4 "
                                   "WHERE id = ?1 AND status IN ('PENDING', 'PROCESSING')"));
  std::string now = rfc3339(now_ms());
  finish.bind(1, job_id);
  finish.bind(2, name_of(status));
  finish.bind(3, error);
  finish.bind(4, now);
  TRY(finish.run());
  if (finish.changes() == 0) return {};
  auto raise_epochs = TRY(SqliteStatement::prepare(
      writer,
      "UPDATE ingestion_splits SET lease_owner = '', lease_until = 0, lease_epoch = lease_epoch + 1, "
      "queued_at = NULL WHERE job_id = ?1"));
  raise_epochs.bind(1, job_id);
  TRY(raise_epochs.run());
  // Another end may be taken back (reopen), and the rows to come are still held against those of before.
  if (status == JobStatus::completed) TRY(forget_sqlite_unique_values(writer, job_id));
  const char* type = status == JobStatus::completed ? "job.completed"
                     : status == JobStatus::failed  ? "job.failed"
                                                    : "job.cancelled";
  TRY(write_sqlite_status_event(writer, job_id, type));
  return tell_sqlite_archive(writer, job_id);
}

Result<> write_sqlite_status_event(SqliteConnection& writer, const std::string& job_id,
                                   const std::string& type) {
  auto insert = TRY(SqliteStatement::prepare(
      writer,
      "INSERT INTO ingestion_events (id, tenant, job_id, pipeline, type, time, data) "
      "SELECT ?2, tenant, id, pipeline, ?3, ?4, json_patch(json_object('rows', json_object('read', "
      "rows_read, "
      "'inserted', rows_inserted, 'updated', rows_updated, 'duplicate', rows_duplicate, 'rejected', "
      "rows_rejected)), iif(error = '', '{}', json_object('error', error))) "
      "FROM ingestion_jobs WHERE id = ?1"));
  const std::string id = new_uuid(), now = rfc3339(now_ms());
  insert.bind(1, job_id);
  insert.bind(2, id);
  insert.bind(3, type);
  insert.bind(4, now);
  return insert.run();
}

}  // namespace sluice
