// RetentionStore: what may be cleared away because its time is over (jobs/retention.h decides when). Each
// call does a small piece, so that nothing is locked for long, and never touches a job that has not ended.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

struct EndedJob {
  std::string id, blob;
  std::int64_t ended_ms = 0;  // since 1970
};

class RetentionStore {
 public:
  virtual ~RetentionStore() = default;
  // Jobs that ended at `from_ms` or after it, and longer ago than `age`, in the order of their end.
  virtual Result<std::vector<EndedJob>> ended(std::int64_t from_ms, std::chrono::milliseconds age,
                                              std::size_t limit) = 0;
  // How far each kind of clearing has come, by the end of jobs; 0 at first.
  virtual Result<std::int64_t> mark(const std::string& what) = 0;
  virtual Result<> set_mark(const std::string& what, std::int64_t ended_ms) = 0;
  // Rejects of one job, `limit` at most: how many. `conflict`, retryable, while a resubmission of them is not
  // at its end, or the job was opened again.
  virtual Result<std::size_t> remove_rejects(const std::string& job_id, std::size_t limit) = 0;
  // Idempotency keys of jobs that ended longer ago; those of schedules stay as long as the schedule does.
  virtual Result<std::size_t> remove_keys(std::chrono::milliseconds age, std::size_t limit) = 0;
};

}  // namespace sluice
