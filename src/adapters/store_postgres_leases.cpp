// PostgresJobStore: who works on a split, and what became of the attempt.
#include "adapters/job_refusals.h"
#include "adapters/pg_binary.h"
#include "adapters/store_postgres_job_row.h"
#include "adapters/store_postgres_jobs.h"
#include "base/uuid.h"

namespace sluice {
namespace {

struct LeasedSplit {
  std::string status, job_status, owner, last_error;
  std::uint64_t epoch = 0;
  bool live = false;
  std::string put_off_until;  // "" : it may be taken
};

Result<LeasedSplit> leased_split(PgConnection& connection, const std::string& job_id, std::uint32_t number,
                                 const char* locking) {
  auto none = [&] {
    return fail(ErrorKind::not_found,
                "there is no split " + std::to_string(number) + " of a job " + job_id + " in this store.");
  };
  if (!uuid_bytes(job_id)) return none();
  auto found = TRY(connection.query(
      "SELECT s.status, j.status, s.lease_owner, s.last_error, s.lease_epoch, s.lease_until > "
      "clock_timestamp(), CASE WHEN s.not_before > clock_timestamp() THEN " +
          pg_utc("s.not_before") +
          " END FROM ingestion_splits s JOIN ingestion_jobs j ON j.id = s.job_id "
          "WHERE s.job_id = $1 AND s.split_number = $2" +
          locking,
      PgParams().text(job_id).whole(number)));
  if (found.rows() == 0) return none();
  auto text = [&](int column) { return std::string(found.text(0, column)); };
  return LeasedSplit{text(0), text(1), text(2), text(3), found.whole(0, 4), found.yes(0, 5), text(6)};
}

Result<> check_free(const LeasedSplit& state, const std::string& job_id, std::uint32_t number,
                    const std::string& owner, const std::function<bool(const std::string& owner)>& is_dead) {
  const std::string split = "split " + std::to_string(number) + " of job " + job_id;
  if (state.job_status != "PENDING" && state.job_status != "PROCESSING")
    return fail(ErrorKind::conflict, "job " + job_id + " has ended: it is " + state.job_status + ".");
  if (state.status == "COMPLETED") return fail(ErrorKind::conflict, split + " is done.");
  if (!state.owner.empty() && state.owner != owner && state.live && !(is_dead && is_dead(state.owner)))
    return fail(
        ErrorKind::conflict,
        split + " is being worked on by " + state.owner + ". Wait until it is done, or stop it first.", true);
  if (!state.put_off_until.empty())
    return split_is_put_off(job_id, number, state.put_off_until, state.last_error);
  return {};
}

PgParams split_params(const Lease& lease) {
  PgParams params;
  params.text(lease.job_id).whole(lease.split_number).whole(lease.epoch);
  return params;
}

// Takes the split for itself where the lease is still the lease, and has then waited for a commit under way.
Result<bool> hold(PgConnection& connection, const Lease& lease) {
  auto held =
      TRY(connection.query("SELECT 1 FROM ingestion_splits WHERE job_id = $1 AND split_number = $2 AND "
                           "lease_epoch = $3 FOR UPDATE",
                           split_params(lease)));
  return held.rows() == 1;
}

// Frees a split that is held: `also` says what else is set. The epoch moves on, so that a commit that is
// still under way somewhere cannot come after.
Result<> give_back(PgConnection& connection, const std::string& also, const PgParams& params) {
  TRY(
      connection.query("UPDATE ingestion_splits SET lease_owner = '', lease_until = '-infinity', "
                       "lease_epoch = lease_epoch + 1" +
                           also + " WHERE job_id = $1 AND split_number = $2 AND lease_epoch = $3",
                       params));
  return {};
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

Result<Lease> PostgresJobStore::lease(const std::string& job_id, std::uint32_t split_number,
                                      const std::string& owner, std::chrono::milliseconds duration,
                                      const std::function<bool(const std::string& owner)>& is_dead) {
  return pool_.transact<Lease>([&](PgConnection& connection) -> Result<Lease> {
    LeasedSplit seen = TRY(leased_split(connection, job_id, split_number, ""));
    TRY(check_free(seen, job_id, split_number, owner, is_dead));
    if (!seen.owner.empty())
      TRY(end_postgres_sessions(connection, postgres_session_name(job_id, split_number), PgEnd::ask));
    TRY(connection.execute("SET LOCAL lock_timeout = '5s'"));
    // What holds the split is on its way out, so it is not waited for long: a client that is alive after all
    // would be back before the server says that its old session is gone.
    LeasedSplit state = TRY(leased_split(connection, job_id, split_number, " FOR UPDATE OF s"));
    TRY(check_free(state, job_id, split_number, owner, is_dead));
    auto taken = TRY(connection.query(
        "UPDATE ingestion_splits SET lease_owner = $3, lease_epoch = lease_epoch + 1, "
        "lease_until = clock_timestamp() + $4::interval, lease_duration = $4::interval, "
        "attempts = attempts + 1, attempts_in_vain = attempts_in_vain + 1, queued_at = NULL, "
        "status = 'PROCESSING' WHERE job_id = $1 AND split_number = $2 RETURNING attempts_in_vain",
        PgParams().text(job_id).whole(split_number).text(owner).text(pg_interval(duration))));
    TRY(connection.query(
        "WITH was AS (SELECT id, status FROM ingestion_jobs WHERE id = $1 FOR NO KEY UPDATE), started AS ("
        "UPDATE ingestion_jobs j SET status = 'PROCESSING', started_at = coalesce(started_at, "
        "clock_timestamp()), attempts = greatest(attempts, (SELECT attempts FROM ingestion_splits WHERE "
        "job_id = $1 AND split_number = $2)) FROM was WHERE j.id = was.id RETURNING j.*, was.status AS "
        "was) " +
            write_postgres_status_event("started", "'job.started'", "was = 'PENDING'"),
        PgParams().text(job_id).whole(split_number)));
    return Lease{job_id, split_number, state.epoch + 1, owner, static_cast<std::uint32_t>(taken.whole(0, 0))};
  });
}

Result<> PostgresJobStore::heartbeat(const Lease& lease, std::chrono::milliseconds duration) {
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    auto extended = TRY(connection.query(
        "UPDATE ingestion_splits SET lease_until = clock_timestamp() + $4::interval, lease_duration = "
        "$4::interval WHERE job_id = $1 AND split_number = $2 AND lease_epoch = $3 AND status <> 'COMPLETED'",
        split_params(lease).text(pg_interval(duration))));
    if (extended.affected() == 0) return lease_is_lost(lease);
    return {};
  });
}

Result<> PostgresJobStore::release(const Lease& lease) {
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    if (!TRY(hold(connection, lease))) return {};
    return give_back(connection, "", split_params(lease));
  });
}

Result<> PostgresJobStore::defer(const Lease& lease, std::chrono::milliseconds delay,
                                 const std::string& error) {
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    if (!TRY(hold(connection, lease))) return {};
    PgParams params = split_params(lease);
    params.text(pg_interval(delay)).text(error);
    return give_back(connection, ", not_before = clock_timestamp() + $4::interval, last_error = $5",
                     std::move(params));
  });
}

Result<std::vector<Lease>> PostgresJobStore::leases() {
  using Leases = std::vector<Lease>;
  return pool_.run<Leases>([](PgConnection& connection) -> Result<Leases> {
    auto found = TRY(connection.select(
        "SELECT s.job_id, s.split_number, s.lease_epoch, s.lease_owner FROM ingestion_jobs j "
        "JOIN ingestion_splits s ON s.job_id = j.id WHERE j.status = 'PROCESSING' "
        "AND s.lease_owner <> '' AND s.lease_until > clock_timestamp()"));
    Leases leases;
    for (int row = 0; row < found.rows(); ++row)
      leases.push_back({std::string(found.text(row, 0)), static_cast<std::uint32_t>(found.whole(row, 1)),
                        found.whole(row, 2), std::string(found.text(row, 3))});
    return leases;
  });
}

Result<> PostgresJobStore::hand_back(const Lease& lease, std::chrono::milliseconds delay) {
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    if (!TRY(hold(connection, lease))) return {};
    PgParams params = split_params(lease);
    params.text(pg_interval(delay));
    TRY(give_back(
        connection,
        ", attempts = greatest(attempts - 1, 0), attempts_in_vain = CASE WHEN $4::interval > '0' THEN 0 "
        "ELSE greatest(attempts_in_vain - 1, 0) END, not_before = clock_timestamp() + $4::interval",
        params));
    TRY(
        connection.query("UPDATE ingestion_jobs SET attempts = (SELECT max(attempts) FROM ingestion_splits "
                         "WHERE job_id = $1) WHERE id = $1",
                         PgParams().text(lease.job_id)));
    return {};
  });
}

Result<> PostgresJobStore::plan(const Lease& lease, const std::string& plan, std::span<const Split> splits) {
  TRY(check_planned(lease, splits));
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    if (!TRY(hold(connection, lease))) return lease_is_lost(lease);
    auto done = TRY(connection.query(
        "UPDATE ingestion_splits SET status = 'COMPLETED', lease_owner = '', lease_until = '-infinity', "
        "attempts_in_vain = 0 WHERE job_id = $1 AND split_number = $2 AND lease_epoch = $3 AND status = "
        "'PROCESSING'",
        split_params(lease)));
    // Done under this very lease: an answer was lost on its way, and the plan is there.
    if (done.affected() == 0) return {};
    TRY(insert_postgres_splits(connection, lease.job_id, splits, 0));
    TRY(connection.query(
        "UPDATE ingestion_jobs SET plan = $2, open_splits = open_splits - 1 + $3 WHERE id = $1",
        PgParams().text(lease.job_id).text(plan).whole(splits.size())));
    return {};
  });
}

}  // namespace sluice
