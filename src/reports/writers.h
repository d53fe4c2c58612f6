// The writers behind open_report, one function per ending.
#pragma once

#include "reports/report.h"
#include "rows/columns.h"

namespace sluice {

using OpenedReport = Result<std::unique_ptr<ReportWriter>>;

OpenedReport open_csv_report(std::unique_ptr<ReportSink> sink, const Columns& columns);
OpenedReport open_ndjson_report(std::unique_ptr<ReportSink> sink, const Columns& columns);
OpenedReport open_xlsx_report(const std::string& path, const Columns& columns);

}  // namespace sluice
