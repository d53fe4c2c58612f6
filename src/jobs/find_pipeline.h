// Which pipeline a file goes through: the one that is named, or the one that was kept for files of its name,
// or a new one that is inferred from it.
#pragma once

#include <string>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"
#include "ports/store.h"

namespace sluice {

struct FoundPipeline {
  PipelineSpec spec;
  bool infer = false;   // nothing is known yet: plan_job is to infer the schema, and the result to be kept
  bool kept = false;    // an inferred one that the store keeps
  bool report = false;  // of an error report that comes back corrected (jobs/resubmit.h)
};

// "Hospital List 2024.csv.gz" → "Hospital-List-2024".
std::string pipeline_name_of(const std::string& file_name);

// `wanted`: a path, or the name of a file in `folder` or of a kept pipeline; "" : by the file's name.
// `store` may be null (a check where there is no store). Usage error naming the nearest known pipeline.
Result<FoundPipeline> find_pipeline(const std::string& wanted, const std::string& folder,
                                    const std::string& file_name, QueryStore* store,
                                    const Overrides& overrides);

}  // namespace sluice
