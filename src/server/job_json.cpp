#include "server/job_json.h"

#include <algorithm>

#include "base/clock.h"
#include "jobs/archive.h"
#include "jobs/job_plan.h"
#include "server/asked.h"

namespace sluice {
namespace {

bool has_ended(JobStatus status) {
  return status == JobStatus::completed || status == JobStatus::failed || status == JobStatus::cancelled;
}

// Bytes of the file that are done for good. Null where nobody can tell: positions count bytes as they are
// after decompression.
Result<Json> bytes_done(Service& service, const Job& job) {
  if (job.status == JobStatus::completed) return Json(job.file_size);
  if (job.started_at.empty()) return Json(0);
  Result<JobPlan> plan = job_plan_from_json(job.plan);
  if (!plan) return Json(0);  // not planned yet
  if (plan->read.compression != Compression::none) return Json();
  std::uint64_t done = 0;
  for (const Split& split : TRY(service.store.jobs().splits(job.id))) {
    if (split.number == kPlanningSplit) continue;
    const std::uint64_t at = split.checkpoint.position.offset, begin = split.begin.offset;
    // What is before the first row (a header) is done with its first row.
    if (at > begin) done += at - (split.number == 1 ? 0 : begin);
  }
  // The recoding of a file that is no UTF-8 may have made it longer.
  return Json(job.file_size == 0 ? done : std::min(done, job.file_size));
}

Json rows_per_second(const Job& job) {
  const auto began = parse_rfc3339(job.started_at);
  if (!began) return Json();
  const auto ended = parse_rfc3339(job.finished_at).value_or(wall_now());
  const double seconds = std::chrono::duration<double>(ended - *began).count();
  constexpr double kShortest = 0.001;  // the times' resolution
  return Json(
      static_cast<std::uint64_t>(static_cast<double>(job.counts.read) / std::max(seconds, kShortest)));
}

// An archive has no rows of its own: those of its members, and so much of its files as is loaded.
Json members_json(const Members& members) {
  return {{"total", members.total()},       {"pending", members.pending}, {"processing", members.processing},
          {"completed", members.completed}, {"failed", members.failed},   {"cancelled", members.cancelled}};
}

}  // namespace

Json counts_of(const RowCounts& counts) {
  return {{"read", counts.read},
          {"inserted", counts.inserted},
          {"updated", counts.updated},
          {"duplicate", counts.duplicate},
          {"rejected", counts.rejected}};
}

Json job_links(const Job& job, const std::string& origin) {
  const std::string self = origin + "/v1/jobs/" + job.id;
  Json links = {{"self", self},
                {"rows", self + "/rows"},
                {"splits", self + "/splits"},
                {"events", self + "/events"},
                {"errors", self + "/errors"},
                {"report", self + "/errors.csv"},
                {"live", origin + "/v1/events?job=" + job.id}};
  if (!has_ended(job.status)) links["cancel"] = self + "/cancel";
  if (job.status == JobStatus::failed || job.status == JobStatus::cancelled) links["retry"] = self + "/retry";
  if (job.counts.rejected != 0) links["resubmit"] = self + "/resubmit";
  if (is_archive(job)) links["members"] = origin + "/v1/jobs?parent=" + job.id;
  if (job.parent_job_id)
    links[is_member(job) ? "archive" : "parent"] = origin + "/v1/jobs/" + *job.parent_job_id;
  return links;
}

Result<Json> job_json(Service& service, const Job& stored, const Request& request) {
  Job job = stored;
  Json members, bytes;
  if (is_archive(job)) {
    const Members found = TRY(service.store.jobs().members(job.id));
    job.counts = found.counts;
    members = members_json(found);
    bytes = {{"bytesDone", found.completed_bytes}, {"bytesTotal", found.file_bytes}};
  } else {
    bytes = {{"bytesDone", TRY(bytes_done(service, job))}, {"bytesTotal", job.file_size}};
  }
  bytes["rowsPerSecond"] = rows_per_second(job);
  return Json{
      {"id", job.id},
      {"status", name_of(job.status)},
      {"pipeline", job.pipeline},
      {"file",
       {{"name", job.file_name},
        {"size", job.file_size},
        {"sha256", text_or_null(job.file_sha256)},
        {"contentType", text_or_null(job.content_type)}}},
      {"rows", counts_of(job.counts)},
      {"progress", std::move(bytes)},
      {"attempts", job.attempts},
      {"error", text_or_null(job.error)},
      {"createdAt", job.created_at},
      {"startedAt", text_or_null(job.started_at)},
      {"finishedAt", text_or_null(job.finished_at)},
      {"createdBy", text_or_null(job.created_by)},
      {"priority", job.priority},
      {"parentJobId", job.parent_job_id ? Json(*job.parent_job_id) : Json()},
      {"members", std::move(members)},
      {"metadata", stored_json(job.metadata, Json::object())},
      {"links", job_links(stored, request.origin)},
  };
}

Response job_accepted(const Job& job, const Request& request, const Json& more) {
  Json answer = {{"jobId", job.id}, {"processId", job.id}, {"status", name_of(job.status)}};
  if (more.is_object()) answer.update(more);
  answer["links"] = job_links(job, request.origin);
  Response response = json_answer(202, answer);
  response.headers.add("Location", "/v1/jobs/" + job.id);
  return response;
}

}  // namespace sluice
