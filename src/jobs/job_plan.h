// JobPlan: what a job was planned with, frozen: every split and every retry goes by it, whatever happens to
// pipeline files, configuration or defaults in the meantime. Stored as JSON in ingestion_jobs.plan.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "formats/read_plan.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

struct JobPlan {
  // Of the canonical form that content hashes are taken of; a change of it would be a new version, because
  // the same rows would hash differently.
  static constexpr int kCanonicalForm = 1;

  int canonical_form = kCanonicalForm;
  PipelineSpec pipeline;
  ReadPlan read;
  std::string input_place, input_version;
  std::optional<std::uint64_t> rows;  // of the whole input, where planning counted them
};

std::string to_json(const JobPlan& plan);
Result<JobPlan> job_plan_from_json(const std::string& json);

}  // namespace sluice
