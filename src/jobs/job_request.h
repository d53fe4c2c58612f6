// JobRequest: what an accepted job is to be planned with. Stands in ingestion_jobs.plan until planning puts
// the JobPlan in its place; the pipeline is frozen with the acceptance.
#pragma once

#include <string>

#include "base/result.h"
#include "jobs/find_pipeline.h"

namespace sluice {

struct JobRequest {
  PipelineSpec pipeline;
  bool infer = false;   // nothing is known of the file yet: the schema is inferred, and the pipeline kept
  bool report = false;  // an error report that comes back corrected
  bool named = false;   // by its sender; else by the file's name, in an archive each file's own
};

std::string to_json(const JobRequest& request);
Result<JobRequest> job_request_from_json(const std::string& json);

}  // namespace sluice
