// The API: what its routes need, and the table of them all, in the order of the contract.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "jobs/service.h"
#include "server/metrics.h"
#include "server/routes.h"

namespace sluice {

struct Api {
  Service& service;
  Metrics& metrics;
  std::function<std::string()> config_json;  // effective settings without secrets
  // A tenant has no more jobs that nobody has begun; further ones are refused with 429.
  std::uint64_t most_waiting_jobs = 10'000;
  std::string scratch_folder = "";  // for a workbook while it is made and sent; "": the system's
  std::mutex changing_pipelines{};  // held between looking at an ETag and writing
};

// `api` outlives the table.
Routes api_routes(Api& api);

// 429 where the tenant has as many jobs waiting as it may have. For every request that makes a job.
Result<> check_room(Api& api, const std::string& tenant);

}  // namespace sluice
