// SqliteJobStore: who works on a split, and what became of the attempt.
#include "adapters/job_refusals.h"
#include "adapters/store_sqlite_job_row.h"
#include "adapters/store_sqlite_jobs.h"

namespace sluice {
namespace {

struct LeasedSplit {
  bool done = false, job_ended = false;
  std::string job_status, owner, last_error;
  std::uint64_t epoch = 0;
  std::int64_t until = 0, not_before = 0;
  std::uint32_t in_vain = 0;
};

Result<LeasedSplit> leased_split(const SqliteConnection& writer, const std::string& job_id,
                                 std::uint32_t number) {
  auto select = TRY(SqliteStatement::prepare(
      writer,
      "SELECT s.status, j.status, s.lease_owner, s.lease_epoch, s.lease_until, s.not_before, s.last_error, "
      "s.attempts_in_vain FROM ingestion_splits s "
      "JOIN ingestion_jobs j ON j.id = s.job_id WHERE s.job_id = ?1 AND s.split_number = ?2"));
  select.bind(1, job_id);
  select.bind(2, std::uint64_t{number});
  if (!TRY(select.step()))
    return fail(ErrorKind::not_found,
                "there is no split " + std::to_string(number) + " of a job " + job_id + " in this store.");
  LeasedSplit state;
  state.done = select.text(0) == "COMPLETED";
  state.job_status = select.text(1);
  state.job_ended = state.job_status != "PENDING" && state.job_status != "PROCESSING";
  state.owner = select.text(2);
  state.epoch = select.whole(3);
  state.until = select.integer(4);
  state.not_before = select.integer(5);
  state.last_error = select.text(6);
  state.in_vain = static_cast<std::uint32_t>(select.whole(7));
  return state;
}

Result<> start_job(SqliteConnection& writer, const std::string& job_id, std::uint32_t split_number,
                   std::int64_t now) {
  auto start = TRY(SqliteStatement::prepare(
      writer,
      "UPDATE ingestion_jobs SET status = 'PROCESSING', started_at = coalesce(started_at, ?3), attempts = "
      "max(attempts, (SELECT attempts FROM ingestion_splits WHERE job_id = ?1 AND split_number = ?2)) WHERE "
      "id = ?1"));
  std::string now_text = rfc3339(now);
  start.bind(1, job_id);
  start.bind(2, std::uint64_t{split_number});
  start.bind(3, now_text);
  return start.run();
}

// Frees the split, where the lease is still the lease: `also` says what else is set. The epoch moves on, so
// that a commit that is still under way somewhere cannot come after.
Result<SqliteStatement> giving_back(const SqliteConnection& writer, const Lease& lease,
                                    const std::string& also) {
  auto give_back = TRY(SqliteStatement::prepare(
      writer, "UPDATE ingestion_splits SET lease_owner = '', lease_until = 0, lease_epoch = lease_epoch + 1" +
                  also + " WHERE job_id = ?1 AND split_number = ?2 AND lease_epoch = ?3"));
  give_back.bind(1, lease.job_id);
  give_back.bind(2, std::uint64_t{lease.split_number});
  give_back.bind(3, lease.epoch);
  return give_back;
}

// Was it this lease under which the planning was done? Then the plan has been stored, and stays.
Result<> check_planned_by(const SqliteConnection& writer, const Lease& lease) {
  auto select = TRY(SqliteStatement::prepare(
      writer,
      "SELECT 1 FROM ingestion_splits WHERE job_id = ?1 AND split_number = ?2 AND lease_epoch = ?3 AND "
      "status = 'COMPLETED'"));
  select.bind(1, lease.job_id);
  select.bind(2, std::uint64_t{lease.split_number});
  select.bind(3, lease.epoch);
  if (!TRY(select.step())) return lease_is_lost(lease);
  return {};
}

}  // namespace

Result<Lease> SqliteJobStore::lease(const std::string& job_id, std::uint32_t split_number,
                                    const std::string& owner, std::chrono::milliseconds duration,
                                    const std::function<bool(const std::string& owner)>& is_dead) {
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  LeasedSplit state = TRY(leased_split(database_.writer, job_id, split_number));
  const std::string split = "split " + std::to_string(split_number) + " of job " + job_id;
  if (state.job_ended)
    return fail(ErrorKind::conflict, "job " + job_id + " has ended: it is " + state.job_status + ".");
  if (state.done) return fail(ErrorKind::conflict, split + " is done.");
  const std::int64_t now = now_ms();
  if (!state.owner.empty() && state.owner != owner && state.until > now && !(is_dead && is_dead(state.owner)))
    return fail(
        ErrorKind::conflict,
        split + " is being worked on by " + state.owner + ". Wait until it is done, or stop it first.", true);
  if (state.not_before > now)
    return split_is_put_off(job_id, split_number, rfc3339(state.not_before), state.last_error);
  auto take = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_splits SET lease_owner = ?3, lease_epoch = ?4, lease_until = ?5, lease_ms = ?6, "
      "attempts = attempts + 1, attempts_in_vain = attempts_in_vain + 1, queued_at = NULL, "
      "status = 'PROCESSING' WHERE job_id = ?1 AND split_number = ?2"));
  take.bind(1, job_id);
  take.bind(2, std::uint64_t{split_number});
  take.bind(3, owner);
  take.bind(4, state.epoch + 1);
  take.bind(5, now + duration.count());
  take.bind(6, std::int64_t{duration.count()});
  TRY(take.run());
  TRY(start_job(database_.writer, job_id, split_number, now));
  if (state.job_status == "PENDING") TRY(write_sqlite_status_event(database_.writer, job_id, "job.started"));
  TRY(transaction.commit());
  return Lease{job_id, split_number, state.epoch + 1, owner, state.in_vain + 1};
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
  if (extend.changes() == 0) return lease_is_lost(lease);
  return {};
}

Result<> SqliteJobStore::release(const Lease& lease) {
  auto pass = database_.gate.control();
  return TRY(giving_back(database_.writer, lease, "")).run();
}

Result<> SqliteJobStore::defer(const Lease& lease, std::chrono::milliseconds delay,
                               const std::string& error) {
  auto pass = database_.gate.control();
  auto put_off = TRY(giving_back(database_.writer, lease, ", not_before = ?4, last_error = ?5"));
  put_off.bind(4, now_ms() + delay.count());
  put_off.bind(5, error);
  return put_off.run();
}

Result<std::vector<Lease>> SqliteJobStore::leases() {
  std::lock_guard lock(database_.reader_mutex);
  auto select = TRY(SqliteStatement::prepare(
      database_.reader,
      "SELECT s.job_id, s.split_number, s.lease_epoch, s.lease_owner FROM ingestion_jobs j "
      "JOIN ingestion_splits s ON s.job_id = j.id "
      "WHERE j.status = 'PROCESSING' AND s.lease_owner <> '' AND s.lease_until > ?1"));
  select.bind(1, now_ms());
  std::vector<Lease> leases;
  while (TRY(select.step()))
    leases.push_back({std::string(select.text(0)), static_cast<std::uint32_t>(select.whole(1)),
                      select.whole(2), std::string(select.text(3))});
  return leases;
}

Result<> SqliteJobStore::hand_back(const Lease& lease, std::chrono::milliseconds delay) {
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  auto uncount =
      TRY(giving_back(database_.writer, lease,
                      ", attempts = max(attempts - 1, 0), "
                      "attempts_in_vain = iif(?5, 0, max(attempts_in_vain - 1, 0)), not_before = ?4"));
  uncount.bind(4, now_ms() + delay.count());
  uncount.bind(5, std::int64_t{delay.count() > 0});
  TRY(uncount.run());
  if (uncount.changes() == 0) return {};
  auto most = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_jobs SET attempts = (SELECT max(attempts) FROM ingestion_splits WHERE job_id = ?1) "
      "WHERE id = ?1"));
  most.bind(1, lease.job_id);
  TRY(most.run());
  return transaction.commit();
}

Result<> SqliteJobStore::plan(const Lease& lease, const std::string& plan, std::span<const Split> splits) {
  TRY(check_planned(lease, splits));
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  auto done = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_splits SET status = 'COMPLETED', lease_owner = '', lease_until = 0, "
      "attempts_in_vain = 0 "
      "WHERE job_id = ?1 AND split_number = ?2 AND lease_epoch = ?3 AND status = 'PROCESSING'"));
  done.bind(1, lease.job_id);
  done.bind(2, std::uint64_t{lease.split_number});
  done.bind(3, lease.epoch);
  TRY(done.run());
  if (done.changes() == 0) return check_planned_by(database_.writer, lease);
  TRY(insert_sqlite_splits(database_.writer, lease.job_id, splits, 0));
  auto keep = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_jobs SET plan = ?2, open_splits = open_splits - 1 + ?3 WHERE id = ?1"));
  keep.bind(1, lease.job_id);
  keep.bind(2, plan);
  keep.bind(3, std::uint64_t{splits.size()});
  TRY(keep.run());
  return transaction.commit();
}

}  // namespace sluice
