// Cron as BullMQ's job schedulers write it: perhaps a field of seconds in front, and `?` for `*`. Any thread.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace sluice {

// The first moment after `after` at which the pattern fits in a zone of IANA's ("": UTC); none: never again.
// Usage errors name the field.
Result<std::optional<WallTime>> next_cron_run(const std::string& pattern, const std::string& zone,
                                              WallTime after);

}  // namespace sluice
