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

// What makes the rows of a report what they were for their sender; null where `plan` is of no report.
using Restore = RowBatch (*)(RowBatch);
Restore restore_of(const ReadPlan& plan);

// A CSV report's rows as their sender would have sent them: numbered as in the first job, formulas restored,
// without the report's own columns.
RowBatch restore_report_rows(RowBatch rows);
// An NDJSON report's rows, which its parser has unpacked already.
RowBatch check_report_objects(RowBatch rows);

}  // namespace sluice
