// /v1/aggregates: what rows were counted and summed up to. Handlers run on pool threads.
#pragma once

#include "ports/aggregate_store.h"
#include "server/api.h"

namespace sluice {

// Sorting and filters of a query; not the page.
Result<AggregateQuestion> asked_groups(const Request& request);

// The same with its page, whose cursor has to be of this list (its name) and of this order.
struct GroupsPage {
  std::string list;
  AggregateQuestion question;
};
Result<GroupsPage> asked_groups_page(const Request& request, const std::string& list);
std::string next_of(const GroupsPage& page,
                    const std::vector<AggregateGroup>& groups);  // JSON: a cursor, or null

void add_aggregate_routes(Routes& routes, Api& api);

}  // namespace sluice
