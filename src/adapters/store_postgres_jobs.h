// JobStore on PostgreSQL: jobs, splits, leases. Thread-safe.
//
// Locks, in this order everywhere: the dataset (an advisory lock), splits (by number), then the job. A commit
// holds its dataset together with others and FOR KEY SHARE on its split from its first statement on; whoever
// raises the epoch takes the split FOR UPDATE, and so waits for commits under way, while heartbeats (which
// change no key) do not. Whoever removes rows takes the dataset alone.
#pragma once

#include "adapters/pg_pool.h"
#include "ports/store.h"

namespace sluice {

class PostgresJobStore final : public JobStore {
 public:
  explicit PostgresJobStore(PgPool& pool) : pool_(pool) {}

  // store_postgres_jobs.cpp
  Result<Job> create(const NewJob& job) override;
  Result<Job> get(const std::string& id) override;
  Result<std::vector<Split>> splits(const std::string& job_id) override;
  Result<std::optional<Job>> find_unfinished(const std::string& resume_key) override;
  Result<std::vector<Job>> list(const JobFilter& filter, std::optional<std::int64_t> before,
                                std::size_t limit) override;
  Result<std::vector<SplitStatus>> split_status(const std::string& job_id) override;

  // store_postgres_leases.cpp
  Result<Lease> lease(const std::string& job_id, std::uint32_t split_number, const std::string& owner,
                      std::chrono::milliseconds duration,
                      const std::function<bool(const std::string& owner)>& is_dead) override;
  Result<> heartbeat(const Lease& lease, std::chrono::milliseconds duration) override;
  Result<> release(const Lease& lease) override;
  Result<> plan(const Lease& lease, const std::string& plan, std::span<const Split> splits) override;
  Result<> defer(const Lease& lease, std::chrono::milliseconds delay, const std::string& error) override;
  Result<> hand_back(const Lease& lease, std::chrono::milliseconds delay) override;
  Result<Members> members(const std::string& archive_id) override;

  // store_postgres_job_end.cpp
  Result<std::vector<Lease>> leases() override;
  Result<> end(const std::string& job_id, JobStatus status, const std::string& error) override;
  Result<> reopen(const std::string& job_id) override;

  // store_postgres_due.cpp
  Result<std::vector<DueSplit>> take_due(std::size_t per_tenant, std::size_t limit,
                                         std::chrono::milliseconds lost_after) override;

  // store_postgres_remove.cpp
  Result<> remove(const std::string& job_id, KeepRows keep, DespiteDuplicates despite) override;

 private:
  PgPool& pool_;
};

// What a session that commits to a split calls itself (pg_stat_activity.application_name), so that it can be
// ended by a successor, and by its own writer where its connection was lost: "sluice JOB/SPLIT/EPOCH".
std::string postgres_session_name(const std::string& job_id, std::uint32_t split_number);
std::string postgres_session_name(const Lease& lease);
// Ends the sessions of that name, or whose name begins with it and "/". Waited for, they commit no more, and
// what they have committed is there to be seen. A client that was stopped in the middle of a commit holds its
// locks past every time-out of the server's, and a COMMIT may still be on its way through the network when
// its connection is gone.
enum class PgEnd : bool { ask, wait };
Result<> end_postgres_sessions(PgConnection& connection, const std::string& name, PgEnd how);

}  // namespace sluice
