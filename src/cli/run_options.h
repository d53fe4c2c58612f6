// The options that run, validate and infer share, and what they become.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/config.h"
#include "engine/memory_plan.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

struct RunOptions {
  std::vector<std::string> files;
  std::string pipeline, config_file, to, rejects, resubmit, memory;
  std::vector<std::string> set;
  std::uint64_t limit = 0, batch_rows = 0;
  unsigned threads = 0;
  bool json = false, quiet = false, strict = false, dry_run = false;
};

// Declares what every reading command has: files, -p, -c, --set, --json, --quiet, --limit, --memory,
// --threads.
void add_reading_options(CLI::App& app, RunOptions& options);

// The options sorted into what they are about.
struct RunSettings {
  Config config;
  Overrides overrides;  // of pipeline keys
  MemoryPlan memory;
  unsigned threads = 1;
};
Result<RunSettings> resolve(const RunOptions& options);

}  // namespace sluice
