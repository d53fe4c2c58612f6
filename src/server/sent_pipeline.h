// A pipeline that is sent: read and checked before it is kept. Any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "ports/store.h"
#include "server/http_message.h"

namespace sluice {

// The body (YAML, or JSON with Content-Type application/json) as the pipeline `name`. A problem 422 with the
// place of what is wrong: {"errors":[{"line","column","message"}]}.
Result<KeptPipeline> read_sent_pipeline(const Request& request, const std::string& name);

// What tells one text of a pipeline from another: its ETag, in quotes.
std::string etag_of(const std::string& text);

}  // namespace sluice
