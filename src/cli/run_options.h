// The options that run, validate and infer share, and what they become.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/config.h"
#include "engine/memory_plan.h"
#include "jobs/find_pipeline.h"
#include "pipeline/pipeline_spec.h"
#include "ports/store.h"

namespace sluice {

struct RunOptions {
  std::vector<std::string> files;
  std::string pipeline, sheet, config_file, to, rejects, resubmit, memory;
  std::vector<std::string> set;
  std::uint64_t limit = 0, batch_rows = 0;
  unsigned threads = 0;
  bool json = false, quiet = false, strict = false, dry_run = false;
};

// Headings of the options in the help of a command.
inline constexpr const char *kWhere = "Where to", *kHowToRead = "How to read", *kResult = "The result",
                            *kResources = "Memory and speed";

// What a command says of the options that mean something else to it.
struct ReadingWords {
  const char* file = "files to read; - is standard input";
  const char* pipeline = "the pipeline: a file, or a name; without it one is inferred from the file";
  const char* rejected = "rejected";  // what becomes of bad rows
  const char* json = "print the result as one JSON object a file";
};
// Declares what every reading command has: files, -p, -c, --sheet, --set, --json, --quiet, --limit, --memory,
// --threads.
void add_reading_options(CLI::App& app, RunOptions& options, const ReadingWords& words = {});

// An option that takes one value each time it is given.
CLI::Option* repeated(CLI::Option* option, const char* type);

// For counts: CLI11 takes -1 for a huge number, and 0 would mean "not given".
CLI::Validator at_least_one();

// The options sorted into what they are about.
struct RunSettings {
  Config config;
  Overrides overrides;  // of pipeline keys
  MemoryPlan memory;
  unsigned threads = 1;
};
Result<RunSettings> resolve(const RunOptions& options);

// The store that `run` would load into, to be read only; null where there is none yet.
Result<std::unique_ptr<Store>> store_to_look_at(const RunSettings& settings);
// Says that a kept pipeline is used, where nobody named it; else "".
std::string kept_note(const RunOptions& options, const FoundPipeline& found, const std::string& store);

// Every file in turn; one that fails does not keep the others from running. The first status that is not 0.
int each_file(const RunOptions& options, std::stop_token stop,
              const std::function<Result<int>(const std::string& file)>& one);

}  // namespace sluice
