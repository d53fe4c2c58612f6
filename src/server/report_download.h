// A job's error report as a download: CSV and NDJSON are made while they are sent, a page of rejects at a
// time; a workbook is made in a temporary file first. Memory does not grow with the report. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/store.h"
#include "server/http_message.h"

namespace sluice {

enum class ReportKind : std::uint8_t { csv, ndjson, xlsx };
std::string_view name_of(ReportKind kind);  // "csv": the ending of its file, too
std::string_view media_type_of(ReportKind kind);

// With its headers. `scratch_folder`: where a workbook is made.
Result<Response> report_download(Store& store, const Job& job, ReportKind kind, const RejectFilter& filter,
                                 const std::string& scratch_folder);

// The header for a file of that name: ASCII for old readers, and as it is for others (RFC 6266, 8187).
std::string attachment(std::string_view file_name);

}  // namespace sluice
