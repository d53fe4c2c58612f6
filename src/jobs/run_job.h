// Running a job: every open split under a lease with a heartbeat, from its checkpoint to its end.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "jobs/split_run.h"

namespace sluice {

enum class JobEnd : std::uint8_t { completed, failed, stopped };

// `failed`: the job is FAILED in the store, its error says why. An Error is returned where the job could not
// be worked on and stays unfinished: the same file can be run again and goes on from the checkpoint.
Result<JobEnd> run_job(const JobRun& run, ComputePool& pool, const MemoryPlan& memory,
                       const OnCommit& on_commit, std::stop_token stop);

}  // namespace sluice
