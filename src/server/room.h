// Room: may this tenant have one more job waiting? A backlog has an end. Any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "jobs/service.h"

namespace sluice {

// 429 with Retry-After where it has as many as it may have (Service::most_waiting_jobs). Asked by every
// request that makes a job.
Result<> check_room(Service& service, const std::string& tenant);

}  // namespace sluice
