// The API: what its routes need, and the table of them all, in the order of the contract.
#pragma once

#include <functional>
#include <string>

#include "jobs/service.h"
#include "server/metrics.h"
#include "server/routes.h"

namespace sluice {

struct Api {
  Service& service;
  Metrics& metrics;
  std::function<std::string()> config_json;  // effective settings without secrets
};

// `api` outlives the table.
Routes api_routes(Api& api);

}  // namespace sluice
