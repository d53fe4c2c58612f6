#include "server/scope.h"

#include <algorithm>

#include "base/uuid.h"
#include "jobs/archive.h"
#include "jobs/control_job.h"
#include "server/permissions.h"

namespace sluice {
namespace {

std::unexpected<Error> forbidden(std::string detail) {
  return refuse({.status = 403,
                 .name = "forbidden",
                 .title = "The key does not allow it",
                 .detail = std::move(detail)});
}

}  // namespace

Result<Job> job_in_scope(Service& service, const Request& request) {
  const std::string& id = request.parameters.at("id");
  // Nothing else is an id, and not every database takes it for one.
  if (!uuid_bytes(id)) return fail(ErrorKind::not_found, "there is no job " + id.substr(0, 100) + ".");
  Job job = TRY(job_of(service, request.principal.tenant, id));
  TRY(check_reach(request.principal, job.pipeline));
  return job;
}

bool reaches_pipeline(const Principal& principal, std::string_view pipeline) {
  return principal.pipelines.empty() ||
         std::ranges::find(principal.pipelines, pipeline) != principal.pipelines.end();
}

Result<> check_reach(const Principal& principal, std::string_view pipeline) {
  if (reaches_pipeline(principal, pipeline)) return {};
  return forbidden("This key is made for other pipelines than '" + std::string(pipeline) + "'.");
}

Result<> check_reach_of_archive(const Principal& principal, std::string_view pipeline) {
  if (principal.pipelines.empty() || !pipeline.empty()) return {};
  return forbidden(
      "This key is made for some pipelines only: name one of them for the files in this archive.");
}

Result<> check_reaches_members(Service& service, const Principal& principal, const Job& archive) {
  if (principal.pipelines.empty()) return {};
  return each_member(service, archive, [&](const Job& job) { return check_reach(principal, job.pipeline); });
}

Result<> check_reaches_all(const Principal& principal) {
  if (principal.pipelines.empty()) return {};
  return forbidden("This key is made for some pipelines only, and this concerns them all.");
}

Result<> check_may_stop(const Principal& principal, const Job& job) {
  if (allows(principal.role, Permission::operate) || job.created_by == principal.actor) return {};
  return forbidden("With this key's role only jobs that it sent itself can be cancelled.");
}

Result<> check_runs_server(const Principal& principal) {
  if (principal.tenant == "default") return {};
  return forbidden("This concerns every tenant of the server: only keys of the tenant 'default' reach it.");
}

}  // namespace sluice
