// The push of one file, from the journal's first line to the result.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "cli/push_options.h"

namespace sluice {

// Prints the result; the exit status. Errors: what kept it from beginning.
Result<int> run_push(const PushOptions& options, const PushSettings& settings, std::stop_token stop);

}  // namespace sluice
