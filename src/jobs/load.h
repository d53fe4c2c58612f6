// Loading one input through a pipeline: resumes the job that was interrupted on it, or plans and creates a
// new one, and runs it. What `sluice run` does for each file.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "jobs/find_pipeline.h"
#include "jobs/input.h"
#include "jobs/run_job.h"

namespace sluice {

struct LoadRequest {
  Store& store;
  const Input& input;
  FoundPipeline pipeline;
  std::optional<std::string> parent_job_id;  // a resubmission
  std::optional<std::uint64_t> row_limit;
  std::string created_by;
};

struct LoadResult {
  std::string job_id, pipeline;
  JobStatus status = JobStatus::pending;
  std::string error;  // why it failed
  RowCounts counts;   // of the job, all its attempts together
  JobPlan plan;
  bool resumed = false;
  std::uint64_t resumed_at_row = 0;
  bool pipeline_kept = false;  // a new pipeline was inferred and kept in the store
};

// Told on the calling thread.
struct LoadEvents {
  std::function<void(const LoadResult& so_far)> on_planned;  // before the first row
  OnCommit on_commit;
};

Result<LoadResult> load(LoadRequest request, ComputePool& pool, const MemoryPlan& memory,
                        const LoadEvents& events, std::stop_token stop);

}  // namespace sluice
