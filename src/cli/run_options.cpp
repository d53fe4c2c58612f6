#include "cli/run_options.h"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "app/open_store.h"
#include "base/nearest.h"
#include "base/url_text.h"
#include "cli/command.h"
#include "cli/output_place.h"
#include "cli/result_text.h"
#include "pipeline/spec_keys.h"
#include "reports/part_file.h"
#include "reports/report.h"

namespace sluice {
namespace {

// Is `--set key=…` about the configuration rather than the pipeline? A misspelt key belongs where it is
// nearest.
bool is_config_key(std::string_view key) {
  const std::string_view section = key.substr(0, key.find('.'));
  std::vector<std::string_view> of_config, of_pipeline;
  for (const SpecKey& known : pipeline_keys()) of_pipeline.push_back(known.name);
  for (const Setting& setting : settings()) {
    if (setting.key == key || setting.key.starts_with(std::string(section) + ".")) return true;
    of_config.push_back(setting.key);
  }
  return nearest(section, of_pipeline).empty() && !nearest(key, of_config).empty();
}

// A report is written beside its place first, under the name of its part.
Result<> check_rejects_place(const RunOptions& options) {
  std::vector<std::string> inputs = options.files;
  if (!options.resubmit.empty()) inputs.push_back(options.resubmit);
  if (!options.pipeline.empty()) inputs.push_back(options.pipeline);
  TRY(check_output_place("--rejects " + options.rejects, options.rejects, inputs));
  const std::string part = part_name(options.rejects);
  TRY(check_output_place("what --rejects " + options.rejects + " is called until it is whole, " + part + ",",
                         part, inputs));
  return check_report_place(options.rejects);
}

}  // namespace

CLI::Validator at_least_one() {
  return CLI::Validator(
      [](std::string& text) {
        bool digits = !text.empty() && text.size() <= 18 &&
                      std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
        return digits && text.find_first_not_of('0') != std::string::npos
                   ? std::string()
                   : "'" + text + "' is no whole number from 1 on";
      },
      "");
}

CLI::Option* repeated(CLI::Option* option, const char* type) {
  option->type_name(type)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return option->allow_extra_args(false);
}

void add_reading_options(CLI::App& app, RunOptions& options, const ReadingWords& words) {
  const std::string rejected = words.rejected;
  app.add_option("FILE", options.files, words.file)->type_name("");
  app.add_option("-p,--pipeline", options.pipeline, words.pipeline)->type_name("PIPELINE")->group(kHowToRead);
  app.add_option("--sheet", options.sheet, "the sheet of a workbook: its name, or its number from 1 on")
      ->type_name("SHEET")
      ->group(kHowToRead);
  repeated(app.add_option("--set", options.set,
                          "override a key of the pipeline or the configuration; may be repeated"),
           "KEY=VALUE")
      ->group(kHowToRead);
  app.add_option("--limit", options.limit, "read only the first N rows")
      ->type_name("N")
      ->check(at_least_one())
      ->group(kHowToRead);
  app.add_option("-c,--config", options.config_file,
                 "the configuration (default: ./sluice.yaml if it is there)")
      ->type_name("FILE")
      ->group(kHowToRead);
  app.add_option("--rejects", options.rejects,
                 "write " + rejected + " rows and why to this file: .csv, .ndjson or .xlsx")
      ->type_name("REPORT")
      ->group(kResult);
  app.add_flag("--strict", options.strict, "exit with status 3 when rows were " + rejected)->group(kResult);
  app.add_flag("--json", options.json, words.json)->group(kResult);
  app.add_flag("-q,--quiet", options.quiet, "no progress, no findings: only the result")->group(kResult);
  app.add_option("--memory", options.memory, "stay below this much memory (default 128MiB, at least 48MiB)")
      ->type_name("SIZE")
      ->group(kResources);
  app.add_option("--threads", options.threads, "threads that parse, check and hash (default: one a core)")
      ->type_name("N")
      ->check(CLI::Range(1, 256).description(""))
      ->group(kResources);
}

Result<RunSettings> resolve(const RunOptions& options) {
  if (std::ranges::count(options.files, "-") > 1)
    return fail(ErrorKind::usage, "standard input can be read only once: name - once.");
  RunSettings resolved;
  std::vector<std::pair<std::string, std::string>> config_overrides;
  for (const std::string& text : options.set) {
    std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorKind::usage,
                  "--set takes KEY=VALUE, as in --set source.encoding=latin-1; '" + text + "' has no '='.");
    std::pair<std::string, std::string> pair(text.substr(0, equals), text.substr(equals + 1));
    (is_config_key(pair.first) ? config_overrides : resolved.overrides).push_back(std::move(pair));
  }
  if (!options.sheet.empty()) resolved.overrides.emplace_back("source.sheet", options.sheet);
  if (!options.to.empty()) config_overrides.emplace_back("store", options.to);
  if (!options.memory.empty()) config_overrides.emplace_back("limits.memory", options.memory);
  if (options.batch_rows) resolved.overrides.emplace_back("batch.rows", std::to_string(options.batch_rows));
  resolved.config = TRY(load_config(options.config_file, config_overrides));
  if (!options.rejects.empty()) {
    if (options.files.size() > 1)
      return fail(ErrorKind::usage,
                  "--rejects writes the report of one file, and several are named: run them one by one, each "
                  "with a report of its own.");
    TRY(check_rejects_place(options));
  }
  const unsigned threads =
      options.threads ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  const std::uint64_t row_bytes = resolved.config.row_bytes;
  const std::uint64_t automatic = std::max(kDefaultMemoryBytes, least_memory(row_bytes));
  resolved.memory = TRY(plan_memory(resolved.config.memory_bytes.value_or(automatic), threads, row_bytes));
  resolved.threads = resolved.memory.threads;
  if (!options.memory.empty() && !options.quiet)
    std::fprintf(stderr, "  %s\n", resolved.memory.formula().c_str());
  return resolved;
}

Result<std::unique_ptr<Store>> store_to_look_at(const RunSettings& settings) {
  auto store = open_store(settings.config.store, {.cache_bytes = settings.memory.store_cache_bytes,
                                                  .read_only = true,
                                                  .patience = settings.config.patience});
  if (!store && store.error().kind == ErrorKind::not_found) return std::unique_ptr<Store>();
  return store;
}

std::string kept_note(const RunOptions& options, const FoundPipeline& found, const std::string& store) {
  if (!found.kept || !options.pipeline.empty()) return "";
  return "Pipeline '" + found.spec.name + "' is kept in " + without_secrets(store) +
         ", and is used; name another with -p.\n";
}

int each_file(const RunOptions& options, std::stop_token stop,
              const std::function<Result<int>(const std::string& file)>& one) {
  int status = kExitOk;
  for (const std::string& file : options.files) {
    if (stop.stop_requested()) return kExitInterrupted;
    Result<int> ended = one(file);
    if (!ended) {
      Error error = std::move(ended).error();
      if (options.json) std::fputs(json_of_failure(file, error.message).c_str(), stdout);
      // A message that names its file already need not be told of which it is.
      bool named = options.files.size() == 1 || error.message.find(file) != std::string::npos;
      ended = report_error(named ? std::move(error) : std::move(error).during(file));
    }
    if (*ended != kExitOk && (status == kExitOk || status == kExitStrict)) status = *ended;
  }
  return status;
}

}  // namespace sluice
