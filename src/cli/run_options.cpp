#include "cli/run_options.h"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "cli/command.h"
#include "cli/result_text.h"
#include "reports/report.h"

namespace sluice {
namespace {

bool is_config_key(const std::string& key) {
  return std::ranges::any_of(settings(), [&](const Setting& setting) { return setting.key == key; });
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

void add_reading_options(CLI::App& app, RunOptions& options) {
  app.add_option("FILE", options.files, "files to read; - is standard input")->type_name("");
  app.add_option("-p,--pipeline", options.pipeline,
                 "pipeline: a file, or the name of one; without it one is inferred")
      ->type_name("PIPELINE");
  app.add_option("-c,--config", options.config_file,
                 "configuration file (default: ./sluice.yaml if it is there)")
      ->type_name("FILE");
  app.add_option("--set", options.set, "override a key of the pipeline or the configuration")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--rejects", options.rejects, "write the error report: .csv, .ndjson or .xlsx")
      ->type_name("FILE");
  app.add_option("--limit", options.limit, "read only the first N rows")
      ->type_name("N")
      ->check(at_least_one());
  app.add_option("--memory", options.memory, "stay below this much memory (default 128MiB, at least 48MiB)")
      ->type_name("SIZE");
  app.add_option("--threads", options.threads, "threads that parse, validate and hash (default: one a core)")
      ->type_name("N")
      ->check(CLI::Range(1, 256).description(""));
  app.add_flag("--json", options.json, "print the result as one JSON object a file");
  app.add_flag("-q,--quiet", options.quiet, "no progress, no findings: only the result");
  app.add_flag("--strict", options.strict, "exit with 3 when rows were rejected");
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
  if (!options.to.empty()) config_overrides.emplace_back("store", options.to);
  if (!options.memory.empty()) config_overrides.emplace_back("limits.memory", options.memory);
  if (options.batch_rows) resolved.overrides.emplace_back("batch.rows", std::to_string(options.batch_rows));
  resolved.config = TRY(load_config(options.config_file, config_overrides));
  if (!options.rejects.empty()) TRY(check_report_path(options.rejects));
  resolved.threads = options.threads ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  resolved.memory = TRY(plan_memory(resolved.config.memory_bytes.value_or(kDefaultMemoryBytes),
                                    resolved.threads, resolved.config.row_bytes));
  if (!options.memory.empty() && !options.quiet)
    std::fprintf(stderr, "  %s\n", resolved.memory.formula().c_str());
  return resolved;
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
