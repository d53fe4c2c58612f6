// Where a CSV file's table begins: title lines, header rows, columns. Part of csv_detect.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/dialect.h"
#include "formats/read_plan.h"

namespace sluice {

struct HeaderSearch {
  std::string_view sample;
  std::size_t begin = 0;  // after the BOM
  const Dialect& declared;
  const std::vector<std::string>& schema_fields;
};

struct FoundHeader {
  Columns columns;
  Position first_row;
  bool trailing_delimiter = false;  // as CsvDialect has it
  std::vector<std::string> findings;
};

Result<FoundHeader> find_header(const HeaderSearch& search, const CsvDialect& dialect);

}  // namespace sluice
