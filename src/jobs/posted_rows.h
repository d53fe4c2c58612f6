// Rows that somebody sends as JSON, not as a file: checked, counted, and kept as a small file of their own,
// from which a job reads them. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "formats/detect.h"
#include "jobs/service.h"

namespace sluice {

struct PostedRows {
  std::string json;  // as the job reads them; every number as it was written
  SourceFormat format = SourceFormat::json;
  std::uint64_t count = 0;
};

// An array of rows, or an object with the member "rows". Usage error where there is none, or where one of
// them is neither an object nor an array.
Result<PostedRows> posted_rows(const std::string& body);
Result<PostedRows> posted_lines(const std::string& body);  // NDJSON; broken lines are the job's to find

struct KeptRows {
  std::string blob_key, sha256, content_type;
};
Result<KeptRows> keep_rows(BlobStore& blobs, const PostedRows& rows);

}  // namespace sluice
