// Reading a corrected CSV report back: which of its columns are the sender's and which are the report's.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "reports/report.h"
#include "rows/columns.h"

namespace sluice {

struct ReportColumns {
  std::size_t job = 0, row = 0;          // sluice_job, sluice_row: which row of which job this is
  std::optional<std::size_t> more, raw;  // sluice_more, sluice_raw, where they were not deleted
  std::vector<std::size_t> own;          // the sender's columns, in their order
  Columns own_names;                     // their names, restored (restore_formula)
};

// `columns`: those of the report as read. Error (usage) where sluice_job or sluice_row is missing: such a
// file is no report, or lost what ties its rows to their job. Values of the sender's columns want
// restore_formula each.
Result<ReportColumns> find_report_columns(const Columns& columns);

}  // namespace sluice
