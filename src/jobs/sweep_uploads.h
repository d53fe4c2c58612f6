// Clearing away what uploads left behind: those whose time is over, and files whose job was never made
// because the process died in between. Called now and then by any node (jobs/retention.h); thread-safe.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/result.h"
#include "jobs/service.h"

namespace sluice {

// A resumable upload may wait so long for its next byte.
inline constexpr std::chrono::hours kUploadLife{24 * 7};
// A whole file is nobody's when no job names it for so long; one that came in pieces while its upload lives.
inline constexpr std::chrono::hours kOrphanAge{24};

// How many uploads were ended, with what had come of them. One that became a job leaves the file to it.
Result<std::size_t> remove_expired_uploads(Service& service);

// How many files were removed that no job names. `age`: for files sent in one request.
Result<std::size_t> remove_orphan_files(Service& service, std::chrono::milliseconds age = kOrphanAge);

}  // namespace sluice
