#include "reports/report_rows.h"

#include <algorithm>

namespace sluice {

Result<ReportColumns> find_report_columns(const Columns& columns) {
  auto place = [&](std::string_view name) -> std::optional<std::size_t> {
    auto found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns.begin());
  };
  ReportColumns report;
  std::optional<std::size_t> job = place("sluice_job"), row = place("sluice_row");
  if (!job || !row)
    return fail(ErrorKind::usage,
                std::string("This is not a report of rejected rows: it has no column '") +
                    (job ? "sluice_row" : "sluice_job") +
                    "'. Keep the columns sluice_job and sluice_row of the report when you correct it.");
  report.job = *job;
  report.row = *row;
  report.more = place("sluice_more");
  report.raw = place("sluice_raw");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (is_report_column(columns[i])) continue;
    report.own.push_back(i);
    report.own_names.push_back(restore_formula(columns[i]));
  }
  return report;
}

}  // namespace sluice
