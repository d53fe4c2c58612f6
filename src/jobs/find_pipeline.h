// Which pipeline a file goes through: the one that is named, or the one that was kept for files of its name,
// or a new one that is inferred from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

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

// On a command line a pipeline may be a path; over the network it is a name, never a path.
enum class PipelinePaths : bool { refused, allowed };

struct PipelineQuestion {
  std::string
      wanted;  // a path, or the name of a file in `folder` or of a kept pipeline; "" : by the file's name
  std::string folder;
  std::string file_name;
  std::string tenant = "default";  // whose kept pipelines
  QueryStore* store = nullptr;     // may be null: a check where there is no store
  Overrides overrides;
  PipelinePaths paths = PipelinePaths::allowed;
};
// Where there is none: usage, or not_found where paths are refused, naming the nearest known pipeline.
Result<FoundPipeline> find_pipeline(const PipelineQuestion& question);

// The pipeline files of a folder: their names, sorted; and the path of one of them.
std::vector<std::string> pipelines_in(const std::string& folder);
std::optional<std::string> pipeline_file(const std::string& folder, const std::string& name);

// Later files of that name go through what was inferred from the first. The pipeline as it was kept.
Result<PipelineSpec> keep_inferred(Store& store, const std::string& tenant, const PipelineSpec& spec);

// Usage error unless it is made of letters, digits, `_`, `-` and what is not ASCII.
Result<> check_pipeline_word(const std::string& name);

}  // namespace sluice
