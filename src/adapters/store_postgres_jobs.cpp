#include "adapters/store_postgres_jobs.h"

#include "adapters/pg_binary.h"
#include "base/sha256.h"
#include "base/uuid.h"

namespace sluice {
namespace {

std::string utc(const std::string& column) {
  return "to_char(" + column + R"( AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))";
}

const std::string kSelectJob =
    "SELECT id, tenant, pipeline, file_name, blob, plan, file_size, sequence, status, attempts, error, "
    "parent_job_id, root_job_id, " +
    utc("created_at") + ", " + utc("started_at") + ", " + utc("finished_at") +
    ", c.read, c.inserted, c.updated, c.duplicate, c.rejected FROM ingestion_jobs j, LATERAL "
    "(SELECT sum(rows_read) AS read, sum(rows_inserted) AS inserted, sum(rows_updated) AS updated, "
    "sum(rows_duplicate) AS duplicate, sum(rows_rejected) AS rejected "
    "FROM ingestion_splits s WHERE s.job_id = j.id) c ";

Job job_of(const PgResult& row) {
  auto text = [&](int column) { return std::string(row.text(0, column)); };
  Job job;
  job.id = text(0);
  job.tenant = text(1);
  job.pipeline = text(2);
  job.file_name = text(3);
  job.blob = text(4);
  job.plan = text(5);
  job.file_size = row.whole(0, 6);
  job.sequence = row.integer(0, 7);
  job.status = job_status_named(row.text(0, 8)).value_or(JobStatus::failed);
  job.attempts = static_cast<std::uint32_t>(row.whole(0, 9));
  job.error = text(10);
  if (!row.is_null(0, 11)) job.parent_job_id = text(11);
  job.root_job_id = text(12);
  job.created_at = text(13);
  job.started_at = text(14);
  job.finished_at = text(15);
  job.counts = {row.whole(0, 16), row.whole(0, 17), row.whole(0, 18), row.whole(0, 19), row.whole(0, 20)};
  return job;
}

std::unexpected<Error> no_such_job(const std::string& id) {
  return fail(ErrorKind::not_found, "there is no job " + id + " in this store.");
}

// An id that is no UUID is the id of no job; the server would take it for an error in the statement.
Result<std::optional<Job>> find_job(PgConnection& connection, const std::string& id) {
  if (!uuid_bytes(id)) return std::nullopt;
  auto found = TRY(connection.query(kSelectJob + "WHERE j.id = $1", PgParams().text(id)));
  if (found.rows() == 0) return std::nullopt;
  return job_of(found);
}

PgParams& add_position(PgParams& params, const Position& position) {
  return params.whole(position.offset).whole(position.row).whole(position.line);
}

Result<> insert_splits(PgConnection& connection, const NewJob& job) {
  const std::string digest_of_nothing = to_hex(Sha256().finish());
  for (const Split& split : job.splits) {
    PgParams params;
    params.text(job.id).whole(split.number);
    add_position(params, split.begin);
    if (split.end)
      add_position(params, *split.end);
    else
      params.null().null().null();
    params.text(digest_of_nothing);
    TRY(connection.query(
        "INSERT INTO ingestion_splits (job_id, split_number, begin_offset, begin_row, begin_line, "
        "end_offset, "
        "end_row, end_line, checkpoint_offset, checkpoint_row, checkpoint_line, checkpoint_digest) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $3, $4, $5, $9)",
        params));
  }
  return {};
}

Result<> insert_job(PgConnection& connection, const NewJob& job, const std::string& root) {
  PgParams params;
  params.text(job.id).text(job.tenant).text(job.pipeline).text(job.file_name).whole(job.file_size);
  params.text(job.blob).whole(job.splits.size()).text(job.created_by);
  params.text_or_null(job.parent_job_id.value_or("")).text(root).text(job.resume_key).text(job.plan);
  TRY(
      connection.query("INSERT INTO ingestion_jobs (id, tenant, pipeline, file_name, file_size, blob, "
                       "open_splits, created_by, "
                       "parent_job_id, root_job_id, resume_key, plan) VALUES ($1, $2, $3, $4, $5, $6, $7, "
                       "$8, $9, $10, $11, $12) "
                       "ON CONFLICT (id) DO NOTHING",
                       params));
  return {};
}

struct SplitState {
  std::string status, job_status, owner;
  std::uint64_t epoch = 0;
  bool live = false;
};

Result<SplitState> split_state(PgConnection& connection, const std::string& job_id, std::uint32_t number,
                               const char* locking) {
  auto none = [&] {
    return fail(ErrorKind::not_found,
                "there is no split " + std::to_string(number) + " of a job " + job_id + " in this store.");
  };
  if (!uuid_bytes(job_id)) return none();
  auto found = TRY(connection.query(
      "SELECT s.status, j.status, s.lease_owner, s.lease_epoch, s.lease_until > clock_timestamp() "
      "FROM ingestion_splits s JOIN ingestion_jobs j ON j.id = s.job_id "
      "WHERE s.job_id = $1 AND s.split_number = $2" +
          std::string(locking),
      PgParams().text(job_id).whole(number)));
  if (found.rows() == 0) return none();
  return SplitState{std::string(found.text(0, 0)), std::string(found.text(0, 1)),
                    std::string(found.text(0, 2)), found.whole(0, 3), found.yes(0, 4)};
}

Result<> check_free(const SplitState& state, const std::string& job_id, std::uint32_t number,
                    const std::string& owner, const std::function<bool(const std::string& owner)>& is_dead) {
  const std::string split = "split " + std::to_string(number) + " of job " + job_id;
  if (state.job_status != "PENDING" && state.job_status != "PROCESSING")
    return fail(ErrorKind::conflict, "job " + job_id + " has ended: it is " + state.job_status + ".");
  if (state.status == "COMPLETED") return fail(ErrorKind::conflict, split + " is done.");
  if (!state.owner.empty() && state.owner != owner && state.live && !(is_dead && is_dead(state.owner)))
    return fail(
        ErrorKind::conflict,
        split + " is being worked on by " + state.owner + ". Wait until it is done, or stop it first.", true);
  return {};
}

std::string milliseconds(std::chrono::milliseconds duration) {
  return std::to_string(duration.count()) + " milliseconds";
}

}  // namespace

std::string postgres_session_name(const std::string& job_id, std::uint32_t split_number) {
  return "sluice " + job_id + "/" + std::to_string(split_number);
}

std::string postgres_session_name(const Lease& lease) {
  return postgres_session_name(lease.job_id, lease.split_number) + "/" + std::to_string(lease.epoch);
}

Result<> end_postgres_sessions(PgConnection& connection, const std::string& name, PgEnd how) {
  auto ended = TRY(connection.query(
      "SELECT pg_terminate_backend(pid, $2) FROM pg_stat_activity "
      "WHERE (application_name = $1 OR starts_with(application_name, $1 || '/')) "
      "AND pid <> pg_backend_pid() AND datname = current_database()",
      PgParams().text(name, static_cast<Oid>(PgType::text)).integer(how == PgEnd::wait ? 5000 : 0)));
  for (int row = 0; row < ended.rows(); ++row)
    if (!ended.yes(row, 0))
      return fail(ErrorKind::unavailable,
                  "a session of an earlier try (" + name + " in pg_stat_activity) does not end.", true);
  return {};
}

Result<Job> PostgresJobStore::create(const NewJob& job) {
  if (job.splits.empty()) return fail(ErrorKind::internal, "job " + job.id + " was made without a split.");
  return pool_.transact<Job>([&](PgConnection& connection) -> Result<Job> {
    if (auto known = TRY(find_job(connection, job.id))) return *known;
    std::string root = job.id;
    if (job.parent_job_id) {
      auto parent = TRY(find_job(connection, *job.parent_job_id));
      if (!parent) return no_such_job(*job.parent_job_id);
      root = parent->root_job_id;
    }
    TRY(insert_job(connection, job, root));
    // Somebody who made the same job at the same moment has made its splits, too.
    auto made = TRY(find_job(connection, job.id));
    if (made && TRY(connection.query("SELECT 1 FROM ingestion_splits WHERE job_id = $1 LIMIT 1",
                                     PgParams().text(job.id)))
                        .rows() == 0) {
      TRY(insert_splits(connection, job));
      made = TRY(find_job(connection, job.id));
    }
    if (!made) return no_such_job(job.id);
    return *made;
  });
}

Result<Job> PostgresJobStore::get(const std::string& id) {
  return pool_.transact<Job>([&](PgConnection& connection) -> Result<Job> {
    auto job = TRY(find_job(connection, id));
    if (!job) return no_such_job(id);
    return *job;
  });
}

Result<std::vector<Split>> PostgresJobStore::splits(const std::string& job_id) {
  if (!uuid_bytes(job_id)) return no_such_job(job_id);
  return pool_.transact<std::vector<Split>>([&](PgConnection& connection) -> Result<std::vector<Split>> {
    auto found = TRY(connection.query(
        "SELECT split_number, status = 'COMPLETED', begin_offset, begin_row, begin_line, end_offset, "
        "end_row, "
        "end_line, checkpoint_offset, checkpoint_row, checkpoint_line, checkpoint_digest, rows_read, "
        "rows_inserted, rows_updated, rows_duplicate, rows_rejected FROM ingestion_splits WHERE job_id = $1 "
        "ORDER BY split_number",
        PgParams().text(job_id)));
    std::vector<Split> splits;
    for (int row = 0; row < found.rows(); ++row) {
      auto position = [&](int column) {
        return Position{found.whole(row, column), found.whole(row, column + 1), found.whole(row, column + 2)};
      };
      Split split;
      split.number = static_cast<std::uint32_t>(found.whole(row, 0));
      split.done = found.yes(row, 1);
      split.begin = position(2);
      if (!found.is_null(row, 5)) split.end = position(5);
      split.checkpoint = {position(8),
                          std::string(found.text(row, 11)),
                          {found.whole(row, 12), found.whole(row, 13), found.whole(row, 14),
                           found.whole(row, 15), found.whole(row, 16)}};
      splits.push_back(std::move(split));
    }
    if (splits.empty()) return no_such_job(job_id);
    return splits;
  });
}

Result<std::optional<Job>> PostgresJobStore::find_unfinished(const std::string& resume_key) {
  if (resume_key.empty()) return std::nullopt;
  return pool_.transact<std::optional<Job>>([&](PgConnection& connection) -> Result<std::optional<Job>> {
    auto found = TRY(connection.query(
        kSelectJob +
            "WHERE resume_key = $1 AND status IN ('PENDING', 'PROCESSING') ORDER BY sequence DESC LIMIT 1",
        PgParams().text(resume_key)));
    if (found.rows() == 0) return std::nullopt;
    return job_of(found);
  });
}

Result<Lease> PostgresJobStore::lease(const std::string& job_id, std::uint32_t split_number,
                                      const std::string& owner, std::chrono::milliseconds duration,
                                      const std::function<bool(const std::string& owner)>& is_dead) {
  return pool_.transact<Lease>([&](PgConnection& connection) -> Result<Lease> {
    SplitState seen = TRY(split_state(connection, job_id, split_number, ""));
    TRY(check_free(seen, job_id, split_number, owner, is_dead));
    if (!seen.owner.empty())
      TRY(end_postgres_sessions(connection, postgres_session_name(job_id, split_number), PgEnd::ask));
    TRY(connection.execute("SET LOCAL lock_timeout = '5s'"));
    // What holds the split is on its way out, so it is not waited for long: a client that is alive after all
    // would be back before the server says that its old session is gone.
    SplitState state = TRY(split_state(connection, job_id, split_number, " FOR UPDATE OF s"));
    TRY(check_free(state, job_id, split_number, owner, is_dead));
    TRY(connection.query(
        "UPDATE ingestion_splits SET lease_owner = $3, lease_epoch = lease_epoch + 1, "
        "lease_until = clock_timestamp() + $4::interval, lease_duration = $4::interval, "
        "attempts = attempts + 1, status = 'PROCESSING' WHERE job_id = $1 AND split_number = $2",
        PgParams().text(job_id).whole(split_number).text(owner).text(milliseconds(duration))));
    TRY(connection.query(
        "UPDATE ingestion_jobs SET status = 'PROCESSING', started_at = coalesce(started_at, "
        "clock_timestamp()), "
        "attempts = greatest(attempts, (SELECT attempts FROM ingestion_splits WHERE job_id = $1 AND "
        "split_number = $2)) WHERE id = $1",
        PgParams().text(job_id).whole(split_number)));
    return Lease{job_id, split_number, state.epoch + 1, owner};
  });
}

Result<> PostgresJobStore::heartbeat(const Lease& lease, std::chrono::milliseconds duration) {
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    auto extended = TRY(connection.query(
        "UPDATE ingestion_splits SET lease_until = clock_timestamp() + $4::interval, lease_duration = "
        "$4::interval WHERE job_id = $1 AND split_number = $2 AND lease_epoch = $3 AND status <> 'COMPLETED'",
        PgParams()
            .text(lease.job_id)
            .whole(lease.split_number)
            .whole(lease.epoch)
            .text(milliseconds(duration))));
    if (extended.affected() == 0)
      return fail(ErrorKind::conflict, "the lease of split " + std::to_string(lease.split_number) +
                                           " of job " + lease.job_id +
                                           " is lost: another worker has it, or the job has ended.");
    return {};
  });
}

Result<> PostgresJobStore::release(const Lease& lease) {
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    // The epoch moves on, so that a commit that is still under way somewhere cannot come after.
    auto held =
        TRY(connection.query("SELECT 1 FROM ingestion_splits WHERE job_id = $1 AND split_number = $2 AND "
                             "lease_epoch = $3 FOR UPDATE",
                             PgParams().text(lease.job_id).whole(lease.split_number).whole(lease.epoch)));
    if (held.rows() == 1)
      TRY(
          connection.query("UPDATE ingestion_splits SET lease_owner = '', lease_until = '-infinity', "
                           "lease_epoch = lease_epoch + 1 "
                           "WHERE job_id = $1 AND split_number = $2",
                           PgParams().text(lease.job_id).whole(lease.split_number)));
    return {};
  });
}

Result<> PostgresJobStore::end(const std::string& job_id, JobStatus status, const std::string& error) {
  if (!uuid_bytes(job_id)) return no_such_job(job_id);
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    TRY(connection.query("SELECT 1 FROM ingestion_splits WHERE job_id = $1 ORDER BY split_number FOR UPDATE",
                         PgParams().text(job_id)));
    auto found =
        TRY(connection.query("SELECT status IN ('PENDING', 'PROCESSING') FROM ingestion_jobs WHERE id = $1 "
                             "FOR UPDATE",
                             PgParams().text(job_id)));
    if (found.rows() == 0) return no_such_job(job_id);
    if (!found.yes(0, 0)) return {};
    TRY(
        connection.query("UPDATE ingestion_splits SET lease_owner = '', lease_until = '-infinity', "
                         "lease_epoch = lease_epoch + 1 WHERE job_id = $1",
                         PgParams().text(job_id)));
    return write_postgres_job_end(connection, job_id, status, error);
  });
}

Result<> write_postgres_job_end(PgConnection& connection, const std::string& job_id, JobStatus status,
                                const std::string& error) {
  TRY(connection.query(
      "UPDATE ingestion_jobs j SET status = $2, error = $3, finished_at = clock_timestamp(), "
      "rows_read = c.read, rows_inserted = c.inserted, rows_updated = c.updated, rows_duplicate = "
      "c.duplicate, "
      "rows_rejected = c.rejected FROM (SELECT sum(rows_read) AS read, sum(rows_inserted) AS inserted, "
      "sum(rows_updated) AS updated, sum(rows_duplicate) AS duplicate, sum(rows_rejected) AS rejected "
      "FROM ingestion_splits WHERE job_id = $1) c WHERE j.id = $1",
      PgParams().text(job_id).text(name_of(status)).text(error)));
  TRY(connection.query(
      "DELETE FROM job_unique_values WHERE job_sequence = (SELECT sequence FROM ingestion_jobs "
      "WHERE id = $1)",
      PgParams().text(job_id)));
  TRY(connection.query("DELETE FROM ingestion_lanes WHERE job_id = $1", PgParams().text(job_id)));
  return {};
}

}  // namespace sluice
