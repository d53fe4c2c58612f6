// Finding out how an input is to be read: compression, format, encoding, dialect, header. Encoding is decided
// on the whole input, dialect and header on its beginning; every answer that was not declared is a finding.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "formats/dialect.h"
#include "formats/read_plan.h"
#include "ports/byte_source.h"

namespace sluice {

enum class SourceFormat : std::uint8_t { automatic, csv, tsv, json, ndjson, xlsx };

// The `source:` of a pipeline file: what is declared of the input.
struct SourceSpec {
  SourceFormat format = SourceFormat::automatic;
  Dialect dialect;
  std::string encoding = "auto";
  std::string pointer;
  SheetChoice sheet;  // before what the dialect says
  // A report: where several sheets have data, each goes on where the one before it ended.
  bool sheets_follow = false;
  std::uint64_t row_bytes = 1 << 20;
  std::uint64_t window_bytes = kUsualWindowBytes;
  std::vector<std::string> schema_fields;  // names, for a file without a header
};

// `input`: a name for messages and the ending of the file name as a hint. Errors: input, with what the file
// is and what to do (an encrypted workbook, an empty file, binary data, a JSON document without an array of
// rows and the pointers that would work).
Result<ReadPlan> detect(const SourceSpec& source, const std::string& input, const Opener& opener,
                        std::stop_token stop);

}  // namespace sluice
