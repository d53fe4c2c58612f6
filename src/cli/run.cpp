// sluice run: loads files here and now; no server needed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "app/open_input.h"
#include "app/open_store.h"
#include "base/size_text.h"
#include "base/url_text.h"
#include "cli/check_file.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/result_text.h"
#include "cli/run_options.h"
#include "jobs/copy_groups.h"
#include "jobs/load.h"
#include "jobs/report_columns.h"
#include "jobs/resubmit.h"
#include "reports/report.h"

namespace sluice {
namespace {

// One call of the command: what all its files share.
class RunCommand {
 public:
  RunCommand(const RunOptions& options, RunSettings settings, std::unique_ptr<Store> store,
             std::unique_ptr<GroupDocuments> documents)
      : options_(options),
        settings_(std::move(settings)),
        store_(std::move(store)),
        documents_(std::move(documents)),
        pool_(settings_.threads) {}

  // Loads one file and prints its result. The exit status.
  Result<int> run_file(const std::string& file, std::stop_token stop) {
    auto began = std::chrono::steady_clock::now();
    ProgressStyle style = progress_style(options_.quiet);
    NamedInput named = TRY(look_at_input(file));
    std::optional<ProgressDisplay> progress(std::in_place, style, named.title, named.size);
    OnBytes on_bytes = [&](std::uint64_t bytes) { progress->add_bytes(bytes); };

    auto found = TRY(find_pipeline({.wanted = options_.pipeline,
                                    .folder = settings_.config.pipelines,
                                    .file_name = named.pipeline_stem,
                                    .store = &store_->queries(),
                                    .overrides = settings_.overrides}));
    const std::string kept = kept_note(options_, found, settings_.config.store);
    found.spec.source.row_bytes = settings_.config.row_bytes;
    found.spec.source.window_bytes = settings_.memory.window_bytes;
    if (named.reads_once) progress->phase(declares_everything(found.spec) ? "reading" : "spooling");
    OpenedInput opened = TRY(open_input(file, found.spec, settings_.config.blobs, on_bytes, stop));
    progress->phase("looking at the whole file");
    LoadRequest request{*store_, opened.input, std::move(found), {}, {}, "cli"};
    if (options_.limit) request.row_limit = options_.limit;
    return load_and_report(std::move(request), file, kept, began, progress, stop);
  }

  // Runs the corrected rows of an error report.
  Result<int> resubmit(const std::string& report, std::stop_token stop) {
    auto began = std::chrono::steady_clock::now();
    std::optional<ProgressDisplay> progress(std::in_place, progress_style(options_.quiet), report, 0);
    Input input = TRY(open_file(report, {}));
    LoadRequest request = TRY(resubmission(*store_, input, stop));
    return load_and_report(std::move(request), report, "", began, progress, stop);
  }

  // The exit status, where that of the files is `status`.
  int copy_groups(int status, std::stop_token stop) {
    if (!documents_) return status;
    GroupCopier copier(*store_, *documents_, LookUps::at_once);
    Result<bool> more = true;
    while (more && *more && !stop.stop_requested()) more = copier.copy(stop);
    if (more && copier.failure()) more = std::unexpected(*copier.failure());
    if (more) return status;  // or a node copies now, and goes on with these
    std::fprintf(stderr,
                 "sluice: the aggregates are right in the store, and could not be copied from there. %s\n"
                 "  The next `sluice run` with this configuration copies them, or a `sluice serve`.\n",
                 more.error().message.c_str());
    return status == kExitOk ? kExitFailed : status;
  }

 private:
  // `note`: what is to be said before what was found.
  Result<int> load_and_report(LoadRequest request, const std::string& source, const std::string& note,
                              std::chrono::steady_clock::time_point began,
                              std::optional<ProgressDisplay>& progress, std::stop_token stop) {
    const Input& input = request.input;
    LoadEvents events;
    std::string job_id;
    events.on_planned = [&](const LoadResult& planned) {
      job_id = planned.job_id;
      if (!options_.quiet && !options_.json) progress->say(note + findings_text(planned));
      progress->phase("loading");
    };
    events.on_commit = [&](const SplitProgress& at) {
      progress->rows(at.report.job.read, at.report.job.rejected);
    };
    Result<LoadResult> loaded = load(std::move(request), pool_, settings_.memory, events, stop);
    progress.reset();
    if (!loaded && !job_id.empty()) return left_open(source, job_id, loaded.error());
    if (!loaded) return std::unexpected(std::move(loaded).error());

    FileResult result;
    result.job_id = loaded->job_id;
    result.pipeline = loaded->pipeline;
    result.status = name_of(loaded->status);
    result.error = loaded->error;
    result.source = source;
    result.bytes = input.size;
    result.counts = loaded->counts;
    result.columns = columns_of(loaded->plan);
    result.store = without_secrets(settings_.config.store);
    result.rows_before = loaded->resumed ? loaded->resumed_at_row - 1 : 0;
    Result<> reported = write_rejects(*loaded, result);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::fputs((options_.json ? json_text(result) : people_text(result)).c_str(), stdout);
    const int status = status_of(*loaded);
    if (reported) return status;
    tell_unreported(reported.error(), *loaded, source != "-" && options_.resubmit.empty());
    return status == kExitOk || status == kExitStrict ? kExitFailed : status;
  }

  // There is a job, and it could not be brought to its end: it waits in the store for the same command.
  Result<int> left_open(const std::string& source, const std::string& job_id, const Error& error) const {
    if (options_.json) std::fputs(json_of_open_job(source, job_id, error.message).c_str(), stdout);
    return report_error(error);
  }

  // The job has ended, and nothing undoes that: only its report is missing.
  static void tell_unreported(const Error& error, const LoadResult& loaded, bool can_run_again) {
    // By position, every row of another run counts anew.
    const bool again = can_run_again && loaded.plan.pipeline.identity != IdentityKind::position;
    std::fprintf(
        stderr,
        "sluice: the job is %s and everything of it is in the store; only its report is missing. %s\n"
        "  %s\n",
        std::string(name_of(loaded.status)).c_str(), error.message.c_str(),
        again ? "The same command writes it once that is mended: what is stored are duplicates then, and "
                "the other rows are rejected again."
              : "The rejected rows and why are in the table validation_errors of the store, under this "
                "job.");
  }

  static std::string findings_text(const LoadResult& planned) {
    if (planned.resumed)
      return "Going on with job " + planned.job_id + " at row " + count_text(planned.resumed_at_row) + ".\n";
    std::string text;
    if (planned.pipeline_kept)
      text = "No pipeline was named: '" + planned.pipeline +
             "' was inferred from the file and kept in the store. "
             "See it with `sluice infer FILE`, name another with -p.\n";
    for (const std::string& finding : planned.plan.read.findings) text += "  " + finding + "\n";
    return text;
  }

  // The error report, and the reasons for people; nothing where no row was rejected and no report is asked
  // for.
  Result<> write_rejects(const LoadResult& loaded, FileResult& result) {
    std::unique_ptr<ReportWriter> report;
    if (!options_.rejects.empty()) {
      Columns columns = TRY(report_columns(store_->queries(), loaded.job_id, loaded.plan));
      report = TRY(open_report(options_.rejects, columns));
    }
    if (loaded.counts.rejected == 0 && !report) return {};
    if (options_.json && !report) return {};
    RejectGroups groups;
    std::optional<Error> failed;
    TRY(store_->queries().each_reject(loaded.job_id, [&](const StoredReject& reject) {
      groups.add(reject.row);
      if (!report) return true;
      Result<> written = report->row(loaded.job_id, reject.row);
      if (!written) failed = std::move(written).error();
      return !failed;
    }));
    if (failed) return std::unexpected(std::move(*failed));
    if (report) {
      TRY(report->finish());
      result.rejects_file = options_.rejects;
    }
    constexpr std::size_t kReasonsShown = 5;
    result.groups = groups.most_frequent(kReasonsShown);
    return {};
  }

  int status_of(const LoadResult& loaded) const {
    if (loaded.status == JobStatus::failed) {
      std::fprintf(stderr, "sluice: the job failed: %s\n", loaded.error.c_str());
      return kExitFailed;
    }
    if (loaded.status != JobStatus::completed) {
      std::fprintf(stderr, "sluice: stopped after row %s; the same command goes on from there.\n",
                   count_text(loaded.counts.read).c_str());
      return kExitInterrupted;
    }
    return options_.strict && loaded.counts.rejected != 0 ? kExitStrict : kExitOk;
  }

  const RunOptions& options_;
  RunSettings settings_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<GroupDocuments> documents_;  // null: groups are in the store only
  ComputePool pool_;
};

Result<int> run(const RunOptions& options, std::stop_token stop) {
  if (options.files.empty() == options.resubmit.empty())
    return fail(ErrorKind::usage, options.files.empty()
                                      ? "name at least one file to load, as in `sluice run people.csv`."
                                      : "--resubmit takes the place of FILE: the report knows its job.");
  RunSettings settings = TRY(resolve(options));
  if (options.dry_run) return check_files(options, settings, stop);
  auto documents = TRY(open_group_documents(settings.config.aggregates));
  auto store = TRY(open_store(settings.config.store, {.cache_bytes = settings.memory.store_cache_bytes,
                                                      .patience = settings.config.patience}));
  RunCommand command(options, std::move(settings), std::move(store), std::move(documents));
  const int status =
      options.resubmit.empty()
          ? each_file(options, stop, [&](const std::string& file) { return command.run_file(file, stop); })
          : TRY(command.resubmit(options.resubmit, stop));
  return command.copy_groups(status, stop);
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "load files into the store, here and now");
  command
      ->add_option("--to", options->to,
                   "the store: sqlite:PATH or postgresql://… (default sqlite:./data/sluice.db)")
      ->type_name("URL")
      ->group(kWhere);
  command->add_flag("--dry-run", options->dry_run, "check only, write nothing (as `sluice validate`)")
      ->group(kWhere);
  command
      ->add_option("--resubmit", options->resubmit,
                   "instead of FILE: the rows that were corrected in the report of --rejects")
      ->type_name("REPORT")
      ->group(kWhere);
  add_reading_options(*command, *options);
  command
      ->add_option("--batch-rows", options->batch_rows,
                   "rows in one transaction (default: as fits the memory)")
      ->type_name("N")
      ->check(at_least_one())
      ->group(kResources);
  command->footer(
      "Examples:\n"
      "  sluice run people.csv                                   look at it, infer a pipeline, load it\n"
      "  sluice run people.csv -p people.yaml --rejects bad.csv  load by a pipeline, bad rows to bad.csv\n"
      "  sluice run --resubmit bad.csv                           load the rows corrected in bad.csv\n"
      "  sluice run people.csv --set identity=[id]               rows of the same id replace each other\n"
      "  zcat dump.json.gz | sluice run - -p dump.yaml --json    from standard input, result as JSON\n"
      "Exit status: 0 done, 1 failed, 2 the command is wrong, 3 rows were rejected and --strict was given.\n"
      "The same command again goes on where it was stopped. All there is to read: sluice man | man -l -\n");
  command->callback([options, &action] {
    action = [options](std::stop_token stop) {
      Result<int> ended = run(*options, stop);
      return ended ? *ended : report_error(ended.error());
    };
  });
}

}  // namespace sluice
