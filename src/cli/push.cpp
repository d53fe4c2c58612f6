// sluice push: reads a file and posts its good rows as JSON batches, each row counted once however often it
// is broken off and begun again.
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "app/open_input.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "base/size_text.h"
#include "base/url_text.h"
#include "base/uuid.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/push_result.h"
#include "cli/push_target.h"
#include "cli/push_writer.h"
#include "cli/run_options.h"
#include "cli/state_folder.h"
#include "jobs/plan_job.h"
#include "jobs/split_run.h"
#include "reports/report.h"

namespace sluice {
namespace {

// Rows that go to the writer at once: few enough that they are still in the cache.
constexpr std::uint64_t kRowsAtOnce = 4096;
constexpr std::size_t kReadBytes = 1 << 20;
constexpr std::uint64_t kMostBatchBytes = 64 << 20;  // several of them are kept in memory
constexpr const char *kWhat = "What is sent", *kSending = "How it is sent";

struct PushOptions {
  RunOptions reading;
  std::string to, journal, batch_bytes = "1MiB", patience = "5m";
  std::optional<std::string> wrap;
  PushColumns columns;
  std::uint64_t batch_rows = 1000;
  unsigned connections = 4;
  bool restart = false;
};

Result<std::string> sha256_of(const Input& input, std::stop_token stop) {
  auto source = TRY(input.opener(0));
  std::string bytes(kReadBytes, '\0');
  Sha256 digest;
  while (std::size_t got = TRY(source->read(bytes, stop)))
    digest.update(std::string_view(bytes).substr(0, got));
  return to_hex(digest.finish());
}

// Everything that decides which rows are good and what is sent of them.
std::string digest_of(const PipelineSpec& spec, const PushBatching& batching) {
  const nlohmann::json all = {
      {"pipeline", to_json(spec)}, {"opening", batching.opening}, {"closing", batching.closing}};
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

Result<std::string> journal_path(const PushOptions& options, const Input& input) {
  std::error_code error;
  if (std::filesystem::equivalent(options.journal, options.reading.files.front(), error))
    return fail(ErrorKind::usage, "--journal " + options.journal +
                                      " is the file that is to be pushed. Name another: what was sent is "
                                      "noted there.");
  if (!options.journal.empty()) return options.journal;
  return state_folder() / "pushes" / to_hex(Sha256().of(input.place + "\n" + options.to));
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

// A push that began earlier goes on only if it is of the same rows.
Result<> check_same(const PushHeader& now, const PushState& before) {
  const PushHeader& then = *before.header;
  const std::string begun = "a push of " + now.file + " to " + without_secrets(now.to) + " was begun " +
                            then.began + ", and " + count_text(before.taken_rows) + " rows are taken. ";
  const std::string choice = ", or push everything anew, from the first row, with --restart.";
  if (then.to != now.to)
    return fail(ErrorKind::usage, "the journal is of a push to " + without_secrets(then.to) +
                                      ". Name another with --journal" + choice);
  if (before.changed)
    return fail(ErrorKind::usage, begun +
                                      "The file was written to meanwhile: what was sent may be of two "
                                      "versions. Push everything anew, from the first row, with --restart.");
  if (then.size != now.size || then.sha256 != now.sha256)
    return fail(ErrorKind::usage, begun +
                                      "Its content is another now: going on would count rows twice or lose "
                                      "some. Put the file back as it was" +
                                      choice);
  if (then.mapping != now.mapping)
    return fail(ErrorKind::usage, begun +
                                      "That was with other columns, another pipeline or other options of "
                                      "how to read: what is a good row may be another one now. Give the "
                                      "command as it was" +
                                      choice);
  return {};
}

class Push {
 public:
  Push(const PushOptions& options, const RunSettings& settings, PushTarget target, PushBatching batching,
       std::chrono::milliseconds patience)
      : options_(options),
        settings_(settings),
        target_(std::move(target)),
        batching_(std::move(batching)),
        patience_(patience),
        pool_(settings.threads) {}

  Result<int> run(std::stop_token stop) {
    const std::string& file = options_.reading.files.front();
    result_.file = file == "-" ? "standard input" : file;
    result_.to = without_secrets(options_.to);
    NamedInput named = TRY(look_at_input(file));
    PipelineSpec spec = TRY(pipeline_of(options_, settings_, named, target_));
    const std::string mapping = digest_of(spec, batching_);
    spec.source.window_bytes = settings_.memory.window_bytes;

    progress_.emplace(progress_style(options_.reading.quiet), named.title, named.size);
    OnBytes on_bytes = [this](std::uint64_t bytes) { progress_->add_bytes(bytes); };
    if (named.reads_once) progress_->phase("spooling");
    // It is read twice: even where the pipeline leaves nothing to find out.
    if (!named.reads_once && file != "-") stamp_ = TRY(stamp_of(file));
    OpenedInput opened = TRY(open_input(file, {}, settings_.config.blobs, on_bytes, stop));
    const std::string path = TRY(journal_path(options_, opened.input));
    auto journal =
        TRY(PushJournal::open(path, options_.restart ? PushJournal::Anew::yes : PushJournal::Anew::no));
    result_.journal = journal->path();
    progress_->phase("looking at the whole file");
    const PushHeader header{.push_id = new_uuid(),
                            .to = options_.to,
                            .file = opened.input.name,
                            .began = now_rfc3339(),
                            .size = opened.input.size,
                            .sha256 = TRY(sha256_of(opened.input, stop)),
                            .mapping = mapping};
    TRY(begin(*journal, header));
    if (const auto done = journal->state().done) {
      result_.nothing_left = true;
      result_.read = done->read;
      result_.skipped = done->skipped;
      return tell(*journal, options_.reading.strict && done->skipped != 0 ? kExitStrict : kExitOk);
    }
    return send(opened.input, std::move(spec), *journal, stop);
  }

 private:
  Result<> begin(PushJournal& journal, const PushHeader& header) {
    const PushState before = journal.state();
    if (before.header && !options_.restart) {
      const Result<> same = check_same(header, before);
      if (same || !before.claimed.empty()) return same;  // nothing of it is at the server: it is no push yet
    }
    if (before.header && before.taken_rows != 0)
      say("Begun anew: " + count_text(before.taken_rows) +
          " rows that were taken before are sent once more.\n");
    return journal.begin(header);
  }

  Result<int> send(const Input& input, PipelineSpec spec, PushJournal& journal, std::stop_token stop) {
    const PushState known = journal.state();
    if (known.taken_rows != 0 || !known.pending.empty())
      say("Going on with push " + known.header->push_id + ": " + count_text(known.taken_rows) +
          " rows are taken already" +
          (known.pending.empty() ? ".\n" : ", what had no answer is sent again.\n"));
    PlanOptions plan_options{false, Splitting::whole};
    PlannedJob planned = TRY(plan_job(std::move(spec), input, plan_options, pool_, settings_.memory, stop));
    for (const std::string& finding : planned.plan.read.findings) say("  " + finding + "\n");
    auto pipeline = TRY(Pipeline::compile(planned.plan.pipeline, {}));
    if (!pipeline->write_spec().unique_constraints.empty())
      say("  Whether values are unique is for the server to see: every good row is sent.\n");
    auto format = make_format(planned.plan.read);
    SplitTask task{planned.plan.read, *format, input.opener, *pipeline, planned.splits.front(), false, {}};
    if (options_.reading.limit) task.row_limit = options_.reading.limit;
    task.resumable = false;
    MemoryPlan memory = settings_.memory;
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
                                        .patience = patience_,
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
  const RunSettings& settings_;
  const PushTarget target_;
  PushBatching batching_;
  const std::chrono::milliseconds patience_;
  ComputePool pool_;
  const Stopwatch watch_;
  std::optional<ProgressDisplay> progress_;
  PushResult result_;
  std::string stamp_;  // of the file, before it was read; "" for standard input
};

Result<int> push(const PushOptions& options, std::stop_token stop) {
  const auto& files = options.reading.files;
  if (files.size() != 1)
    return fail(ErrorKind::usage, files.empty()
                                      ? "name the file to push, as in `sluice push people.csv --to URL`."
                                      : "a push is of one file: push them one after the other.");
  PushTarget target = TRY(push_target(options.to, options.wrap));
  PushBatching batching{.opening = target.opening, .closing = target.closing, .rows = options.batch_rows};
  const auto bytes = parse_size(options.batch_bytes);
  if (!bytes || *bytes == 0 || *bytes > kMostBatchBytes)
    return fail(ErrorKind::usage, "--batch-bytes takes a size up to 64MiB, such as 1MiB or 64kB, not '" +
                                      options.batch_bytes + "'.");
  batching.bytes = *bytes;
  auto patience = span_of(options.patience);
  if (!patience) return std::unexpected(std::move(patience).error().during("--patience"));
  const RunSettings settings = TRY(resolve(options.reading));
  return Push(options, settings, std::move(target), std::move(batching), *patience).run(stop);
}

void add_options(CLI::App& command, PushOptions& options) {
  auto repeated = [](CLI::Option* option, const char* type) {
    option->type_name(type)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    return option->allow_extra_args(false);
  };
  command.add_option("--to", options.to, "where batches are posted; its key is taken from SLUICE_KEY")
      ->required()
      ->type_name("URL")
      ->group(kWhere);
  command
      .add_option("--wrap", options.wrap,
                  "the member of the body that holds the rows; '' is a bare array (default: states where the "
                  "address ends in /states/batch, else '')")
      ->type_name("NAME")
      ->group(kWhere);
  repeated(command.add_option("--map", options.columns.map,
                              "send this column of the file under this name, and only such columns; a row "
                              "where it is blank is skipped; may be repeated"),
           "NAME=COLUMN")
      ->group(kWhat);
  repeated(command.add_option("--const", options.columns.constants,
                              "send this with every row: a number, true, false or text; may be repeated"),
           "NAME=VALUE")
      ->group(kWhat);
  repeated(command.add_option("--require", options.columns.require,
                              "skip rows where one of these columns of the file is blank, sent or not: a,b"),
           "COLUMNS")
      ->delimiter(',')
      ->group(kWhat);
  add_reading_options(command, options.reading);
  command.get_option("FILE")->description("the file to push; - is standard input");
  command.get_option("--pipeline")
      ->description(
          "send what this pipeline makes of each row: a file, or a name (default: every column, as text)");
  command.get_option("--rejects")
      ->description("write skipped rows and why to this file: .csv, .ndjson or .xlsx");
  command.get_option("--strict")->description("exit with status 3 when rows were skipped");
  command.get_option("--json")->description("print the result as a JSON object");
  command.add_option("--batch-rows", options.batch_rows, "at most so many rows in a batch (default 1000)")
      ->type_name("N")
      ->check(at_least_one())
      ->group(kSending);
  command.add_option("--batch-bytes", options.batch_bytes, "and so many bytes (default 1MiB)")
      ->type_name("SIZE")
      ->group(kSending);
  command.add_option("--connections", options.connections, "batches on their way at once (default 4)")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""))
      ->group(kSending);
  command
      .add_option("--patience", options.patience,
                  "give up when the server took nothing for so long (default 5m)")
      ->type_name("TIME")
      ->group(kSending);
  command
      .add_option("--journal", options.journal,
                  "where to note what was sent (default: in ~/.local/state/sluice/pushes, one for each file "
                  "and address)")
      ->type_name("FILE")
      ->group(kSending);
  command.add_flag("--restart", options.restart, "forget what was sent before, and begin at the first row")
      ->group(kSending);
}

}  // namespace

void add_push(CLI::App& app, Action& action) {
  auto options = std::make_shared<PushOptions>();
  CLI::App* command = app.add_subcommand("push", "post a file's rows to an address, as JSON batches");
  add_options(*command, *options);
  command->footer(
      "Examples:\n"
      "  sluice push people.csv --to http://127.0.0.1:8080/v1/pipelines/people/batches\n"
      "  sluice push calls.csv --to http://127.0.0.1:8080/states/batch \\\n"
      "      --map name=state --const population=1 --require name    one for each row with a state and a "
      "name\n"
      "  sluice push calls.csv.gz --to https://example.org/rows -p calls.yaml --wrap items --rejects "
      "bad.csv\n"
      "Broken off anywhere, even by kill -9, the same command goes on: what was under way is sent again as "
      "it\n"
      "was, with the same Idempotency-Key, so that the server counts it once. A push that is done sends "
      "nothing.\n"
      "Exit status: 0 done, 1 failed, 2 the command is wrong, 3 rows were skipped and --strict was given.\n");
  command->callback([options, &action] {
    action = [options](std::stop_token stop) {
      Result<int> ended = push(*options, stop);
      if (!ended && options->reading.json) {
        PushResult result;
        result.to = without_secrets(options->to);
        if (!options->reading.files.empty()) result.file = options->reading.files.front();
        result.status = "FAILED";
        result.error = ended.error().message;
        std::fputs(json_text(result).c_str(), stdout);
      }
      return ended ? *ended : report_error(ended.error());
    };
  });
}

}  // namespace sluice
