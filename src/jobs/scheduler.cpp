#include "jobs/scheduler.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "base/log.h"
#include "base/sha256.h"
#include "jobs/cron.h"
#include "jobs/named_blob.h"
#include "jobs/submit_job.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto kScheduleEvery = 1s;
constexpr std::size_t kMostStarted = 20;
// A file that was changed a moment ago may still be being written.
constexpr auto kSettled = 10s;
// A schedule whose times can no longer be read (its zone is gone from tzdata) is looked at again then.
constexpr auto kAfterFailedLook = 1h;
constexpr std::size_t kRemembered = 200'000;  // files of one prefix, some 100 bytes each

std::string file_name_of(const std::string& key) { return key.substr(key.rfind('/') + 1); }

// Whose files they are: what the service keeps for itself is nobody's source, and tenants have folders.
Result<std::string> source_key(const Schedule& schedule) {
  std::string key = blob_key_of(schedule.source);
  const std::string right = "write it as blob:FOLDER/FILE, or blob:FOLDER/ for every file that comes into it";
  if (key.empty())
    return fail(ErrorKind::usage,
                "source: '" + schedule.source + "' is no file in the blob store; " + right + ".");
  const bool plain = std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '/';
  });
  if (!plain || key.starts_with('/') || key.find("//") != std::string::npos ||
      ("/" + key + "/").find("/../") != std::string::npos ||
      ("/" + key + "/").find("/./") != std::string::npos)
    return fail(ErrorKind::usage,
                "source: '" + schedule.source +
                    "' has something in it that no file of the blob store has (letters, digits "
                    "and . _ - between slashes); " +
                    right + ".");
  if (auto may = check_named_blob(schedule.tenant, key); !may)
    return fail(ErrorKind::usage, "source: " + may.error().message);
  return key;
}

}  // namespace

Result<std::int64_t> next_run_ms(const Schedule& schedule, WallTime after) {
  if (schedule.cron.empty() == schedule.at.empty())
    return fail(ErrorKind::usage, "a schedule has either a cron or a time (at).");
  if (!schedule.at.empty()) {
    const auto at = parse_rfc3339(schedule.at);
    if (!at)
      return fail(ErrorKind::usage,
                  "at: '" + schedule.at + "' is no time with its offset, as in 2026-03-01T06:00:00Z.");
    return *at > after ? ms_since_1970(*at) : 0;
  }
  const Cron cron = TRY(Cron::parse(schedule.cron, schedule.zone));
  const auto next = cron.next_run(after);
  return next ? ms_since_1970(*next) : 0;
}

Result<> prepare_schedule(Service& service, Schedule& schedule, WallTime now) {
  schedule.next_run_ms = TRY(next_run_ms(schedule, now));
  if (schedule.next_run_ms == 0)
    return fail(ErrorKind::usage, schedule.cron.empty() ? "at: " + schedule.at + " is over."
                                                        : "cron: '" + schedule.cron + "' never comes.");
  TRY(source_key(schedule));
  return check_pipeline_name(service, schedule.tenant, schedule.pipeline);
}

struct Scheduler::Run {
  std::string job_id, error;  // the last of each
  bool unavailable = false;   // something that passes: the run is not over
};

Result<std::vector<BlobInfo>> Scheduler::files_of(const Schedule& schedule) {
  const std::string key = TRY(source_key(schedule));
  if (!key.ends_with('/')) {
    auto file = service_.blobs.stat(key);
    if (!file && file.error().kind == ErrorKind::not_found)
      return fail(ErrorKind::not_found, "there is no file " + schedule.source + ".");
    return std::vector<BlobInfo>{TRY(std::move(file))};
  }
  auto files = TRY(service_.blobs.list(key));
  const std::int64_t settled = schedule.read_at_ms - milliseconds(kSettled).count();
  std::erase_if(files, [&](const BlobInfo& file) {
    return file.modified_ms > settled || file_name_of(file.key).starts_with('.');
  });
  std::ranges::sort(files, {}, &BlobInfo::key);
  return files;
}

void Scheduler::submit(const Schedule& schedule, const BlobInfo& file, Run& run) {
  const bool watched = schedule.source.ends_with('/');
  std::string what = file.key + "\n" + file.version;
  // A file that is named runs every time; a watched one once, for as long as it is the same.
  if (!watched) what += "\n" + std::to_string(schedule.next_run_ms);
  const std::string digest = to_hex(Sha256().of(what));
  std::set<std::string>& known = submitted_[schedule.id];
  if (watched && known.contains(digest)) return;
  Submission submission{.tenant = schedule.tenant,
                        .pipeline = schedule.pipeline,
                        .file_name = file_name_of(file.key),
                        .size = file.size,
                        .metadata = schedule.metadata,
                        .created_by = "schedule:" + schedule.id,
                        .blob_key = file.key,
                        .idempotency_key = "schedule:" + schedule.id + ":" + digest,
                        .idempotency_digest = digest};
  Result<Job> job = submit_job(service_, submission);
  if (!job) {
    run.error = submission.file_name + ": " + job.error().message;
    run.unavailable = run.unavailable || job.error().retryable;
    return;
  }
  run.job_id = job->id;
  if (!watched) return;
  if (known.size() >= kRemembered) known.clear();
  known.insert(digest);
}

Result<> Scheduler::run(const Schedule& schedule, std::stop_token stop) {
  Run run{.job_id = schedule.last_job_id};
  auto files = files_of(schedule);
  if (!files && files.error().retryable) return std::unexpected(std::move(files).error());
  if (!files) run.error = files.error().message;
  if (files)
    for (const BlobInfo& file : *files) {
      if (stop.stop_requested()) return fail(ErrorKind::cancelled, "stopped while a schedule ran.");
      submit(schedule, file, run);
    }
  if (run.unavailable) return fail(ErrorKind::unavailable, run.error, true);
  // Of all nodes' clocks the store's: one that is ahead would put the run off for all.
  const WallTime now = wall_time(schedule.read_at_ms);
  Result<std::int64_t> next = 0;
  if (!schedule.cron.empty()) next = next_run_ms(schedule, now);
  if (!next) {
    run.error = next.error().message;
    next = ms_since_1970(now + kAfterFailedLook);
  }
  if (!TRY(service_.store.schedules().claim(schedule, *next))) return {};  // another node has told
  if (!run.error.empty())
    log_warning("schedule", {{"schedule", schedule.id}, {"tenant", schedule.tenant}, {"error", run.error}});
  return service_.store.schedules().note_run(schedule.id, run.job_id, run.error);
}

Result<bool> Scheduler::run_due(std::stop_token stop) {
  auto due = TRY(service_.store.schedules().due(kMostStarted));
  const auto read = std::chrono::steady_clock::now();
  Result<> first;
  for (Schedule& schedule : due) {  // one that cannot be run now must not hold up the others
    const auto since = std::chrono::steady_clock::now() - read;
    schedule.read_at_ms += std::chrono::duration_cast<milliseconds>(since).count();
    Result<> done = run(schedule, stop);
    if (!done && first) first = std::unexpected(std::move(done).error().during("schedule " + schedule.name));
  }
  TRY(std::move(first));
  return due.size() == kMostStarted;
}

Result<> Scheduler::arrived(const std::string& key) {
  const auto watching = TRY(service_.store.schedules().watching(blob_place(key)));
  if (watching.empty() || file_name_of(key).starts_with('.')) return {};
  const auto file = service_.blobs.stat(key);
  if (!file && file.error().kind == ErrorKind::not_found) return {};  // removed since
  if (!file) return std::unexpected(file.error());
  Result<> fault;
  for (const Schedule& schedule : watching) {
    Run run{.job_id = schedule.last_job_id};
    submit(schedule, *file, run);
    if (run.unavailable)
      fault = fail(ErrorKind::unavailable, run.error, true);
    else
      TRY(service_.store.schedules().note_run(schedule.id, run.job_id, run.error));
  }
  return fault;
}

SchedulerThread::SchedulerThread(Service& service)
    : scheduler_(service), ticking_("scheduler", kScheduleEvery, [this](std::stop_token stop) {
        return scheduler_.run_due(stop);
      }) {}

}  // namespace sluice
