// JsonSplitter: cuts a JSON array between its elements, by quotes and brackets alone; what the elements are,
// the parser checks. Only what must not be cut (a document that ends too early, something behind its end) is
// an error here.
#pragma once

#include <memory>

#include "formats/format.h"

namespace sluice {

// `plan` is used until the splitter is gone.
std::unique_ptr<RecordSplitter> make_json_splitter(const ReadPlan& plan, Position at);

// "Row 7 (line 12) is broken at its character 3: …". `row`: the first byte of the row's text, `at`: the
// broken place, in the row; `line`: that of the row's first byte.
Error broken_json_row(std::uint64_t row_number, std::uint64_t line, const char* row, const char* at,
                      const std::string& problem);

}  // namespace sluice
