// A sample that is sent to be tried out: the beginning of a file, or a form that has a pipeline beside it, as
// somebody is writing it. Any thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "server/http_message.h"

namespace sluice {

struct SentSample {
  std::string bytes;                      // of the file
  std::string file_name;                  // as the form has it; "" where it has none
  std::optional<std::string> definition;  // the pipeline, YAML or JSON
  std::string definition_type;            // its Content-Type, where the form says one
};

// Errors: usage, where there is no file or the form is none.
Result<SentSample> read_sent_sample(const Request& request);

}  // namespace sluice
