// /v1/jobs: what became of what was sent, and steering it. Handlers run on pool threads.
#pragma once

#include "server/api.h"

namespace sluice {

void add_job_routes(Routes& routes, Api& api);

// A page of a tenant's jobs as JSON, newest first, of the pipelines that the key reaches. Used for the dead
// letters as well.
Result<Response> list_jobs(Api& api, const Request& request, JobFilter filter);

}  // namespace sluice
