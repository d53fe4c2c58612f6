#include "adapters/store_sqlite_jobs.h"

#include "adapters/job_refusals.h"
#include "adapters/store_sqlite_job_row.h"

namespace sluice {
namespace {

constexpr std::int64_t kKeyKeptMs = 30LL * 24 * 60 * 60 * 1000;  // past the job's end

Result<> insert_job(const SqliteConnection& writer, const NewJob& job, const std::string& root) {
  auto insert = TRY(SqliteStatement::prepare(
      writer,
      "INSERT INTO ingestion_jobs (id, tenant, pipeline, file_name, file_size, blob, open_splits, "
      "created_at, created_by, parent_job_id, root_job_id, resume_key, plan, metadata, file_sha256, "
      "content_type, priority, dispatched, most_splits) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"));
  std::string now = rfc3339(now_ms());
  const bool to_be_planned = job.splits.empty();
  insert.bind(1, job.id);
  insert.bind(2, job.tenant);
  insert.bind(3, job.pipeline);
  insert.bind(4, job.file_name);
  insert.bind(5, job.file_size);
  insert.bind(6, job.blob);
  insert.bind(7, std::uint64_t{to_be_planned ? 1 : job.splits.size()});
  insert.bind(8, now);
  insert.bind(9, job.created_by);
  insert.bind_or_null(10, job.parent_job_id ? *job.parent_job_id : std::string_view());
  insert.bind(11, root);
  insert.bind(12, job.resume_key);
  insert.bind(13, job.plan);
  insert.bind_or_null(14, job.metadata);
  insert.bind(15, job.file_sha256);
  insert.bind(16, job.content_type);
  insert.bind(17, std::int64_t{job.priority});
  insert.bind(18, std::int64_t{to_be_planned});
  insert.bind(19, std::uint64_t{job.most_splits});
  return insert.run();
}

// The job that an earlier request with this key has made. A key whose time is over is forgotten.
Result<std::optional<Job>> find_keyed(const SqliteConnection& writer, const NewJob& job) {
  auto select = TRY(SqliteStatement::prepare(
      writer,
      "SELECT k.digest, k.job_id, coalesce(k.job_ended_at, j.finished_at) < ?3 FROM idempotency_keys k "
      "LEFT JOIN ingestion_jobs j ON j.id = k.job_id WHERE k.tenant = ?1 AND k.key = ?2"));
  const std::string kept_since = rfc3339(now_ms() - kKeyKeptMs);
  select.bind(1, job.tenant);
  select.bind(2, job.idempotency_key);
  select.bind(3, kept_since);
  if (!TRY(select.step())) return std::nullopt;
  if (select.integer(2) != 0) {
    auto forget =
        TRY(SqliteStatement::prepare(writer, "DELETE FROM idempotency_keys WHERE tenant = ?1 AND key = ?2"));
    forget.bind(1, job.tenant);
    forget.bind(2, job.idempotency_key);
    TRY(forget.run());
    return std::nullopt;
  }
  const std::string job_id(select.text(1));
  TRY(check_same_request(job, std::string(select.text(0)), job_id));
  auto made = TRY(find_sqlite_job(writer, job_id));
  if (!made) return job_of_key_is_gone(job, job_id);
  return made;
}

Result<> keep_key(const SqliteConnection& writer, const NewJob& job) {
  auto insert = TRY(SqliteStatement::prepare(writer,
                                             "INSERT INTO idempotency_keys (tenant, key, digest, job_id, "
                                             "created_at) VALUES (?1, ?2, ?3, ?4, ?5)"));
  std::string now = rfc3339(now_ms());
  insert.bind(1, job.tenant);
  insert.bind(2, job.idempotency_key);
  insert.bind(3, job.idempotency_digest);
  insert.bind(4, job.id);
  insert.bind(5, now);
  return insert.run();
}

// As the column has it, with its three digits; texts compare like times then.
Result<std::string> as_stored(const SqliteConnection& reader, const std::string& time) {
  if (time.empty()) return "";
  auto convert = TRY(SqliteStatement::prepare(reader, "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ?1)"));
  convert.bind(1, time);
  (void)TRY(convert.step());
  if (convert.is_null(0)) return not_a_time(time);
  return std::string(convert.text(0));
}

}  // namespace

Result<Job> SqliteJobStore::create(const NewJob& job) {
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  if (auto known = TRY(find_sqlite_job(database_.writer, job.id))) return *known;
  if (!job.idempotency_key.empty()) {
    if (auto made = TRY(find_keyed(database_.writer, job))) return *made;
    TRY(keep_key(database_.writer, job));
  }
  std::string root = job.id;
  if (job.parent_job_id) {
    auto parent = TRY(find_sqlite_job(database_.writer, *job.parent_job_id));
    if (!parent) return no_such_sqlite_job(*job.parent_job_id);
    if (job.member)
      TRY(check_takes_members(*parent));
    else
      root = parent->root_job_id;
  }
  TRY(insert_job(database_.writer, job, root));
  const Split planning{.number = kPlanningSplit};
  TRY(insert_sqlite_splits(database_.writer, job.id,
                           job.splits.empty() ? std::span(&planning, 1) : std::span(job.splits),
                           job.not_before_ms));
  auto made = TRY(find_sqlite_job(database_.writer, job.id));
  TRY(transaction.commit());
  return *made;
}

Result<Job> SqliteJobStore::get(const std::string& id) {
  std::lock_guard lock(database_.reader_mutex);
  auto job = TRY(find_sqlite_job(database_.reader, id));
  if (!job) return no_such_sqlite_job(id);
  return *job;
}

Result<std::vector<Split>> SqliteJobStore::splits(const std::string& job_id) {
  std::vector<Split> splits;
  for (SplitStatus& status : TRY(split_status(job_id))) splits.push_back(std::move(status.split));
  return splits;
}

Result<std::vector<SplitStatus>> SqliteJobStore::split_status(const std::string& job_id) {
  std::lock_guard lock(database_.reader_mutex);
  auto select = TRY(SqliteStatement::prepare(
      database_.reader, "SELECT " + std::string(kSqliteSplitColumns) +
                            ", iif(lease_until > ?2, lease_owner, ''), last_error, attempts "
                            "FROM ingestion_splits WHERE job_id = ?1 ORDER BY split_number"));
  select.bind(1, job_id);
  select.bind(2, now_ms());
  std::vector<SplitStatus> splits;
  while (TRY(select.step()))
    splits.push_back({sqlite_split_of(select), std::string(select.text(17)), std::string(select.text(18)),
                      static_cast<std::uint32_t>(select.whole(19))});
  if (splits.empty()) return no_such_sqlite_job(job_id);
  return splits;
}

Result<std::optional<Job>> SqliteJobStore::find_unfinished(const std::string& resume_key) {
  if (resume_key.empty()) return std::nullopt;
  std::lock_guard lock(database_.reader_mutex);
  auto select = TRY(SqliteStatement::prepare(
      database_.reader,
      "SELECT " + sqlite_job_columns() +
          " FROM ingestion_jobs WHERE resume_key = ?1 AND status IN ('PENDING', 'PROCESSING') "
          "ORDER BY sequence DESC LIMIT 1"));
  select.bind(1, resume_key);
  if (!TRY(select.step())) return std::nullopt;
  return sqlite_job_of(select);
}

Result<std::vector<Job>> SqliteJobStore::list(const JobFilter& filter, std::optional<std::int64_t> before,
                                              std::size_t limit) {
  std::lock_guard lock(database_.reader_mutex);
  const std::string from = TRY(as_stored(database_.reader, filter.created_from));
  const std::string until = TRY(as_stored(database_.reader, filter.created_before));
  std::string sql = "SELECT " + sqlite_job_columns() + " FROM ingestion_jobs WHERE tenant = ?1";
  if (filter.status) sql += " AND status = ?2";
  if (!filter.pipeline.empty()) sql += " AND pipeline = ?3";
  if (!from.empty()) sql += " AND created_at >= ?4";
  if (!until.empty()) sql += " AND created_at < ?5";
  if (filter.parent_job_id) sql += " AND parent_job_id = ?6";
  if (before) sql += " AND sequence < ?7";
  if (!filter.file_contains.empty()) sql += " AND instr(lower(file_name), lower(?9)) > 0";
  if (filter.sequence_from) sql += " AND sequence >= ?10";
  auto select = TRY(SqliteStatement::prepare(database_.reader, sql + " ORDER BY sequence DESC LIMIT ?8"));
  select.bind(1, filter.tenant);
  if (filter.status) select.bind(2, name_of(*filter.status));
  select.bind(3, filter.pipeline);
  select.bind(4, from);
  select.bind(5, until);
  if (filter.parent_job_id) select.bind(6, *filter.parent_job_id);
  if (before) select.bind(7, *before);
  select.bind(8, std::uint64_t{limit});
  if (!filter.file_contains.empty()) select.bind(9, filter.file_contains);
  if (filter.sequence_from) select.bind(10, *filter.sequence_from);
  std::vector<Job> jobs;
  while (TRY(select.step())) jobs.push_back(sqlite_job_of(select));
  return jobs;
}

Result<Members> SqliteJobStore::members(const std::string& archive_id) {
  std::lock_guard lock(database_.reader_mutex);
  auto select = TRY(SqliteStatement::prepare(
      database_.reader,
      "SELECT status, count(*), sum(file_size), sum(rows_read), sum(rows_inserted), sum(rows_updated), "
      "sum(rows_duplicate), sum(rows_rejected) FROM ingestion_jobs WHERE parent_job_id = ?1 AND root_job_id "
      "= "
      "id GROUP BY status"));
  select.bind(1, archive_id);
  Members members;
  while (TRY(select.step()))
    members.add(job_status_named(select.text(0)).value_or(JobStatus::pending), select.whole(1),
                select.whole(2),
                {select.whole(3), select.whole(4), select.whole(5), select.whole(6), select.whole(7)});
  return members;
}

}  // namespace sluice
