// Planning: looks at the whole input, decides what was left open, and freezes it (contract, section 4).
#pragma once

#include <stop_token>
#include <vector>

#include "base/result.h"
#include "engine/compute_pool.h"
#include "engine/memory_plan.h"
#include "jobs/input.h"
#include "jobs/job_plan.h"
#include "ports/store.h"

namespace sluice {

// What one queue message, one lease and one checkpoint are about: large enough that a split's cost of its own
// does not show, small enough that many workers share one file and a lost worker loses little.
inline constexpr std::uint64_t kSplitBytes = 64ull << 20;

struct PlannedJob {
  JobPlan plan;
  std::vector<Split> splits;  // at least one; without an end where the input was not measured
};

enum class Splitting : bool { whole, splits };  // whole: one split, no pass to find more

// Infers a schema where `spec.schema` is empty and `infer` is asked for. The plan's read.findings tell people
// what was found out.
struct PlanOptions {
  bool infer_schema = false;
  Splitting splitting = Splitting::splits;
  bool report = false;  // the input is an error report that comes back
  std::uint64_t split_bytes = kSplitBytes;
};
Result<PlannedJob> plan_job(PipelineSpec spec, const Input& input, const PlanOptions& options,
                            ComputePool& pool, const MemoryPlan& memory, std::stop_token stop);

}  // namespace sluice
