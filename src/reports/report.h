// The error report: the rejected rows as their sender sent them, with the reasons, to be corrected and sent
// back. CSV and XLSX have the columns of the file, then sluice_job, sluice_row, sluice_line, sluice_field,
// sluice_code, sluice_message, sluice_suggestion (several issues joined by "; "), sluice_more (members of the
// row that have no column, as a JSON object) and sluice_raw (a row that could not be taken apart, as text).
// NDJSON has one object a row:
// {"jobId","rowNumber","line","errors":[{"field","fieldNumber","code","constraint",
// "value","message","suggestion"}],"row":{…} or "raw":"…"}; what an error does not have is null.
// CSV and XLSX neutralise formulas (OWASP's list) in a way that neutralise/restore make exactly reversible.
// Used by whoever walks over the rejects, by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rows/issue.h"

namespace sluice {

class ReportWriter {
 public:
  virtual ~ReportWriter() = default;
  virtual Result<> row(const std::string& job_id, const RejectedRow& row) = 0;
  virtual Result<> finish() = 0;  // without it the file is left incomplete under a temporary name, PATH.part
};

// Where a report's bytes go.
class ReportSink {
 public:
  virtual ~ReportSink() = default;
  virtual Result<> write(std::string_view bytes) = 0;
  virtual Result<> finish() = 0;
};
// The two kinds that are written from front to end. (A workbook is written to a file first.)
enum class StreamedReport : std::uint8_t { csv, ndjson };
Result<std::unique_ptr<ReportWriter>> open_report(StreamedReport kind, std::unique_ptr<ReportSink> sink,
                                                  const std::vector<std::string>& columns);

// By the ending of `path`: .csv, .ndjson (.jsonl), .xlsx; usage error naming these otherwise. `columns`:
// those of the input in its order; for JSON objects the union may not be known: give what is known.
Result<> check_report_path(const std::string& path);  // would open_report know this ending?
// Could a report be written there? Asked before the work whose report it is to be. usage error otherwise.
Result<> check_report_place(const std::string& path);
Result<std::unique_ptr<ReportWriter>> open_report(const std::string& path,
                                                  const std::vector<std::string>& columns);

// A cell that a spreadsheet would take for a formula (after any number of ', begins with = + - @, their
// full-width forms, tab, CR or LF, and is no plain number) gets one ' in front; restore takes exactly that
// one away.
std::string neutralise_formula(std::string_view cell);
std::string restore_formula(std::string_view cell);

// A row of an NDJSON report, without the line end.
std::string report_row_json(const std::string& job_id, const RejectedRow& row);

// Adds a cell as our CSV has it, with quotes where a reader may need them. Not neutralised.
void append_csv_cell(std::string& line, std::string_view cell);

// Columns of a report that are not the sender's: begin with "sluice_". (A sender's own column of such a name
// stands in sluice_more.)
bool is_report_column(std::string_view name);

}  // namespace sluice
