#include "jobs/control_job.h"

#include "jobs/archive.h"
#include "jobs/upload_keys.h"

namespace sluice {

Result<Job> job_of(Service& service, const std::string& tenant, const std::string& id) {
  Result<Job> job = service.store.jobs().get(id);
  if (job && job->tenant == tenant) return job;
  if (!job && job.error().kind != ErrorKind::not_found) return job;
  return fail(ErrorKind::not_found, "there is no job " + id + ".");
}

Result<Job> cancel_job(Service& service, const Job& job) {
  TRY(service.store.jobs().end(job.id, JobStatus::cancelled, ""));
  (void)service.queue.withdraw(job.id);  // a message that stays finds a job that has ended
  TRY(cancel_members(service, job));     // it may be in the middle of being unpacked: no more come now
  return service.store.jobs().get(job.id);
}

Result<Job> retry_job(Service& service, const Job& job) {
  const std::string key = blob_key_of(job.blob);
  if (key.empty())
    return fail(ErrorKind::conflict,
                "this job was run by `sluice run` from a file on its machine: the same "
                "command runs it again.");
  Result<BlobInfo> blob = service.blobs.stat(key);
  if (!blob && blob.error().kind == ErrorKind::not_found)
    return fail(ErrorKind::conflict, "the file of this job was removed after its time; send it again.");
  if (!blob) return std::unexpected(std::move(blob).error());
  // Members there may be before all is unpacked.
  if (job.status == JobStatus::failed || job.status == JobStatus::cancelled)
    TRY(reopen_members(service, job));
  TRY(service.store.jobs().reopen(job.id));
  service.work_came();
  return service.store.jobs().get(job.id);
}

Result<> remove_job(Service& service, const Job& job, KeepRows keep, DespiteDuplicates despite) {
  TRY(remove_members(service, job, keep, despite));
  TRY(service.store.jobs().remove(job.id, keep, despite));
  const std::string key = blob_key_of(job.blob);
  if (!is_upload_key(key)) return {};  // a file that was there before the job is its owner's
  return service.blobs.remove(key);
}

}  // namespace sluice
