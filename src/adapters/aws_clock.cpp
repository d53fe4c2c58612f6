#include "adapters/aws_clock.h"

#include <curl/curl.h>

#include "base/log.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kAllowed = 4min;

}  // namespace

bool AwsClock::corrected_by(const std::string& date) {
  const std::time_t said = curl_getdate(date.c_str(), nullptr);
  if (said == -1) return false;
  const WallTime there{std::chrono::seconds(said)};
  if (std::chrono::abs(there - now()) <= kAllowed) return false;
  const WallTime here = wall_now();
  ahead_ms_ = (there - here).count();
  log_warning("clock",
              {{"here", rfc3339(here)},
               {"there", rfc3339(there)},
               {"error", "The clock of this machine is wrong, or that of the server; set it (NTP)."}});
  return true;
}

}  // namespace sluice
