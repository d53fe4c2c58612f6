// Where the table of a file of lines begins: title lines, header rows, columns. Part of csv_detect; the rows
// of a sheet are looked at likewise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/csv_trial.h"
#include "formats/dialect.h"
#include "formats/read_plan.h"

namespace sluice {

struct HeaderSearch {
  std::string_view sample;
  std::size_t begin = 0;  // after the BOM
  const Dialect& declared;
  const std::vector<std::string>& schema_fields;
  std::string_view line = "Line";  // what people call one: in a sheet it is a row
  char line_end = '\n';            // LF: CR and CRLF as well
};

struct FoundHeader {
  Columns columns;
  Position first_row;
  bool trailing_delimiter = false;  // as CsvDialect has it
  std::vector<std::string> findings;
};

Result<FoundHeader> find_header(const HeaderSearch& search, const CsvDialect& dialect);
// The same in records that are cut already: at least one, and no more than kHeaderRecords unless headerRows
// says so.
inline constexpr std::size_t kHeaderRecords = 500;
Result<FoundHeader> find_header(const HeaderSearch& search, const std::vector<TrialRecord>& records);

}  // namespace sluice
