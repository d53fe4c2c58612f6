// A pipeline that is sent: read and checked before it is kept. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"
#include "ports/store.h"

namespace sluice {

struct SentPipeline {
  KeptPipeline kept;  // its text, as it would be kept
  PipelineSpec spec;  // the same, read
};

// `text` (YAML; JSON where `content_type` is application/json) as the pipeline `name`. A problem 422 with the
// places of what is wrong: {"errors":[{"line","column","message"}]}.
Result<SentPipeline> read_sent_pipeline(std::string text, std::string_view content_type,
                                        const std::string& name);

// What tells one text of a pipeline from another: its ETag, in quotes.
std::string etag_of(const std::string& text);

}  // namespace sluice
