#include "jobs/load.h"

#include "base/sha256.h"
#include "base/uuid.h"
#include "jobs/plan_job.h"

namespace sluice {
namespace {

// Equal for submissions that may go on where an interrupted one stopped: same pipeline, place and version.
std::string resume_key(const PipelineSpec& spec, const LoadRequest& request) {
  const Input& input = request.input;
  if (input.streaming) return "";  // what was read of a stream is gone
  nlohmann::json key = {to_json(spec),
                        input.place,
                        input.size,
                        input.version,
                        request.parent_job_id.value_or(""),
                        request.row_limit.value_or(0)};
  return to_hex(Sha256().of(key.dump()));
}

Result<std::optional<LoadResult>> resume(const std::string& key, std::uint64_t window_bytes, Store& store) {
  if (key.empty()) return std::optional<LoadResult>();
  auto job = TRY(store.jobs().find_unfinished(key));
  if (!job) return std::optional<LoadResult>();
  LoadResult resumed;
  resumed.plan = TRY(job_plan_from_json(job->plan));
  resumed.plan.read.window_bytes = window_bytes;  // of this process, not of the one that began
  resumed.job_id = job->id;
  resumed.pipeline = job->pipeline;
  resumed.counts = job->counts;
  resumed.resumed = true;
  resumed.resumed_at_row = job->counts.read + 1;
  return std::optional<LoadResult>(std::move(resumed));
}

bool has_ended(JobStatus status) { return status != JobStatus::pending && status != JobStatus::processing; }

Result<LoadResult> create(LoadRequest& request, ComputePool& pool, const MemoryPlan& memory,
                          std::stop_token stop) {
  const Input& input = request.input;
  PlanOptions options{.infer_schema = request.pipeline.infer, .report = request.pipeline.report};
  if (options.report) options.splitting = Splitting::whole;
  std::string key = resume_key(request.pipeline.spec, request);
  PlannedJob planned = TRY(plan_job(request.pipeline.spec, input, options, pool, memory, stop));
  LoadResult result;
  if (request.pipeline.infer) {
    planned.plan.pipeline = TRY(keep_inferred(request.store, "default", planned.plan.pipeline));
    key = resume_key(planned.plan.pipeline, request);
    result.pipeline_kept = true;
  }
  NewJob job;
  job.id = new_uuid();
  job.pipeline = planned.plan.pipeline.name;
  job.file_name = input.name;
  job.file_size = input.size;
  job.blob = input.place;
  job.plan = to_json(planned.plan);
  job.resume_key = key;
  job.parent_job_id = request.parent_job_id;
  job.created_by = request.created_by;
  job.splits = std::move(planned.splits);
  TRY(request.store.jobs().create(job));
  result.job_id = job.id;
  result.pipeline = job.pipeline;
  result.plan = std::move(planned.plan);
  return result;
}

}  // namespace

Result<LoadResult> load(LoadRequest request, ComputePool& pool, const MemoryPlan& memory,
                        const LoadEvents& events, std::stop_token stop) {
  auto resumed = TRY(resume(resume_key(request.pipeline.spec, request), memory.window_bytes, request.store));
  LoadResult result = resumed ? std::move(*resumed) : TRY(create(request, pool, memory, stop));
  if (events.on_planned) events.on_planned(result);

  Job job = TRY(request.store.jobs().get(result.job_id));
  JobRun run{request.store, job, result.plan, request.input, request.row_limit};
  Result<JobEnd> end = run_job(run, pool, memory, events.on_commit, stop);
  Job after = TRY(request.store.jobs().get(result.job_id));
  // The same file may have been given to another process at the same time, which has brought it to its end.
  const bool ended_elsewhere = !end && end.error().kind == ErrorKind::conflict && has_ended(after.status);
  if (!end && !ended_elsewhere) return std::unexpected(std::move(end).error());
  result.status = after.status;
  result.error = after.error;
  result.counts = after.counts;
  return result;
}

}  // namespace sluice
