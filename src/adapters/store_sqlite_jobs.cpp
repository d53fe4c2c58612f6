#include "adapters/store_sqlite_jobs.h"

#include "adapters/store_sqlite_unique.h"
#include "base/sha256.h"

namespace sluice {
namespace {

constexpr std::string_view kJobColumns =
    "id, tenant, pipeline, file_name, blob, plan, file_size, sequence, status, rows_read, rows_inserted, "
    "rows_updated, rows_duplicate, rows_rejected, attempts, error, parent_job_id, root_job_id, created_at, "
    "started_at, finished_at";

RowCounts counts_at(const SqliteStatement& row, int column) {
  return {row.whole(column), row.whole(column + 1), row.whole(column + 2), row.whole(column + 3),
          row.whole(column + 4)};
}

Job job_of(const SqliteStatement& row) {
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
  job.counts = counts_at(row, 9);
  job.attempts = static_cast<std::uint32_t>(row.whole(14));
  job.error = row.text(15);
  if (!row.is_null(16)) job.parent_job_id = std::string(row.text(16));
  job.root_job_id = row.text(17);
  job.created_at = row.text(18);
  job.started_at = row.text(19);
  job.finished_at = row.text(20);
  return job;
}

Result<std::optional<Job>> find_job(const SqliteConnection& connection, const std::string& id) {
  auto select = TRY(SqliteStatement::prepare(
      connection, "SELECT " + std::string(kJobColumns) + " FROM ingestion_jobs WHERE id = ?1"));
  select.bind(1, id);
  if (!TRY(select.step())) return std::nullopt;
  return job_of(select);
}

std::unexpected<Error> no_such_job(const std::string& id) {
  return fail(ErrorKind::not_found, "there is no job " + id + " in this store.");
}

Position position_at(const SqliteStatement& row, int column) {
  return {row.whole(column), row.whole(column + 1), row.whole(column + 2)};
}

void bind_position(SqliteStatement& statement, int first, const Position& position) {
  statement.bind(first, position.offset);
  statement.bind(first + 1, position.row);
  statement.bind(first + 2, position.line);
}

Result<> insert_splits(const SqliteConnection& writer, const NewJob& job) {
  auto insert = TRY(SqliteStatement::prepare(
      writer,
      "INSERT INTO ingestion_splits (job_id, split_number, begin_offset, begin_row, begin_line, end_offset, "
      "end_row, end_line, checkpoint_offset, checkpoint_row, checkpoint_line, checkpoint_digest) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?3, ?4, ?5, ?9)"));
  const std::string digest_of_nothing = to_hex(Sha256().finish());
  for (const Split& split : job.splits) {
    insert.bind(1, job.id);
    insert.bind(2, std::uint64_t{split.number});
    bind_position(insert, 3, split.begin);
    if (split.end)
      bind_position(insert, 6, *split.end);
    else
      for (int i = 6; i <= 8; ++i) insert.bind_null(i);
    insert.bind(9, digest_of_nothing);
    TRY(insert.run());
  }
  return {};
}

Result<> insert_job(const SqliteConnection& writer, const NewJob& job, const std::string& root) {
  auto insert =
      TRY(SqliteStatement::prepare(writer,
                                   "INSERT INTO ingestion_jobs (id, tenant, pipeline, file_name, file_size, "
                                   "blob, open_splits, created_at, "
                                   "created_by, parent_job_id, root_job_id, resume_key, plan) "
                                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"));
  std::string now = rfc3339(now_ms());
  insert.bind(1, job.id);
  insert.bind(2, job.tenant);
  insert.bind(3, job.pipeline);
  insert.bind(4, job.file_name);
  insert.bind(5, job.file_size);
  insert.bind(6, job.blob);
  insert.bind(7, std::uint64_t{job.splits.size()});
  insert.bind(8, now);
  insert.bind(9, job.created_by);
  if (job.parent_job_id)
    insert.bind(10, *job.parent_job_id);
  else
    insert.bind_null(10);
  insert.bind(11, root);
  insert.bind(12, job.resume_key);
  insert.bind(13, job.plan);
  return insert.run();
}

struct SplitState {
  bool done = false, job_ended = false;
  std::string job_status, owner;
  std::uint64_t epoch = 0;
  std::int64_t until = 0;
};

Result<SplitState> split_state(const SqliteConnection& writer, const std::string& job_id,
                               std::uint32_t number) {
  auto select = TRY(SqliteStatement::prepare(
      writer,
      "SELECT s.status, j.status, s.lease_owner, s.lease_epoch, s.lease_until FROM ingestion_splits s "
      "JOIN ingestion_jobs j ON j.id = s.job_id WHERE s.job_id = ?1 AND s.split_number = ?2"));
  select.bind(1, job_id);
  select.bind(2, std::uint64_t{number});
  if (!TRY(select.step()))
    return fail(ErrorKind::not_found,
                "there is no split " + std::to_string(number) + " of a job " + job_id + " in this store.");
  SplitState state;
  state.done = select.text(0) == "COMPLETED";
  state.job_status = select.text(1);
  state.job_ended = state.job_status != "PENDING" && state.job_status != "PROCESSING";
  state.owner = select.text(2);
  state.epoch = select.whole(3);
  state.until = select.integer(4);
  return state;
}

}  // namespace

Result<Job> SqliteJobStore::create(const NewJob& job) {
  if (job.splits.empty()) return fail(ErrorKind::internal, "job " + job.id + " was made without a split.");
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  if (auto known = TRY(find_job(database_.writer, job.id))) return *known;
  std::string root = job.id;
  if (job.parent_job_id) {
    auto parent = TRY(find_job(database_.writer, *job.parent_job_id));
    if (!parent) return no_such_job(*job.parent_job_id);
    root = parent->root_job_id;
  }
  TRY(insert_job(database_.writer, job, root));
  TRY(insert_splits(database_.writer, job));
  auto made = TRY(find_job(database_.writer, job.id));
  TRY(transaction.commit());
  return *made;
}

Result<Job> SqliteJobStore::get(const std::string& id) {
  std::lock_guard lock(database_.reader_mutex);
  auto job = TRY(find_job(database_.reader, id));
  if (!job) return no_such_job(id);
  return *job;
}

Result<std::vector<Split>> SqliteJobStore::splits(const std::string& job_id) {
  std::lock_guard lock(database_.reader_mutex);
  auto select = TRY(SqliteStatement::prepare(
      database_.reader,
      "SELECT split_number, status, begin_offset, begin_row, begin_line, end_offset, end_row, end_line, "
      "checkpoint_offset, checkpoint_row, checkpoint_line, checkpoint_digest, rows_read, rows_inserted, "
      "rows_updated, rows_duplicate, rows_rejected FROM ingestion_splits WHERE job_id = ?1 ORDER BY "
      "split_number"));
  select.bind(1, job_id);
  std::vector<Split> splits;
  while (TRY(select.step())) {
    Split split;
    split.number = static_cast<std::uint32_t>(select.whole(0));
    split.done = select.text(1) == "COMPLETED";
    split.begin = position_at(select, 2);
    if (!select.is_null(5)) split.end = position_at(select, 5);
    split.checkpoint = {position_at(select, 8), std::string(select.text(11)), counts_at(select, 12)};
    splits.push_back(std::move(split));
  }
  if (splits.empty()) return no_such_job(job_id);
  return splits;
}

Result<std::optional<Job>> SqliteJobStore::find_unfinished(const std::string& resume_key) {
  if (resume_key.empty()) return std::nullopt;
  std::lock_guard lock(database_.reader_mutex);
  auto select = TRY(SqliteStatement::prepare(
      database_.reader,
      "SELECT " + std::string(kJobColumns) +
          " FROM ingestion_jobs WHERE resume_key = ?1 AND status IN ('PENDING', 'PROCESSING') "
          "ORDER BY sequence DESC LIMIT 1"));
  select.bind(1, resume_key);
  if (!TRY(select.step())) return std::nullopt;
  return job_of(select);
}

Result<Lease> SqliteJobStore::lease(const std::string& job_id, std::uint32_t split_number,
                                    const std::string& owner, std::chrono::milliseconds duration,
                                    const std::function<bool(const std::string& owner)>& is_dead) {
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  SplitState state = TRY(split_state(database_.writer, job_id, split_number));
  const std::string split = "split " + std::to_string(split_number) + " of job " + job_id;
  if (state.job_ended)
    return fail(ErrorKind::conflict, "job " + job_id + " has ended: it is " + state.job_status + ".");
  if (state.done) return fail(ErrorKind::conflict, split + " is done.");
  const std::int64_t now = now_ms();
  if (!state.owner.empty() && state.owner != owner && state.until > now && !(is_dead && is_dead(state.owner)))
    return fail(
        ErrorKind::conflict,
        split + " is being worked on by " + state.owner + ". Wait until it is done, or stop it first.", true);
  auto take = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_splits SET lease_owner = ?3, lease_epoch = ?4, lease_until = ?5, lease_ms = ?6, "
      "attempts = attempts + 1, status = 'PROCESSING' WHERE job_id = ?1 AND split_number = ?2"));
  take.bind(1, job_id);
  take.bind(2, std::uint64_t{split_number});
  take.bind(3, owner);
  take.bind(4, state.epoch + 1);
  take.bind(5, now + duration.count());
  take.bind(6, std::int64_t{duration.count()});
  TRY(take.run());
  auto start = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_jobs SET status = 'PROCESSING', started_at = coalesce(started_at, ?3), attempts = "
      "max(attempts, (SELECT attempts FROM ingestion_splits WHERE job_id = ?1 AND split_number = ?2)) WHERE "
      "id = ?1"));
  std::string now_text = rfc3339(now);
  start.bind(1, job_id);
  start.bind(2, std::uint64_t{split_number});
  start.bind(3, now_text);
  TRY(start.run());
  TRY(transaction.commit());
  return Lease{job_id, split_number, state.epoch + 1, owner};
}

Result<> SqliteJobStore::heartbeat(const Lease& lease, std::chrono::milliseconds duration) {
  auto pass = database_.gate.control();
  auto extend = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_splits SET lease_until = ?4, lease_ms = ?5 "
      "WHERE job_id = ?1 AND split_number = ?2 AND lease_epoch = ?3 AND status <> 'COMPLETED'"));
  extend.bind(1, lease.job_id);
  extend.bind(2, std::uint64_t{lease.split_number});
  extend.bind(3, lease.epoch);
  extend.bind(4, now_ms() + duration.count());
  extend.bind(5, std::int64_t{duration.count()});
  TRY(extend.run());
  if (extend.changes() == 0)
    return fail(ErrorKind::conflict, "the lease of split " + std::to_string(lease.split_number) + " of job " +
                                         lease.job_id +
                                         " is lost: another worker has it, or the job has ended.");
  return {};
}

Result<> SqliteJobStore::release(const Lease& lease) {
  auto pass = database_.gate.control();
  // The epoch moves on, so that a commit that is still under way somewhere cannot come after.
  auto give_back = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_splits SET lease_owner = '', lease_until = 0, lease_epoch = lease_epoch + 1 "
      "WHERE job_id = ?1 AND split_number = ?2 AND lease_epoch = ?3"));
  give_back.bind(1, lease.job_id);
  give_back.bind(2, std::uint64_t{lease.split_number});
  give_back.bind(3, lease.epoch);
  return give_back.run();
}

Result<> SqliteJobStore::end(const std::string& job_id, JobStatus status, const std::string& error) {
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  if (!TRY(find_job(database_.writer, job_id))) return no_such_job(job_id);
  TRY(end_sqlite_job(database_.writer, job_id, status, error));
  return transaction.commit();
}

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
      "UPDATE ingestion_splits SET lease_owner = '', lease_until = 0, lease_epoch = lease_epoch + 1 "
      "WHERE job_id = ?1"));
  raise_epochs.bind(1, job_id);
  TRY(raise_epochs.run());
  return forget_sqlite_unique_values(writer, job_id);
}

}  // namespace sluice
