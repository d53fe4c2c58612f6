#include "cli/push_run.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "app/open_input.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "base/size_text.h"
#include "base/uuid.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/push_begin.h"
#include "cli/push_result.h"
#include "jobs/plan_job.h"
#include "jobs/split_run.h"
#include "reports/report.h"

namespace sluice {
namespace {

// Rows that go to the writer at once: few enough that they are still in the cache.
constexpr std::uint64_t kRowsAtOnce = 4096;
constexpr std::size_t kReadBytes = 1 << 20;

Result<std::string> sha256_of(const Input& input, std::stop_token stop) {
  auto source = TRY(input.opener(0));
  std::string bytes(kReadBytes, '\0');
  Sha256 digest;
  while (std::size_t got = TRY(source->read(bytes, stop)))
    digest.update(std::string_view(bytes).substr(0, got));
  return to_hex(digest.finish());
}

// Everything that decides which rows are good and what is sent of them.
std::string digest_of(PipelineSpec spec, const PushBatching& batching) {
  spec.name.clear();  // the file's, where there is no pipeline: whatever that is called
  nlohmann::json all = {
      {"pipeline", to_json(spec)}, {"opening", batching.opening}, {"closing", batching.closing}};
  if (batching.fault) all["fault"] = "states";
  return to_hex(Sha256().of(all.dump()));
}

// The pipeline, or what stands for one on the command line.
Result<PipelineSpec> pipeline_of(const PushOptions& options, const RunSettings& settings,
                                 const NamedInput& named, const PushTarget& target) {
  const bool has_pipeline = !options.reading.pipeline.empty();
  if (has_pipeline && options.columns.any())
    return fail(
        ErrorKind::usage,
        "-p and --map, --const or --require exclude each other: what they do is said in the pipeline, "
        "by the steps select, default and require.");
  PipelineQuestion question{
      .wanted = options.reading.pipeline, .file_name = named.pipeline_stem, .overrides = settings.overrides};
  std::unique_ptr<Store> store;
  if (has_pipeline) {
    store = TRY(store_to_look_at(settings));
    question.folder = settings.config.pipelines;
    question.store = store ? &store->queries() : nullptr;
  }
  PipelineSpec spec = TRY(find_pipeline(question)).spec;
  if (!has_pipeline) TRY(add_columns(spec, options.columns, target));
  spec.table.clear();  // rows are sent as JSON, wherever they would be stored
  spec.aggregates.clear();
  spec.source.row_bytes = settings.config.row_bytes;
  return spec;
}

// Another one where a file was written to, or another is in its place.
Result<std::string> stamp_of(const std::string& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0)
    return fail(ErrorKind::io, "cannot look at '" + file + "' any more: " + std::strerror(errno));
  std::string stamp;
  for (const auto number :
       {static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino),
        static_cast<std::int64_t>(status.st_size), static_cast<std::int64_t>(status.st_mtim.tv_sec),
        static_cast<std::int64_t>(status.st_mtim.tv_nsec)})
    stamp += std::to_string(number) + " ";
  return stamp;
}

class Push {
 public:
  Push(const PushOptions& options, const PushSettings& settings)
      : options_(options), settings_(settings), batching_(settings.batching), pool_(settings.run.threads) {}

  Result<int> run(std::stop_token stop) {
    const std::string& file = options_.reading.files.front();
    result_.file = file == "-" ? "standard input" : file;
    result_.to = push_address(options_.to);
    NamedInput named = TRY(look_at_input(file));
    PipelineSpec spec = TRY(pipeline_of(options_, settings_.run, named, settings_.target));
    const std::string mapping = digest_of(spec, batching_);
    spec.source.window_bytes = settings_.run.memory.window_bytes;

    progress_.emplace(progress_style(options_.reading.quiet), named.title, named.size);
    OnBytes on_bytes = [this](std::uint64_t bytes) { progress_->add_bytes(bytes); };
    if (named.reads_once) progress_->phase("spooling");
    // It is read twice: even where the pipeline leaves nothing to find out.
    if (!named.reads_once && file != "-") stamp_ = TRY(stamp_of(file));
    OpenedInput opened = TRY(open_input(file, {}, settings_.run.config.blobs, on_bytes, stop));
    const std::string path = TRY(journal_path(options_, opened.input));
    auto journal =
        TRY(PushJournal::open(path, options_.restart ? PushJournal::Anew::yes : PushJournal::Anew::no));
    result_.journal = journal->path();
    progress_->phase("looking at the whole file");
    const PushHeader header{.push_id = new_uuid(),
                            .to = result_.to,
                            .file = opened.input.name,
                            .began = now_rfc3339(),
                            .size = opened.input.size,
                            .sha256 = TRY(sha256_of(opened.input, stop)),
                            .mapping = mapping};
    if (const std::uint64_t again = TRY(begin_push(*journal, header, options_.restart)))
      say("Begun anew: " + count_text(again) + " rows that were taken before are sent once more.\n");
    TRY(settle_old(*journal, settings_.unanswered, wall_now()));
    if (const auto done = journal->state().done) {
      result_.nothing_left = true;
      result_.read = done->read;
      result_.skipped = done->skipped;
      return tell(*journal, options_.reading.strict && done->skipped != 0 ? kExitStrict : kExitOk);
    }
    return send(opened.input, std::move(spec), *journal, stop);
  }

 private:
  Result<int> send(const Input& input, PipelineSpec spec, PushJournal& journal, std::stop_token stop) {
    const PushState known = journal.state();
    if (known.taken_rows != 0 || !known.pending.empty())
      say("Going on with push " + known.header->push_id + ": " + count_text(known.taken_rows) +
          " rows are taken already" +
          (known.pending.empty() ? ".\n" : ", what had no answer is sent again.\n"));
    PlanOptions plan_options{false, Splitting::whole};
    PlannedJob planned =
        TRY(plan_job(std::move(spec), input, plan_options, pool_, settings_.run.memory, stop));
    for (const std::string& finding : planned.plan.read.findings) say("  " + finding + "\n");
    auto pipeline = TRY(Pipeline::compile(planned.plan.pipeline, {}));
    if (!pipeline->write_spec().unique_constraints.empty())
      say("  Whether values are unique is for the server to see: every good row is sent.\n");
    auto format = make_format(planned.plan.read);
    SplitTask task{planned.plan.read, *format, input.opener, *pipeline, planned.splits.front(), false, {}};
    task.keep_input = static_cast<bool>(batching_.fault);
    if (const std::uint64_t limit = limit_beyond_pending(known, options_.reading.limit)) {
      task.row_limit = limit;
      if (limit != options_.reading.limit)
        say("Reading " + count_text(limit) +
            " rows: the last of them were sent in one batch before, without an answer, and go as they "
            "went.\n");
    }
    task.resumable = false;
    MemoryPlan memory = settings_.run.memory;
    memory.batch_rows = kRowsAtOnce;

    std::unique_ptr<ReportWriter> report;
    if (!options_.reading.rejects.empty())
      report = TRY(open_report(options_.reading.rejects, planned.plan.read.columns));
    RejectGroups groups;
    OnReject on_reject = [&](const RejectedRow& row) -> Result<> {
      groups.add(row);
      return report ? report->row("", row) : Result<>();
    };
    batching_.max_rejects = reject_limit(planned.plan.pipeline.max_rejects, planned.plan.rows);
    auto sender = TRY(PushSender::open({.url = options_.to,
                                        .push_id = known.header->push_id,
                                        .connections = options_.connections,
                                        .bodies_bytes = settings_.bodies_bytes,
                                        .patience = settings_.patience,
                                        .check = [&] { return check_unchanged(journal); },
                                        .say =
                                            [this](const std::string& line) {
                                              if (!options_.reading.quiet) progress_->say(line);
                                            }},
                                       journal, stop));
    PushWriter writer(batching_, known, *sender, on_reject);
    progress_->phase("pushing");
    OnCommit on_commit = [&](const SplitProgress& at) {
      progress_->rows(at.report.job.read, at.report.job.rejected);
    };
    Result<SplitEnd> end = run_split(task, writer, Lease(), pool_, memory, on_commit, stop);
    const Result<> sent = sender->finish();
    progress_.reset();
    result_.sent = sender->totals();
    result_.read = writer.counts().read;
    result_.skipped = writer.counts().rejected;
    constexpr std::size_t kReasonsShown = 5;
    result_.groups = groups.most_frequent(kReasonsShown);
    if (report) {
      TRY(report->finish());
      result_.rejects_file = options_.reading.rejects;
    }
    return tell(journal, TRY(ending(journal, end, sent)));
  }

  // What is read of a file that is being written to may be of two versions: nothing of it is sent, and the
  // push cannot go on, whatever is in the file later.
  Result<> check_unchanged(PushJournal& journal) const {
    const std::string& file = options_.reading.files.front();
    if (stamp_.empty()) return {};
    const std::string now = TRY(stamp_of(file));
    if (now == stamp_) return {};
    TRY(journal.changed());
    return fail(ErrorKind::input, result_.file +
                                      " was written to while it was pushed: what was sent may be of two "
                                      "versions. Push it anew, from the first row, with --restart.");
  }

  // How it ended; a push that is complete is journalled as done.
  Result<int> ending(PushJournal& journal, const Result<SplitEnd>& end, const Result<>& sent) {
    // What a batch met comes first: the end of reading only follows from it.
    const Error* error = !sent && sent.error().kind != ErrorKind::cancelled ? &sent.error()
                         : !end && end.error().kind != ErrorKind::cancelled ? &end.error()
                                                                            : nullptr;
    if (error) {
      result_.error = error->message;
      return kExitFailed;
    }
    if (!sent || !end || *end == SplitEnd::stopped) return kExitInterrupted;
    if (*end == SplitEnd::over_max_rejects) {
      result_.error = "more rows would be skipped than max_rejects allows, which is " +
                      count_text(batching_.max_rejects.value_or(0)) +
                      " in all. Correct the file or the pipeline, or raise max_rejects.";
      return kExitFailed;
    }
    if (const Result<> unchanged = check_unchanged(journal); !unchanged) {
      result_.error = unchanged.error().message;
      return kExitFailed;
    }
    if (!options_.reading.limit) TRY(journal.done(result_.read, result_.skipped));
    return options_.reading.strict && result_.skipped != 0 ? kExitStrict : kExitOk;
  }

  // Prints the result.
  int tell(const PushJournal& journal, int status) {
    progress_.reset();
    const PushState state = journal.state();
    result_.push_id = state.header->push_id;
    result_.resumed = state.taken_rows - result_.sent.rows;
    if (!state.jobs.empty()) {
      result_.first_job = state.jobs.begin()->second;
      result_.last_job = state.jobs.rbegin()->second;
    }
    result_.status = status == kExitFailed ? "FAILED" : status == kExitInterrupted ? "STOPPED" : "COMPLETED";
    result_.seconds = watch_.seconds();
    std::fputs((options_.reading.json ? json_text(result_) : people_text(result_)).c_str(), stdout);
    const std::string taken = count_text(state.taken_rows) + " rows are taken";
    if (status == kExitFailed)
      std::fprintf(stderr,
                   state.changed
                       ? "sluice: %s\n  %s.\n"
                       : "sluice: %s\n  %s and journalled: once that is mended, the same command goes on.\n",
                   result_.error.c_str(), taken.c_str());
    if (status == kExitInterrupted)
      std::fprintf(stderr, "sluice: stopped; %s, and the same command goes on from there.\n", taken.c_str());
    return status;
  }

  void say(const std::string& line) {
    if (!options_.reading.quiet && !options_.reading.json) progress_->say(line);
  }

  const PushOptions& options_;
  const PushSettings& settings_;
  PushBatching batching_;
  ComputePool pool_;
  const Stopwatch watch_;
  std::optional<ProgressDisplay> progress_;
  PushResult result_;
  std::string stamp_;  // of the file, before it was read; "" for standard input
};

}  // namespace

Result<int> run_push(const PushOptions& options, const PushSettings& settings, std::stop_token stop) {
  return Push(options, settings).run(stop);
}

}  // namespace sluice
