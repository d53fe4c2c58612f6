// The API: what its routes need, and the table of them all, in the order of the contract.
#pragma once

#include <chrono>
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
  std::string blobs_url = "";                // setting `blobs`: what {"blob": …} and schedules may name
  std::function<Result<QueueHealth>()> intake_health = {};  // empty: other programs have no queue to put into
  std::uint64_t upload_bytes = 100'000'000'000;
  // A state and the note of the key it was made under are two writes: so long another node waits for the
  // note.
  std::chrono::milliseconds until_noted = std::chrono::seconds(10);
  std::string scratch_folder = "";  // for a workbook while it is made and sent; "": the system's
  std::mutex changing_pipelines{};  // held between looking at an ETag and writing
};

// `api` outlives the table.
Routes api_routes(Api& api);
Routes health_routes(Api& api);  // of a node that only works: /healthz, /readyz, /metrics

}  // namespace sluice
