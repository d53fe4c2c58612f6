// Scope: whose jobs and pipelines a request reaches. Roles are decided before a handler runs
// (server/permissions.h); here is what depends on the thing asked for: the tenant it is of, the pipelines a
// key is made for, and what somebody sent themselves. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/service.h"
#include "server/http_message.h"

namespace sluice {

// The job that the route's {id} names. 404 for another tenant's, as for none; 403 where the key is not made
// for its pipeline.
Result<Job> job_in_scope(Service& service, const Request& request);

bool reaches_pipeline(const Principal& principal, std::string_view pipeline);
Result<> check_reach(const Principal& principal, std::string_view pipeline);  // 403
// Without a pipeline that is named, the files in an archive go wherever their own names say. 403
Result<> check_reach_of_archive(const Principal& principal, std::string_view pipeline);
// What is done to an archive is done to the jobs of the files in it, whose pipelines may be others. 403
Result<> check_reaches_members(Service& service, const Principal& principal, const Job& archive);
// For what is not of one pipeline: keys that are made for some do not get there. 403
Result<> check_reaches_all(const Principal& principal);

// Those who may operate steer every job; others only those that they sent. 403
Result<> check_may_stop(const Principal& principal, const Job& job);

// The tenant `default` is that of who runs the server: it steers what all tenants share, and makes keys for
// others. 403
Result<> check_runs_server(const Principal& principal);

}  // namespace sluice
