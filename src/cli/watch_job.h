// Following a job of a server or a store to its end, with progress on standard error.
#pragma once

#include <stop_token>
#include <string>

#include "cli/api_client.h"

namespace sluice {

// The job as it ended, or as it was when `stop` was requested.
Result<nlohmann::ordered_json> watch_job(ApiClient& client, const std::string& id, bool quiet,
                                         std::stop_token stop);

}  // namespace sluice
