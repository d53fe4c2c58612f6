// Checking files without writing: what validate and run --dry-run do.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "cli/run_options.h"

namespace sluice {

Result<int> check_files(const RunOptions& options, const RunSettings& settings, std::stop_token stop);

}  // namespace sluice
