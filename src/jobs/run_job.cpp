#include "jobs/run_job.h"

#include <condition_variable>
#include <mutex>

#include "jobs/heartbeat.h"
#include "jobs/owner.h"

namespace sluice {
namespace {

Result<SplitEnd> run_once(const JobRun& run, const CompiledRun& compiled, std::uint32_t split_number,
                          ComputePool& pool, const OnCommit& on_commit, std::stop_token stop) {
  JobStore& jobs = run.store.jobs();
  Lease lease = TRY(jobs.lease(run.job.id, split_number, this_process(), kLeaseDuration, is_dead));
  Result<SplitEnd> end = [&] {
    Heartbeat heartbeat(jobs, lease, stop);
    return run_leased_split(run, compiled, lease, pool, on_commit, heartbeat.token());
  }();
  (void)jobs.release(lease);  // a lost or finished one is nobody's any more
  if (end && *end == SplitEnd::stopped && !stop.stop_requested())
    return fail(ErrorKind::conflict,
                "another process has taken this job over; nothing is lost, it goes on there.");
  return end;
}

Result<bool> is_done(const JobRun& run, std::uint32_t number) {
  for (const Split& split : TRY(run.store.jobs().splits(run.job.id)))
    if (split.number == number) return split.done;
  return false;
}

// Runs one split to its end; a passing fault of the store is waited out, from the last checkpoint on.
Result<SplitEnd> run_with_retries(const JobRun& run, const CompiledRun& compiled, std::uint32_t split_number,
                                  ComputePool& pool, const OnCommit& on_commit, std::stop_token stop) {
  const RetrySpec& retry = run.plan.pipeline.retry;
  for (std::uint32_t attempt = 1;; ++attempt) {
    Result<SplitEnd> end = run_once(run, compiled, split_number, pool, on_commit, stop);
    if (end || !end.error().retryable || attempt >= retry.attempts || run.input.streaming) return end;
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop, retry_delay(retry, attempt), [] { return false; });
    if (stop.stop_requested()) return SplitEnd::stopped;
    // A fault may hide that the last commit took place.
    if (TRY(is_done(run, split_number)))
      return TRY(run.store.jobs().get(run.job.id)).status == JobStatus::failed ? SplitEnd::over_max_rejects
                                                                               : SplitEnd::done;
  }
}

}  // namespace

Result<JobEnd> run_job(const JobRun& run, ComputePool& pool, const MemoryPlan& memory,
                       const OnCommit& on_commit, std::stop_token stop) {
  CompiledRun compiled = TRY(compile_run(run, memory));
  for (const Split& split : TRY(run.store.jobs().splits(run.job.id))) {
    Result<SplitEnd> end = SplitEnd::done;
    if (!split.done)
      end = run_with_retries(run, compiled, split.number, pool, on_commit, stop);
    else if (auto same = resumed_digest(run.plan.read, run.input.opener, split, stop); !same)
      end = std::unexpected(std::move(same).error());
    if (!end) {
      if (!ends_job(end.error())) return std::unexpected(std::move(end).error());
      TRY(run.store.jobs().end(run.job.id, JobStatus::failed, end.error().message));
      return JobEnd::failed;
    }
    if (*end == SplitEnd::over_max_rejects) return JobEnd::failed;
    if (*end == SplitEnd::stopped) return JobEnd::stopped;
  }
  return JobEnd::completed;
}

}  // namespace sluice
