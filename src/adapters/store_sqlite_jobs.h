// JobStore on SQLite: jobs, splits, leases. Thread-safe: writes pass the gate as control writes.
#pragma once

#include "adapters/store_sqlite_database.h"
#include "ports/store.h"

namespace sluice {

class SqliteJobStore final : public JobStore {
 public:
  explicit SqliteJobStore(SqliteDatabase& database) : database_(database) {}

  // store_sqlite_jobs.cpp
  Result<Job> create(const NewJob& job) override;
  Result<Job> get(const std::string& id) override;
  Result<std::vector<Split>> splits(const std::string& job_id) override;
  Result<std::optional<Job>> find_unfinished(const std::string& resume_key) override;
  Result<std::vector<Job>> list(const JobFilter& filter, std::optional<std::int64_t> before,
                                std::size_t limit) override;
  Result<std::vector<SplitStatus>> split_status(const std::string& job_id) override;

  // store_sqlite_leases.cpp
  Result<Lease> lease(const std::string& job_id, std::uint32_t split_number, const std::string& owner,
                      std::chrono::milliseconds duration,
                      const std::function<bool(const std::string& owner)>& is_dead) override;
  Result<> heartbeat(const Lease& lease, std::chrono::milliseconds duration) override;
  Result<> release(const Lease& lease) override;
  Result<> plan(const Lease& lease, const std::string& plan, std::span<const Split> splits) override;
  Result<> defer(const Lease& lease, std::chrono::milliseconds delay, const std::string& error) override;
  Result<> hand_back(const Lease& lease, std::chrono::milliseconds delay) override;
  Result<Members> members(const std::string& archive_id) override;

  // store_sqlite_job_end.cpp
  Result<std::vector<Lease>> leases() override;
  Result<> end(const std::string& job_id, JobStatus status, const std::string& error) override;
  Result<> reopen(const std::string& job_id) override;
  // store_sqlite_due.cpp
  Result<std::vector<DueSplit>> take_due(std::size_t per_tenant, std::size_t limit,
                                         std::chrono::milliseconds lost_after) override;

  // store_sqlite_remove.cpp
  Result<> remove(const std::string& job_id, KeepRows keep, DespiteDuplicates despite) override;

 private:
  SqliteDatabase& database_;
};

}  // namespace sluice
