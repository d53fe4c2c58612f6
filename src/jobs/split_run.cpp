#include "jobs/split_run.h"

#include <random>

#include "base/uuid.h"
#include "jobs/resubmit.h"

namespace sluice {
namespace {

WriteSpec write_spec(const JobRun& run, const Pipeline& pipeline) {
  WriteSpec spec = pipeline.write_spec();
  spec.tenant = run.job.tenant;
  spec.pipeline = run.job.pipeline;
  spec.job_id = run.job.id;
  spec.root_job_id = run.job.root_job_id;
  spec.job_sequence = run.job.sequence;
  if (!is_member(run.job)) spec.resolves_job_id = run.job.parent_job_id;
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

Result<Split> split_of(const JobRun& run, std::uint32_t number) {
  for (Split& split : TRY(run.store.jobs().splits(run.job.id)))
    if (split.number == number) return std::move(split);
  return fail(ErrorKind::conflict, "job " + run.job.id + " has no split " + std::to_string(number) + ".");
}

}  // namespace

Result<CompiledRun> compile_run(const JobRun& run, const MemoryPlan& memory) {
  JobIdentity identity;
  if (auto bytes = uuid_bytes(run.job.root_job_id)) identity.root_job_id = *bytes;
  CompiledRun compiled;
  compiled.pipeline = TRY(Pipeline::compile(run.plan.pipeline, identity));
  compiled.format = make_format(run.plan.read);
  compiled.memory = with_batch_size(memory, run.plan.pipeline);
  return compiled;
}

Result<SplitEnd> run_leased_split(const JobRun& run, const CompiledRun& compiled, const Lease& lease,
                                  ComputePool& pool, const OnCommit& on_commit, std::stop_token stop) {
  // Only now: up to the lease somebody else may have moved the checkpoint.
  const Split split = TRY(split_of(run, lease.split_number));
  WriteSpec spec = write_spec(run, *compiled.pipeline);
  // The store looks at rows as read where it may reject them, and at typed cells for a table.
  const bool keep_input =
      !spec.unique_constraints.empty() || spec.on_duplicate == OnDuplicate::skip || !spec.target.name.empty();
  auto writer = TRY(run.store.open_writer(spec));
  SplitTask task{run.plan.read, *compiled.format, run.input.opener, *compiled.pipeline,
                 split,         keep_input,       run.row_limit,    restore_of(run.plan.read)};
  return run_split(task, *writer, lease, pool, compiled.memory, on_commit, stop);
}

std::chrono::milliseconds retry_delay(const RetrySpec& retry, std::uint32_t attempt) {
  thread_local std::minstd_rand random(std::random_device{}());
  const auto delay =
      retry.backoff_type == "fixed" ? retry.delay : retry.delay * (1u << std::min(attempt - 1, 16u));
  std::uniform_real_distribution<double> jitter(1.0 - retry.jitter, 1.0);
  return std::chrono::duration_cast<std::chrono::milliseconds>(delay * jitter(random));
}

bool ends_job(const Error& error) { return error.kind == ErrorKind::input || error.kind == ErrorKind::usage; }

std::optional<std::uint64_t> reject_limit(const MaxRejects& limit, std::optional<std::uint64_t> rows) {
  if (limit.count) return limit.count;
  // 29% of 100 rows are 29, though 0.29 in binary is a little less than that.
  constexpr double kRounding = 1e-6;
  if (limit.share && rows)
    return static_cast<std::uint64_t>(*limit.share * static_cast<double>(*rows) + kRounding);
  return std::nullopt;
}

}  // namespace sluice
