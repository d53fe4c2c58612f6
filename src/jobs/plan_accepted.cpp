#include "jobs/plan_accepted.h"

#include "jobs/job_request.h"
#include "jobs/plan_job.h"
#include "jobs/unpack_archive.h"

namespace sluice {

Result<> plan_accepted(Service& service, const Job& job, const Lease& lease, ComputePool& pool,
                       const MemoryPlan& memory, std::stop_token stop) {
  JobRequest request = TRY(job_request_from_json(job.plan));
  const Input input = TRY(open_blob_input(service.blobs, job, ""));
  if (auto archive = TRY(archive_of(job, request, input, stop)))
    return unpack_archive(service, job, lease, request, *archive, stop);
  if (request.infer) {  // another file of its name may have come first
    auto kept = TRY(service.store.queries().pipeline(job.tenant, job.pipeline));
    if (kept) {
      request.pipeline = TRY(parse_kept_pipeline(kept->text, "kept pipeline " + job.pipeline));
      request.infer = false;
    }
  }
  request.pipeline.source.row_bytes = service.row_bytes;
  request.pipeline.source.window_bytes = memory.window_bytes;
  PlanOptions options{
      .infer_schema = request.infer, .report = request.report, .split_bytes = service.split_bytes};
  if (request.report) options.splitting = Splitting::whole;
  PlannedJob planned = TRY(plan_job(std::move(request.pipeline), input, options, pool, memory, stop));
  if (request.infer)
    planned.plan.pipeline = TRY(keep_inferred(service.store, job.tenant, planned.plan.pipeline));
  return service.store.jobs().plan(lease, to_json(planned.plan), planned.splits);
}

}  // namespace sluice
