// What people do to jobs that were accepted: cancel, retry, remove. To an archive's members, too.
// Thread-safe.
#pragma once

#include <string>

#include "base/result.h"
#include "jobs/service.h"

namespace sluice {

// The job of this tenant; not_found for another's, as for none.
Result<Job> job_of(Service& service, const std::string& tenant, const std::string& id);

// What was committed stays. A job that has ended already keeps its end, and is answered as it is.
Result<Job> cancel_job(Service& service, const Job& job);
// A job that failed or was cancelled goes on at its checkpoints. Conflict where it has another end, or none,
// and where its file is not there any more.
Result<Job> retry_job(Service& service, const Job& job);
// With its file. Conflict while it has not ended, and as JobStore::remove says.
Result<> remove_job(Service& service, const Job& job, KeepRows keep, DespiteDuplicates despite);

}  // namespace sluice
