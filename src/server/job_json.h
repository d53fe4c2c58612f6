// A job as the API shows it (contract, section 8). Any thread.
#pragma once

#include "base/result.h"
#include "jobs/service.h"
#include "server/api_json.h"

namespace sluice {

// Asks for the job's splits where its progress needs them.
Result<Json> job_json(Service& service, const Job& job, const Request& request);
// Where a job's parts are, as links from `origin` ("https://host:port").
Json job_links(const Job& job, const std::string& origin);
// 202 {"jobId","processId","status","links"} with Location, for every request that made a job.
Response job_accepted(const Job& job, const Request& request, const Json& more = Json());

Json counts_of(const RowCounts& counts);

}  // namespace sluice
