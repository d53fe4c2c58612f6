// Finding out which sheet of a workbook is read, and where the table on it begins. Called by detect() once
// per input; one thread.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/detect.h"
#include "formats/read_plan.h"
#include "formats/zip_archive.h"

namespace sluice {

// Completes `plan` (format, sheet, columns, first row, findings). Declared is what `source` says of sheet and
// header; else it is the only visible sheet with data. Errors: input, as the rest of a sentence about the
// file (several sheets with data, none, no such sheet, a damaged workbook), usage (a dialect that contradicts
// itself).
Result<> detect_xlsx(const SourceSpec& source, const std::shared_ptr<const ZipArchive>& archive,
                     ReadPlan& plan, std::stop_token stop);

}  // namespace sluice
