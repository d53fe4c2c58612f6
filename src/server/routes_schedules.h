// /v1/schedules: jobs that begin by the clock. Handlers run on pool threads.
#pragma once

#include "server/api.h"

namespace sluice {

void add_schedule_routes(Routes& routes, Api& api);

}  // namespace sluice
