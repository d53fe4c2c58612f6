// The columns of a job's error report. Thread-safe.
#pragma once

#include <string>

#include "base/result.h"
#include "jobs/job_plan.h"
#include "ports/store.h"
#include "rows/columns.h"

namespace sluice {

// The input's columns; where its rows are objects, the members that the rejected ones have, as many as are
// still of use to people.
Result<Columns> report_columns(QueryStore& queries, const std::string& job_id, const JobPlan& plan);

}  // namespace sluice
