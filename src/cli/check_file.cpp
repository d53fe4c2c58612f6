#include "cli/check_file.h"

#include <chrono>
#include <cstdio>

#include "app/open_input.h"
#include "app/open_store.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/result_text.h"
#include "cli/scratch_store.h"
#include "engine/discard_writer.h"
#include "jobs/find_pipeline.h"
#include "jobs/plan_job.h"
#include "jobs/run_job.h"
#include "reports/report.h"

namespace sluice {
namespace {

// Where nothing is written, a commit gains nothing by many rows, and the memory of few is still in the cache.
constexpr std::uint64_t kDiscardedRows = 4096;

Result<> tell_rejects(ScratchStore& scratch, const OnReject& on_reject) {
  Result<> told;
  TRY(scratch.each_reject([&](const StoredReject& reject) {
    told = on_reject(reject.row);
    return told.has_value();
  }));
  return told;
}

Result<int> check_file(const std::string& file, const RunOptions& options, const RunSettings& settings,
                       ComputePool& pool, std::stop_token stop) {
  auto began = std::chrono::steady_clock::now();
  NamedInput named = TRY(look_at_input(file));
  auto store = TRY(store_to_look_at(settings));
  auto found = TRY(find_pipeline({.wanted = options.pipeline,
                                  .folder = settings.config.pipelines,
                                  .file_name = named.pipeline_stem,
                                  .store = store ? &store->queries() : nullptr,
                                  .overrides = settings.overrides}));
  store.reset();
  found.spec.source.row_bytes = settings.config.row_bytes;
  found.spec.source.window_bytes = settings.memory.window_bytes;
  std::optional<ProgressDisplay> progress(std::in_place, progress_style(options.quiet), named.title,
                                          named.size);
  OnBytes on_bytes = [&](std::uint64_t bytes) { progress->add_bytes(bytes); };
  OpenedInput opened = TRY(open_input(file, found.spec, settings.config.blobs, on_bytes, stop));
  progress->phase("looking at the whole file");
  PlanOptions plan_options{found.infer, Splitting::whole};
  PlannedJob planned = TRY(plan_job(found.spec, opened.input, plan_options, pool, settings.memory, stop));
  if (!options.quiet && !options.json) {
    std::string text = kept_note(options, found, settings.config.store);
    for (const std::string& finding : planned.plan.read.findings) text += "  " + finding + "\n";
    progress->say(text);
  }

  std::unique_ptr<ReportWriter> report;
  if (!options.rejects.empty()) report = TRY(open_report(options.rejects, planned.plan.read.columns));
  RejectGroups groups;
  OnReject on_reject = [&](const RejectedRow& row) -> Result<> {
    groups.add(row);
    return report ? report->row("", row) : Result<>();
  };
  auto pipeline = TRY(Pipeline::compile(planned.plan.pipeline, {}));
  WriteSpec spec = pipeline->write_spec();
  spec.max_rejects = reject_limit(planned.plan.pipeline.max_rejects, planned.plan.rows);
  std::unique_ptr<RowWriter> discard;
  std::unique_ptr<ScratchStore> scratch;
  if (spec.unique_constraints.empty())
    discard = make_discard_writer(on_reject, spec.max_rejects);
  else
    scratch = TRY(ScratchStore::open(planned, spec, settings.memory.store_cache_bytes));
  auto format = make_format(planned.plan.read);
  FileResult result;
  SplitTask task{planned.plan.read,  *format, opened.input.opener, *pipeline, planned.splits.front(),
                 scratch != nullptr, {}};
  if (options.limit) task.row_limit = options.limit;
  task.resumable = false;
  MemoryPlan memory = settings.memory;
  if (discard) memory.batch_rows = kDiscardedRows;
  progress->phase("checking");
  OnCommit on_commit = [&](const SplitProgress& at) {
    result.counts = at.report.job;
    progress->rows(at.report.job.read, at.report.job.rejected);
  };
  Result<SplitEnd> end = run_split(task, scratch ? scratch->writer() : *discard,
                                   scratch ? scratch->lease() : Lease(), pool, memory, on_commit, stop);
  progress.reset();
  if (scratch) TRY(tell_rejects(*scratch, on_reject));
  if (!end && end.error().kind != ErrorKind::input) return std::unexpected(std::move(end).error());
  if (report) TRY(report->finish());

  result.pipeline = planned.plan.pipeline.name;
  result.status = !end || *end == SplitEnd::over_max_rejects ? "FAILED" : "COMPLETED";
  if (!end)
    result.error = end.error().message;
  else if (*end == SplitEnd::over_max_rejects)
    result.error = "more rows would be rejected than max_rejects allows, which is " +
                   std::to_string(spec.max_rejects.value_or(0)) +
                   " in all. Correct the file or the pipeline, or raise max_rejects.";
  result.source = file;
  result.bytes = opened.input.size;
  result.columns = columns_of(planned.plan);
  result.rejects_file = options.rejects;
  constexpr std::size_t kReasonsShown = 5;
  result.groups = groups.most_frequent(kReasonsShown);
  result.validated = true;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::fputs((options.json ? json_text(result) : people_text(result)).c_str(), stdout);
  if (!result.error.empty()) {
    std::fprintf(stderr, "sluice: %s\n", result.error.c_str());
    return kExitFailed;
  }
  if (*end == SplitEnd::stopped) return kExitInterrupted;
  return options.strict && result.counts.rejected != 0 ? kExitStrict : kExitOk;
}

}  // namespace

Result<int> check_files(const RunOptions& options, const RunSettings& settings, std::stop_token stop) {
  ComputePool pool(settings.threads);
  return each_file(options, stop,
                   [&](const std::string& file) { return check_file(file, options, settings, pool, stop); });
}

void add_validate(CLI::App& app, Action& action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("validate", "check files without writing anything but a report");
  command
      ->add_option("--to", options->to,
                   "the store whose kept pipelines count, as for `run` (default sqlite:./data/sluice.db)")
      ->type_name("URL")
      ->group(kHowToRead);
  add_reading_options(*command, *options);
  command->footer(
      "Examples:\n"
      "  sluice validate people.csv -p people.yaml --rejects bad.csv\n"
      "  sluice validate people.csv --strict --json             exit status 3 when rows would be rejected\n");
  command->callback([options, &action] {
    action = [options](std::stop_token stop) {
      Result<int> ended = [&]() -> Result<int> {
        if (options->files.empty())
          return fail(ErrorKind::usage,
                      "name at least one file to check, as in `sluice validate people.csv`.");
        return check_files(*options, TRY(resolve(*options)), stop);
      }();
      return ended ? *ended : report_error(ended.error());
    };
  });
}

}  // namespace sluice
