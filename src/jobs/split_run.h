// Running one split of a job under a lease that is held: what `sluice run` does for each split in turn, and a
// worker for the one it was given.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "engine/run_split.h"
#include "jobs/input.h"
#include "jobs/job_plan.h"
#include "pipeline/pipeline.h"
#include "ports/store.h"

namespace sluice {

struct JobRun {
  Store& store;
  const Job& job;
  const JobPlan& plan;
  const Input& input;
  std::optional<std::uint64_t> row_limit;
};

// What all splits of a job share: made once. The run outlives it.
struct CompiledRun {
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<RowFormat> format;
  MemoryPlan memory;  // with the pipeline's own batch size
};
Result<CompiledRun> compile_run(const JobRun& run, const MemoryPlan& memory);

// From the split's checkpoint to its end. Neither renews nor ends the lease.
Result<SplitEnd> run_leased_split(const JobRun& run, const CompiledRun& compiled, const Lease& lease,
                                  ComputePool& pool, const OnCommit& on_commit, std::stop_token stop);

// How long to wait after the attempt of this number (1-based) failed.
std::chrono::milliseconds retry_delay(const RetrySpec& retry, std::uint32_t attempt);

// A failure of the input or the pipeline ends the job; one of the systems around it does not.
bool ends_job(const Error& error);

// The most rows that may be rejected: the pipeline's count, or its share of the rows that the plan counted.
std::optional<std::uint64_t> reject_limit(const MaxRejects& limit, std::optional<std::uint64_t> rows);

}  // namespace sluice
