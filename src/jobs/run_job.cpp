#include "jobs/run_job.h"

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "base/uuid.h"
#include "jobs/owner.h"
#include "jobs/resubmit.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr auto kLeaseDuration = 30s;
constexpr auto kHeartbeatEvery = 10s;  // two may be lost before the lease is

// Keeps a lease alive while the split is worked on, and stops the work when it is lost.
class Heartbeat {
 public:
  Heartbeat(JobStore& jobs, const Lease& lease, std::stop_token outer)
      : forward_(outer, [this] { work_.request_stop(); }),
        thread_([this, &jobs, &lease](std::stop_token stop) {
          std::mutex mutex;
          std::condition_variable_any wake;
          std::unique_lock lock(mutex);
          while (!wake.wait_for(lock, stop, kHeartbeatEvery, [] { return false; }) &&
                 !stop.stop_requested()) {
            Result<> beat = jobs.heartbeat(lease, kLeaseDuration);
            if (!beat && beat.error().kind == ErrorKind::conflict) work_.request_stop();
          }
        }) {}

  std::stop_token token() const { return work_.get_token(); }

 private:
  std::stop_source work_;
  std::stop_callback<std::function<void()>> forward_;
  std::jthread thread_;
};

WriteSpec write_spec(const JobRun& run, const Pipeline& pipeline) {
  WriteSpec spec = pipeline.write_spec();
  spec.tenant = run.job.tenant;
  spec.pipeline = run.job.pipeline;
  spec.job_id = run.job.id;
  spec.root_job_id = run.job.root_job_id;
  spec.job_sequence = run.job.sequence;
  spec.resolves_job_id = run.job.parent_job_id;
  spec.max_rejects = reject_limit(run.plan.pipeline.max_rejects, run.plan.rows);
  return spec;
}

MemoryPlan with_batch_size(MemoryPlan memory, const PipelineSpec& spec) {
  if (spec.batch_rows) {
    memory.batch_rows = *spec.batch_rows;
    memory.batch_rows_fixed = true;
    memory.chunk.rows = std::min<std::uint64_t>(memory.chunk.rows, *spec.batch_rows);
  }
  if (spec.batch_bytes) memory.batch_bytes = *spec.batch_bytes;
  return memory;
}

// A failure of the input ends the job; one of the systems around it does not.
bool ends_job(const Error& error) { return error.kind == ErrorKind::input || error.kind == ErrorKind::usage; }

Result<Split> split_of(const JobRun& run, std::uint32_t number) {
  return TRY(run.store.jobs().splits(run.job.id))[number - 1];
}

Result<SplitEnd> run_leased(const JobRun& run, std::uint32_t split_number, Pipeline& pipeline,
                            const RowFormat& format, ComputePool& pool, const MemoryPlan& memory,
                            const OnCommit& on_commit, std::stop_token stop) {
  JobStore& jobs = run.store.jobs();
  Lease lease = TRY(jobs.lease(run.job.id, split_number, this_process(), kLeaseDuration, is_dead));
  Result<SplitEnd> end = [&]() -> Result<SplitEnd> {
    Heartbeat heartbeat(jobs, lease, stop);
    // Only now: up to the lease somebody else may have moved the checkpoint.
    const Split split = TRY(split_of(run, split_number));
    WriteSpec spec = write_spec(run, pipeline);
    // The store looks at rows as read where it may reject them, and at typed cells for a table.
    bool keep_input = !spec.unique_constraints.empty() || spec.on_duplicate == OnDuplicate::skip ||
                      !spec.target.name.empty();
    auto writer = TRY(run.store.open_writer(spec));
    SplitTask task{run.plan.read, format,     run.input.opener, pipeline,
                   split,         keep_input, run.row_limit,    restore_of(run.plan.read)};
    return run_split(task, *writer, lease, pool, memory, on_commit, heartbeat.token());
  }();
  (void)jobs.release(lease);  // a lost or finished one is nobody's any more
  if (end && *end == SplitEnd::stopped && !stop.stop_requested())
    return fail(ErrorKind::conflict,
                "another process has taken this job over; nothing is lost, it goes on there.");
  return end;
}

// Runs one split to its end; a passing fault of the store is waited out, from the last checkpoint on.
Result<SplitEnd> run_with_retries(const JobRun& run, std::uint32_t split_number, Pipeline& pipeline,
                                  const RowFormat& format, ComputePool& pool, const MemoryPlan& memory,
                                  const OnCommit& on_commit, std::stop_token stop) {
  const RetrySpec& retry = run.plan.pipeline.retry;
  std::minstd_rand random(std::random_device{}());
  for (std::uint32_t attempt = 1;; ++attempt) {
    Result<SplitEnd> end = run_leased(run, split_number, pipeline, format, pool, memory, on_commit, stop);
    if (end || !end.error().retryable || attempt >= retry.attempts || run.input.streaming) return end;
    auto delay =
        retry.backoff_type == "fixed" ? retry.delay : retry.delay * (1u << std::min(attempt - 1, 16u));
    std::uniform_real_distribution<double> jitter(1.0 - retry.jitter, 1.0);
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop, delay * jitter(random), [] { return false; });
    if (stop.stop_requested()) return SplitEnd::stopped;
    // A fault may hide that the last commit took place.
    if (TRY(split_of(run, split_number)).done)
      return TRY(run.store.jobs().get(run.job.id)).status == JobStatus::failed ? SplitEnd::over_max_rejects
                                                                               : SplitEnd::done;
  }
}

}  // namespace

std::optional<std::uint64_t> reject_limit(const MaxRejects& limit, std::optional<std::uint64_t> rows) {
  if (limit.count) return limit.count;
  // 29% of 100 rows are 29, though 0.29 in binary is a little less than that.
  constexpr double kRounding = 1e-6;
  if (limit.share && rows)
    return static_cast<std::uint64_t>(*limit.share * static_cast<double>(*rows) + kRounding);
  return std::nullopt;
}

Result<JobEnd> run_job(const JobRun& run, ComputePool& pool, const MemoryPlan& memory,
                       const OnCommit& on_commit, std::stop_token stop) {
  JobIdentity identity;
  if (auto bytes = uuid_bytes(run.job.root_job_id)) identity.root_job_id = *bytes;
  auto pipeline = TRY(Pipeline::compile(run.plan.pipeline, identity));
  auto format = make_format(run.plan.read);
  MemoryPlan sized = with_batch_size(memory, run.plan.pipeline);

  for (const Split& split : TRY(run.store.jobs().splits(run.job.id))) {
    Result<SplitEnd> end = SplitEnd::done;
    if (!split.done)
      end = run_with_retries(run, split.number, *pipeline, *format, pool, sized, on_commit, stop);
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
