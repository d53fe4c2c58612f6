// JobStatistics: what a tenant's jobs add up to, for limits and dashboards. Asked for at any time, so each
// answer costs an index range, not a table. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "rows/outcome.h"

namespace sluice {

struct StatisticsQuestion {
  std::string tenant;
  std::vector<std::string> pipelines;      // only these; empty: all
  std::int64_t from_ms = 0, until_ms = 0;  // since 1970; from is in, until is not
  std::int64_t interval_ms = 60'000;
};

// One interval. Intervals begin at whole multiples of their length since 1970.
struct IntervalStatistics {
  std::int64_t begin_ms = 0;
  RowCounts rows;  // committed in it
  std::uint64_t jobs_accepted = 0, jobs_started = 0, jobs_completed = 0, jobs_failed = 0, jobs_cancelled = 0;
  std::uint64_t bytes = 0;  // of the files of the jobs accepted in it
  // From being accepted to the first work, of the jobs started in it.
  std::int64_t waited_ms = 0;  // all together
  std::int64_t longest_wait_ms = 0;
};

// Work of all tenants that could be done now and is not: jobs that have not ended, and what is left of their
// files (of compressed ones about that).
struct Backlog {
  std::uint64_t jobs = 0, bytes = 0;
  std::uint64_t unplanned_jobs = 0;  // of them
};

class JobStatistics {
 public:
  virtual ~JobStatistics() = default;
  // Jobs that were accepted and nobody has begun; counted no further than `most`.
  virtual Result<std::uint64_t> waiting(const std::string& tenant, std::uint64_t most) = 0;
  virtual Result<Backlog> backlog() = 0;
  // In time order; intervals in which nothing happened are left out.
  virtual Result<std::vector<IntervalStatistics>> series(const StatisticsQuestion& question) = 0;
};

}  // namespace sluice
