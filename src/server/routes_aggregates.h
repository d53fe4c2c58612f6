// /v1/aggregates: what rows were counted and summed up to. Handlers run on pool threads.
#pragma once

#include "server/api.h"

namespace sluice {

void add_aggregate_routes(Routes& routes, Api& api);

}  // namespace sluice
