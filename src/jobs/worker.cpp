#include "jobs/worker.h"

#include <algorithm>

#include "base/log.h"
#include "jobs/archive.h"
#include "jobs/dispatcher.h"
#include "jobs/heartbeat.h"
#include "jobs/job_request.h"
#include "jobs/owner.h"
#include "jobs/plan_accepted.h"
#include "jobs/split_run.h"
#include "pipeline/utf8.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr auto kMessageHold = 30s;  // of a message; extended with the lease
constexpr auto kWait = 2s;          // for a message, before the stop is looked at again
constexpr auto kAfterFault = 1s;    // the queue cannot be reached
constexpr auto kLookAgain = 5min;   // whether the members of an archive have ended: the last tells by itself
constexpr auto kSomebodyHas = 10s;  // another's lease is live: its end is not far, or it runs out

enum class WorkEnd : std::uint8_t { done, stopped, waits };

// The work that one message stands for, the lease already taken.
class Work {
 public:
  Work(Service& service, ComputePool& pool, const MemoryPlan& memory, const Lease& lease)
      : service_(service), pool_(pool), memory_(memory), lease_(lease) {}

  // `may_give_way` is called after each commit of a job that is one split: others end soon anyway.
  Result<WorkEnd> run(std::stop_token stop, const std::function<void()>& may_give_way) {
    job_ = TRY(service_.store.jobs().get(lease_.job_id));
    if (lease_.split_number == kPlanningSplit) {
      JobRequest request = TRY(job_request_from_json(job_.plan));
      retry_ = request.pipeline.retry;
      TRY(check_attempts());
      TRY(plan_accepted(service_, job_, lease_, pool_, memory_, stop));
      return WorkEnd::done;
    }
    if (is_archive(job_)) return await_members();
    JobPlan plan = TRY(job_plan_from_json(job_.plan));
    retry_ = plan.pipeline.retry;
    TRY(check_attempts());
    plan.read.window_bytes = memory_.window_bytes;  // of this process, not of the one that planned
    const Input input = TRY(open_blob_input(service_.blobs, job_, plan.input_version));
    JobRun run{service_.store, job_, plan, input, {}};
    CompiledRun compiled = TRY(compile_run(run, memory_));
    const bool only_split = TRY(is_only_split());
    OnCommit on_commit = [&](const SplitProgress& progress) {
      if (only_split) may_give_way();
      tell_busy();
      committed(progress);
    };
    SplitEnd end = TRY(run_leased_split(run, compiled, lease_, pool_, on_commit, stop));
    return end == SplitEnd::stopped ? WorkEnd::stopped : WorkEnd::done;
  }

  // Since this was said last.
  void tell_busy() {
    const auto now = std::chrono::steady_clock::now();
    if (service_.observer)
      service_.observer->worked(lease_.split_number == kPlanningSplit, now - std::exchange(busy_since_, now));
  }

  const RetrySpec& retry() const { return retry_; }
  const Job& job() const { return job_; }

 private:
  // A process that dies over a split says nothing: only the count of its attempts does.
  Result<> check_attempts() const {
    if (lease_.attempt <= retry_.attempts) return {};
    return fail(ErrorKind::input, "given up after " + std::to_string(retry_.attempts) +
                                      " attempts that ended without an answer: the process that worked on "
                                      "it was killed each time, or lost its lease. Look into its log, then "
                                      "retry the job.");
  }

  Result<WorkEnd> await_members() {
    const auto end = TRY(end_with_members(service_, job_));
    if (!end) return WorkEnd::waits;
    if (service_.observer) service_.observer->ended(job_, *end);
    return WorkEnd::done;
  }

  Result<bool> is_only_split() const {
    const std::vector<Split> splits = TRY(service_.store.jobs().splits(lease_.job_id));
    return std::ranges::count_if(splits, [](const Split& split) { return split.number != kPlanningSplit; }) ==
           1;
  }

  void committed(const SplitProgress& progress) {
    if (!service_.observer) return;
    service_.observer->committed(job_, progress);
    if (progress.report.over_max_rejects) service_.observer->ended(job_, JobStatus::failed);
    if (progress.report.job_finished) service_.observer->ended(job_, JobStatus::completed);
  }

  Service& service_;
  ComputePool& pool_;
  const MemoryPlan& memory_;
  const Lease& lease_;
  Job job_;
  RetrySpec retry_;
  std::chrono::steady_clock::time_point busy_since_ = std::chrono::steady_clock::now();
};

std::string what(const Lease& lease) {
  return lease.split_number == kPlanningSplit ? "planning" : "split " + std::to_string(lease.split_number);
}

}  // namespace

Result<> give_back_for_the_dead(Service& service) {
  JobStore& jobs = service.store.jobs();
  for (const Lease& lease : TRY(jobs.leases())) {
    if (!is_dead(lease.owner)) continue;
    log_info("lease of a process that died", {{"job", lease.job_id}, {"owner", lease.owner}});
    TRY(jobs.release(lease));
  }
  return service.queue.give_back_of(is_dead);
}

Worker::Worker(Service& service, ComputePool& pool, const WorkerOptions& options)
    : service_(service), pool_(pool), options_(options) {
  for (unsigned slot = 1; slot <= options.slots; ++slot)
    slots_.emplace_back([this, slot](std::stop_token stop) { run_slot(slot, stop); });
  told_.emplace(options_.stop, [this] { ask_to_stop(); });
}

Worker::~Worker() {
  told_.reset();
  ask_to_stop();
}

void Worker::ask_to_stop() {
  for (std::jthread& slot : slots_) slot.request_stop();
}

void Worker::run_slot(unsigned slot, std::stop_token stop) {
  const std::string owner = this_process() + "/" + std::to_string(slot);
  while (!stop.stop_requested()) {
    auto reserved = service_.queue.reserve(owner, kMessageHold, kWait, stop);
    if (!reserved) {
      log_warning("reserve", {{"error", reserved.error().message}});
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any().wait_for(lock, stop, kAfterFault, [] { return false; });
      continue;
    }
    if (!*reserved) continue;
    ++busy_;
    work_on(**reserved, owner, stop);
    --busy_;
  }
}

// Where the store cannot be told, the lease runs out and the dispatcher finds the split.
void Worker::note_failure(const Lease& lease, const Job& job, const RetrySpec& retry, const Error& error) {
  JobStore& jobs = service_.store.jobs();
  log_warning("attempt failed", {{"job", lease.job_id},
                                 {"work", what(lease)},
                                 {"attempt", std::to_string(lease.attempt)},
                                 {"error", error.message}});
  const bool last = lease.attempt >= retry.attempts;
  Result<> told = {};
  if (ends_job(error) || last) {
    std::string cause = error.message;
    // Names in archives and files may be anything, and what cannot be stored would never end.
    cause = repaired_utf8(cause);
    std::erase(cause, '\0');
    if (!ends_job(error)) cause = "given up after " + std::to_string(lease.attempt) + " attempts: " + cause;
    told = jobs.end(lease.job_id, JobStatus::failed, cause);
    if (service_.observer) service_.observer->ended(job, JobStatus::failed);
  } else {
    told = jobs.defer(lease, retry_delay(retry, lease.attempt), error.message);
    if (service_.observer) service_.observer->attempt_failed(job);
  }
  if (!told) log_warning("attempt not noted", {{"job", lease.job_id}, {"error", told.error().message}});
}

// Work that a free slot is about to take does not wait.
bool Worker::somebody_waits() {
  if (busy_ < options_.slots) return false;
  const auto health = service_.queue.health();
  return health && !health->paused && health->waiting != 0;
}

void Worker::work_on(const Reservation& reservation, const std::string& owner, std::stop_token stop) {
  JobStore& jobs = service_.store.jobs();
  const QueueMessage& message = reservation.message;
  Result<Lease> lease = jobs.lease(message.job_id, message.split_number, owner, kLeaseDuration, is_dead);
  if (!lease) {
    // Done, ended or removed: the message is out of date. Leased by another: later. A fault: later, too.
    if (lease.error().retryable)
      (void)service_.queue.put_back(reservation, kSomebodyHas);
    else
      (void)service_.queue.complete(reservation);
    return;
  }
  Work work(service_, pool_, options_.memory, *lease);
  TimeSlice slice(options_.slice, std::chrono::steady_clock::now());
  bool gave_way = false;
  Result<WorkEnd> end = [&] {
    Heartbeat heartbeat(jobs, *lease, stop, [&] { (void)service_.queue.extend(reservation, kMessageHold); });
    return work.run(heartbeat.token(), [&] {
      if (gave_way || !slice.is_over(std::chrono::steady_clock::now()) || !somebody_waits()) return;
      gave_way = true;
      heartbeat.stop_work();
    });
  }();
  work.tell_busy();
  const bool asked = gave_way || stop.stop_requested();
  const bool lost =
      (end && *end == WorkEnd::stopped && !asked) || (!end && end.error().kind == ErrorKind::conflict);
  const bool stopped = asked && (end ? *end == WorkEnd::stopped : end.error().kind == ErrorKind::cancelled);
  if (stopped) {
    // Handed back, the dispatchers queue it anew; the message would have it queued twice.
    (void)jobs.hand_back(*lease, 0s);
    (void)service_.queue.complete(reservation);
    // Behind its equals and before lesser ones: so it has to be in the queue before this slot looks there.
    if (gave_way) (void)dispatch_due(service_);
    return;
  }
  if (end && *end == WorkEnd::waits) {
    (void)jobs.hand_back(*lease, kLookAgain);
    // The last member may have ended while it was looked, and told a split that was not put off yet.
    (void)end_with_members(service_, work.job());
  }
  if (lost && service_.observer) service_.observer->lease_lost(work.job());
  if (!end && !lost) note_failure(*lease, work.job(), work.retry(), end.error());
  (void)service_.queue.complete(reservation);
  service_.work_came();
}

}  // namespace sluice
