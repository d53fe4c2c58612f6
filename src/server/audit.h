// Audit: who did what, noted after it was done. Any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "server/api.h"
#include "server/api_json.h"

namespace sluice {

// "job.delete" of a job's id, with what else is worth knowing. An error where the note cannot be kept: the
// client hears of it, and does it again.
Result<> note(Api& api, const Request& request, std::string action, std::string subject,
              const Json& detail = Json());

}  // namespace sluice
