// What a sender may say about the job a file becomes: in the query, in form fields or in tus's metadata, by
// the same names. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "server/http_message.h"

namespace sluice {

struct SubmissionOptions {
  std::string pipeline;   // "" : by the file's name
  std::string file_name;  // clean; "" : not said
  std::string metadata;   // a JSON object, as short as it can be written; "" : none
  std::int32_t priority = 0;
  std::int64_t not_before_ms = 0;  // since 1970; 0: at once
};

// Sets one: pipeline, fileName, metadata, priority, delay ("90s"), runAt (RFC 3339). Errors: usage, naming
// the known ones or what would be a right value.
Result<> set_option(SubmissionOptions& options, std::string_view name, const std::string& value,
                    WallTime now);

// All of a query. A header "Sluice-Run-At" stands for a `runAt` that the query does not have, and so on.
Result<SubmissionOptions> options_of(const Request& request, WallTime now);

// "500ms", "90s", "5m", "2h", "1d".
Result<std::chrono::milliseconds> parse_delay(const std::string& text);

}  // namespace sluice
