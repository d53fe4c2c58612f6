// sluice infer: looks at a file, all of it, and writes a pipeline for it.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "app/open_input.h"
#include "base/url_text.h"
#include "cli/command.h"
#include "cli/output_place.h"
#include "cli/progress.h"
#include "cli/run_options.h"
#include "jobs/find_pipeline.h"
#include "jobs/plan_job.h"

namespace sluice {
namespace {

struct InferOptions : RunOptions {
  std::string output;
  bool force = false;
};

Result<> write_pipeline(const InferOptions& options, const std::string& yaml) {
  if (options.output.empty() || options.output == "-") {
    std::fputs(yaml.c_str(), stdout);
    return {};
  }
  if (std::filesystem::exists(options.output) && !options.force)
    return fail(ErrorKind::usage, options.output + " exists already; --force replaces it.");
  std::ofstream file(options.output, std::ios::binary | std::ios::trunc);
  file << yaml;
  if (!file.flush()) return fail(ErrorKind::io, options.output + " cannot be written.");
  if (!options.quiet)
    std::fprintf(stderr, "Wrote %s. Load with it:  sluice run %s -p %s\n", options.output.c_str(),
                 options.files.front().c_str(), options.output.c_str());
  return {};
}

Result<int> infer(const InferOptions& options, std::stop_token stop) {
  if (!options.output.empty() && options.output != "-")
    TRY(check_output_place("-o " + options.output, options.output, options.files));
  RunSettings settings = TRY(resolve(options));
  const std::string& file = options.files.front();
  ComputePool pool(settings.threads);
  std::optional<ProgressDisplay> progress;
  OnBytes on_bytes = [&](std::uint64_t bytes) {
    if (progress) progress->add_bytes(bytes);
  };
  NamedInput named = TRY(look_at_input(file));
  PipelineSpec spec = TRY(parse_pipeline("name: \"" + pipeline_name_of(named.pipeline_stem) + "\"\n",
                                         "inferred pipeline", settings.overrides));
  spec.source.row_bytes = settings.config.row_bytes;
  spec.source.window_bytes = settings.memory.window_bytes;
  OpenedInput opened = TRY(open_input(file, spec, settings.config.blobs, on_bytes, stop));
  const Input& input = opened.input;
  progress.emplace(progress_style(options.quiet), input.name, input.size);
  PlanOptions plan_options{true, Splitting::whole};
  PlannedJob planned = TRY(plan_job(spec, input, plan_options, pool, settings.memory, stop));
  progress.reset();
  if (auto store = store_to_look_at(settings); store && *store && !options.quiet)
    if (auto kept = (*store)->queries().pipeline("default", spec.name); kept && *kept)
      std::fprintf(stderr,
                   "%s keeps a pipeline '%s', which `run` uses for files of this name. The one below is made "
                   "from the file alone; name it with -p to use it.\n",
                   without_secrets(settings.config.store).c_str(), spec.name.c_str());
  std::string yaml;
  for (const std::string& finding : planned.plan.read.findings) yaml += "# " + finding + "\n";
  yaml += to_yaml(planned.plan.pipeline);
  TRY(write_pipeline(options, yaml));
  return kExitOk;
}

}  // namespace

void add_infer(CLI::App& app, Action& action) {
  auto options = std::make_shared<InferOptions>();
  CLI::App* command = app.add_subcommand("infer", "look at a file and write a pipeline for it");
  command->add_option("FILE", options->files, "the file to look at; - is standard input")
      ->type_name("")
      ->required()
      ->expected(1);
  command
      ->add_option("-o,--output", options->output, "where to write the pipeline (default: standard output)")
      ->type_name("PIPELINE");
  command->add_flag("--force", options->force, "replace the output if it exists");
  command->add_option("--to", options->to, "the store to look into for a pipeline of that name")
      ->type_name("URL");
  command->add_option("--sheet", options->sheet, "the sheet of a workbook: its name, or its number from 1 on")
      ->type_name("SHEET");
  command->add_option("--set", options->set, "declare a key of the pipeline instead of finding it out")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command->add_option("-c,--config", options->config_file, "configuration file")->type_name("FILE");
  command->add_flag("-q,--quiet", options->quiet, "no progress");
  command->footer(
      "Examples:\n"
      "  sluice infer people.csv                   print the pipeline\n"
      "  sluice infer people.csv -o people.yaml    write it to a file, to be edited\n");
  command->callback([options, &action] {
    action = [options](std::stop_token stop) {
      Result<int> ended = infer(*options, stop);
      return ended ? *ended : report_error(ended.error());
    };
  });
}

}  // namespace sluice
