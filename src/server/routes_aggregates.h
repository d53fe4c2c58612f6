// /v1/aggregates: what rows were counted and summed up to. Handlers run on pool threads.
#pragma once

#include "ports/aggregate_store.h"
#include "server/api.h"

namespace sluice {

// Sorting and filters of a query; not the page.
Result<AggregateQuestion> asked_groups(const Request& request);

void add_aggregate_routes(Routes& routes, Api& api);

}  // namespace sluice
