// What an uploaded file is, by its first bytes: taken, or refused with what it is and what to send instead.
// The name decides nothing but ties. Used by every way of upload. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

// Enough to recognise a workbook by the names in it, and for a whole block of zstd (128 KiB).
inline constexpr std::size_t kHeadBytes = 192 * 1024;

// The media type: "text/csv", "text/tab-separated-values", "application/json", "application/x-ndjson",
// "application/gzip" or "application/zstd" (what is inside is looked at, too), the type of workbooks, or
// "application/zip" (an archive of files). `head`: the first kHeadBytes
// bytes; all there are where `whole`. A problem: 415 for what holds no rows for us, 400 for an empty file.
Result<std::string> content_type_of(std::string_view head, bool whole, const std::string& file_name);

}  // namespace sluice
