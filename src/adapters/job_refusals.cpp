#include "adapters/job_refusals.h"

namespace sluice {

Result<> check_same_request(const NewJob& job, const std::string& digest, const std::string& job_id) {
  if (digest == job.idempotency_digest) return {};
  return fail(ErrorKind::conflict, "the idempotency key " + job.idempotency_key +
                                       " was used before, for another request (it made job " + job_id +
                                       "). Send a new request under a new key, or that one unchanged.");
}

std::unexpected<Error> job_of_key_is_gone(const NewJob& job, const std::string& job_id) {
  return fail(ErrorKind::gone, "the request with the idempotency key " + job.idempotency_key +
                                   " was taken before and made job " + job_id +
                                   ", which has been removed. To run it once more, use a new key.");
}

Result<> check_takes_members(const Job& archive) {
  if (archive.status == JobStatus::pending || archive.status == JobStatus::processing) return {};
  return fail(ErrorKind::conflict,
              "archive " + archive.id + " has ended: it is " + std::string(name_of(archive.status)) + ".");
}

Result<> check_planned(const Lease& lease, std::span<const Split> splits) {
  if (lease.split_number != kPlanningSplit)
    return fail(ErrorKind::internal, "job " + lease.job_id + " was planned under the lease of split " +
                                         std::to_string(lease.split_number) + ".");
  if (splits.empty()) return fail(ErrorKind::internal, "job " + lease.job_id + " was planned to no split.");
  return {};
}

std::unexpected<Error> aggregate_is_another(const AggregateSpec& spec, const std::string& kept_by,
                                            const std::string& pipeline) {
  const std::string what = "the aggregate '" + spec.name + "' is kept with other fields or measures ";
  return fail(
      ErrorKind::usage,
      what + (kept_by == pipeline
                  ? "than this pipeline says now. Give it another name: it will be made of "
                    "all rows that are stored."
                  : "by the pipeline '" + kept_by + "'. Say the same of it here, or give it another name."));
}

std::unexpected<Error> aggregate_is_too_late(const AggregateSpec& spec, const std::string& pipeline) {
  return fail(ErrorKind::usage, "the pipeline '" + pipeline +
                                    "' has rows in a table of their own, which were stored "
                                    "before it had the aggregate '" +
                                    spec.name +
                                    "', and cannot be added to it now. Query "
                                    "the table instead, or delete the rows and load them again.");
}

std::unexpected<Error> not_a_time(const std::string& text) {
  return fail(ErrorKind::usage, text + " is no time. It looks like 2026-01-31T09:30:00Z.");
}

std::unexpected<Error> lease_is_lost(const Lease& lease) {
  return fail(ErrorKind::conflict, "the lease of split " + std::to_string(lease.split_number) + " of job " +
                                       lease.job_id +
                                       " is lost: another worker has it, or the job has ended.");
}

std::unexpected<Error> split_is_put_off(const std::string& job_id, std::uint32_t split_number,
                                        const std::string& until, const std::string& last_error) {
  return fail(ErrorKind::conflict,
              "split " + std::to_string(split_number) + " of job " + job_id + " is put off until " + until +
                  (last_error.empty() ? "." : ", because its last attempt failed: " + last_error),
              true);
}

std::unexpected<Error> cannot_reopen(const std::string& job_id, const std::string& status) {
  return fail(ErrorKind::conflict, "job " + job_id + " is " + status +
                                       "; only one that is FAILED or CANCELLED can be tried again.");
}

std::unexpected<Error> nothing_left_to_reopen(const std::string& job_id) {
  return fail(ErrorKind::conflict, "job " + job_id +
                                       " failed after its last row: there is nothing left to be tried again. "
                                       "Correct its rejected rows and send them, or send the file anew.");
}

std::unexpected<Error> cannot_reopen_without_parent(const std::string& job_id, const std::string& parent_id) {
  return fail(ErrorKind::conflict, "job " + job_id + " corrects rejected rows of job " + parent_id +
                                       ", which has been removed, and they with it. Send what is left as a "
                                       "file of its own.");
}

std::unexpected<Error> cannot_remove_unfinished(const std::string& job_id, const std::string& status) {
  return fail(ErrorKind::conflict, "job " + job_id + " is " + status +
                                       ": it can be removed when it has ended. Cancel it, or wait.");
}

std::unexpected<Error> cannot_remove_corrected(const std::string& job_id, const std::string& child_id) {
  return fail(ErrorKind::conflict, "job " + child_id + " is correcting rejected rows of job " + job_id +
                                       " or is a file out of it, and needs it until it has ended. Cancel "
                                       "that one, or wait.");
}

std::unexpected<Error> cannot_remove_relied_on(const std::string& job_id, const std::string& later_id) {
  return fail(ErrorKind::conflict,
              "job " + later_id +
                  ", which came later, found rows stored already and counted them as "
                  "duplicates. If those were rows of job " +
                  job_id +
                  ", they would be gone for both. Keep the rows, or force it and send the later file again.");
}

}  // namespace sluice
