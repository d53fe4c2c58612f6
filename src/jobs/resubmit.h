// Resubmission: an error report that its sender corrected comes back, and only its rows run again, as a job
// of their own that is tied to the first. A row keeps the number it had there, so its identity is what it
// would have been had the row been right at first.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "jobs/load.h"
#include "rows/row_batch.h"

namespace sluice {

// What to load for `report` (CSV or NDJSON, as this program writes them): the pipeline of the job it names.
// Errors (usage): not such a report, a job that the store does not know.
Result<LoadRequest> resubmission(Store& store, const Input& report, std::stop_token stop);

// Is this plan one of a CSV report, whose rows have to be restored?
bool is_csv_report(const ReadPlan& plan);

// A CSV report's rows as their sender would have sent them: numbered as in the first job, formulas restored,
// without the report's own columns. (NDJSON reports are unpacked by their parser.)
RowBatch restore_report_rows(RowBatch rows);

}  // namespace sluice
