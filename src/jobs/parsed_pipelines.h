// Kept pipelines as they were parsed: a service asks for the same few texts with every request, and what is
// parsed follows from the text alone. Thread-safe.
#pragma once

#include <string>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

// As parse_kept_pipeline (pipeline/pipeline_spec.h). Errors are found anew each time.
Result<PipelineSpec> parsed_pipeline(const std::string& text, const std::string& source);

}  // namespace sluice
