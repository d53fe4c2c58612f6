#include "jobs/submit_job.h"

#include "base/uuid.h"
#include "jobs/find_pipeline.h"
#include "jobs/job_request.h"
#include "jobs/resubmit.h"
#include "jobs/upload_keys.h"

namespace sluice {
namespace {

NewJob job_of(const Submission& submission) {
  NewJob job;
  job.id = is_upload_key(submission.blob_key) ? id_of_upload_key(submission.blob_key) : new_uuid();
  job.tenant = submission.tenant;
  job.file_name = submission.file_name;
  job.file_size = submission.size;
  job.file_sha256 = submission.sha256;
  job.content_type = submission.content_type;
  job.blob = blob_place(submission.blob_key);
  job.created_by = submission.created_by;
  job.metadata = submission.metadata;
  job.priority = submission.priority;
  job.not_before_ms = submission.not_before_ms;
  job.idempotency_key = submission.idempotency_key;
  job.idempotency_digest = submission.idempotency_digest;
  return job;
}

Result<Job> create(Service& service, NewJob job, const JobRequest& request) {
  job.pipeline = request.pipeline.name;
  job.most_splits = request.pipeline.concurrency.value_or(0);
  job.plan = to_json(request);
  Job made = TRY(service.store.jobs().create(job));
  service.work_came();
  return made;
}

Result<FoundPipeline> find(Service& service, const std::string& tenant, const std::string& name,
                           const std::string& file_name) {
  return find_pipeline({.wanted = name,
                        .folder = service.pipelines_folder,
                        .file_name = file_name,
                        .tenant = tenant,
                        .store = &service.store.queries(),
                        .overrides = {},
                        .paths = PipelinePaths::refused});
}

}  // namespace

Result<Job> submit_job(Service& service, const Submission& submission) {
  FoundPipeline found = TRY(find(service, submission.tenant, submission.pipeline, submission.file_name));
  JobRequest request{std::move(found.spec), found.infer, false, !submission.pipeline.empty()};
  if (submission.format) {
    request.pipeline.source = {};
    request.pipeline.source.format = *submission.format;
    request.pipeline.source.encoding = "utf-8";
  }
  request.pipeline.source.row_bytes = service.row_bytes;
  return create(service, job_of(submission), request);
}

Result<Job> submit_report(Service& service, const Submission& submission, const std::string& job_id) {
  Job corrected = TRY(service.store.jobs().get(job_id));
  if (corrected.tenant != submission.tenant)
    return fail(ErrorKind::not_found, "there is no job " + job_id + ".");
  NewJob job = job_of(submission);
  Job as_stored;
  as_stored.blob = job.blob;
  as_stored.file_name = job.file_name;
  Input input = TRY(open_blob_input(service.blobs, as_stored, ""));
  LoadRequest load = TRY(resubmission(service.store, input, {}));
  Job parent = TRY(service.store.jobs().get(*load.parent_job_id));
  if (parent.root_job_id != corrected.root_job_id)
    return fail(ErrorKind::usage, "this is the report of another job (" + parent.id +
                                      "); send it there, or send the report of this one.");
  job.parent_job_id = parent.id;
  return create(service, std::move(job), {std::move(load.pipeline.spec), false, true});
}

Result<std::optional<Job>> find_made(Service& service, const Submission& submission) {
  NewJob job = job_of(submission);
  job.id = new_uuid();
  job.parent_job_id = job.id;  // which is no job: only a key that is known is answered
  Result<Job> made = service.store.jobs().create(job);
  if (!made && made.error().kind == ErrorKind::not_found) return std::optional<Job>();
  return TRY(std::move(made));
}

Result<> check_pipeline_name(Service& service, const std::string& tenant, const std::string& name) {
  if (name.empty()) return {};
  TRY(find(service, tenant, name, ""));
  return {};
}

}  // namespace sluice
