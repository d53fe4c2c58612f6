// Planning an accepted job: what its planning split is for. Looks at the whole file, freezes the plan and
// makes the splits; or unpacks it, where it is an archive (jobs/archive.h).
#pragma once

#include <stop_token>

#include "base/result.h"
#include "engine/compute_pool.h"
#include "engine/memory_plan.h"
#include "jobs/service.h"

namespace sluice {

// The lease is of the job's planning split, and ends with success. Errors: as plan_job's; conflict where the
// lease is lost.
Result<> plan_accepted(Service& service, const Job& job, const Lease& lease, ComputePool& pool,
                       const MemoryPlan& memory, std::stop_token stop);

}  // namespace sluice
