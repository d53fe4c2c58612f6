// Room: may this tenant have one more job waiting? A backlog has an end. Any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "jobs/service.h"
#include "server/http_message.h"

namespace sluice {

// 429 with Retry-After where it has as many as it may have (Service::most_waiting_jobs). Asked by every
// request that makes a job.
Result<> check_room(Service& service, const std::string& tenant);

// The same before the body is there, so that a refusal costs nothing. A request with an Idempotency-Key may
// have been accepted before, which its body decides: it is asked again when that is known (accept_file.h).
Result<> check_room_ahead(Service& service, const Request& request);

}  // namespace sluice
