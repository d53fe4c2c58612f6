// A preview: what a pipeline would make of the first rows of a sample. Nothing is stored. Thread-safe.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "jobs/plan_job.h"
#include "pipeline/pipeline_spec.h"
#include "rows/issue.h"

namespace sluice {

struct PreviewRow {
  std::uint64_t row_number = 0, line = 0;
  std::string data;        // as it would be stored, JSON; "" where the row is rejected
  bool duplicate = false;  // of an earlier row of the sample
};

struct Preview {
  JobPlan plan;
  std::vector<PreviewRow> rows;      // those that pass, in the order of the sample
  std::vector<RejectedRow> rejects;  // likewise
};

struct PreviewQuestion {
  PipelineSpec pipeline;
  bool infer = false;  // the schema, from the sample
  std::string name;    // of the sample, for messages and as a hint at its format
  std::string sample;  // the beginning of a file
  std::uint64_t most_rows = 20;
};
// Errors: as plan_job's, and input where the sample cannot be read.
Result<Preview> preview(PreviewQuestion question, std::stop_token stop);

}  // namespace sluice
