// Finding out a CSV file's dialect, header and columns from its beginning. Called by detect() once per input;
// pure. What is declared is taken as it is. What is not keeps its published default unless the file clearly
// says otherwise, which is then a finding.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/dialect.h"
#include "formats/read_plan.h"

namespace sluice {

struct CsvDetection {
  CsvDialect dialect;
  Columns columns;     // unique; as many as the header has cells
  Position first_row;  // after BOM, title lines and header
  std::vector<std::string> findings;
};

// `sample`: the decoded beginning of the input, BOM included; `sample_is_whole`: nothing follows it.
// `tsv`: the format was declared to be TSV. `schema_fields`: names, for a file without a header.
// Where dialect.header is declared true, the first record that is no comment is the header, whatever it looks
// like. Row numbers of headerRows and commentRows are those of the physical lines the rows begin on. Errors:
// input (no rows at all, binary data, a header that is not there), usage (a dialect that contradicts itself).
Result<CsvDetection> detect_csv(std::string_view sample, bool sample_is_whole, const Dialect& declared,
                                bool tsv, const std::vector<std::string>& schema_fields);

}  // namespace sluice
