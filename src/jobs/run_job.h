// Running a job: every open split under a lease with a heartbeat, from its checkpoint to its end.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "base/result.h"
#include "engine/run_split.h"
#include "jobs/input.h"
#include "jobs/job_plan.h"
#include "ports/store.h"

namespace sluice {

struct JobRun {
  Store& store;
  const Job& job;
  const JobPlan& plan;
  const Input& input;
  std::optional<std::uint64_t> row_limit;
};

enum class JobEnd : std::uint8_t { completed, failed, stopped };

// `failed`: the job is FAILED in the store, its error says why. An Error is returned where the job could not
// be worked on and stays unfinished: the same file can be run again and goes on from the checkpoint.
Result<JobEnd> run_job(const JobRun& run, ComputePool& pool, const MemoryPlan& memory,
                       const OnCommit& on_commit, std::stop_token stop);

// The most rows that may be rejected: the pipeline's count, or its share of the rows that the plan counted.
std::optional<std::uint64_t> reject_limit(const MaxRejects& limit, std::optional<std::uint64_t> rows);

}  // namespace sluice
