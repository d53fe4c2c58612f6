// JobStore on SQLite: jobs, splits, leases. Thread-safe: writes pass the gate as control writes.
#pragma once

#include "adapters/store_sqlite_database.h"
#include "ports/store.h"

namespace sluice {

class SqliteJobStore final : public JobStore {
 public:
  explicit SqliteJobStore(SqliteDatabase& database) : database_(database) {}

  Result<Job> create(const NewJob& job) override;
  Result<Job> get(const std::string& id) override;
  Result<std::vector<Split>> splits(const std::string& job_id) override;
  Result<std::optional<Job>> find_unfinished(const std::string& resume_key) override;
  Result<Lease> lease(const std::string& job_id, std::uint32_t split_number, const std::string& owner,
                      std::chrono::milliseconds duration,
                      const std::function<bool(const std::string& owner)>& is_dead) override;
  Result<> heartbeat(const Lease& lease, std::chrono::milliseconds duration) override;
  Result<> release(const Lease& lease) override;
  Result<> end(const std::string& job_id, JobStatus status, const std::string& error) override;

 private:
  SqliteDatabase& database_;
};

// Ends the job inside the caller's transaction: status, cause, time; all leases are lost; the unique
// values are let go. Nothing where it has ended already.
Result<> end_sqlite_job(SqliteConnection& writer, const std::string& job_id, JobStatus status,
                        const std::string& error);

}  // namespace sluice
