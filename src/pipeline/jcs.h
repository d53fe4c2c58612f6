// RFC 8785, the JSON Canonicalization Scheme, for rows: sorted keys, shortest strings, ECMAScript numbers.
// One deviation, which the contract asks for (section 5): a number whose ECMAScript form is not exactly its
// decimal value is written as a string of its canonical decimal, so that no digit is ever lost.
// Called for every good row; all functions may be called from any thread at once.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "rows/cell.h"

namespace sluice {

// Does `a` sort before `b` in RFC 8785 (by UTF-16 code units)? Both are valid UTF-8.
bool jcs_less(std::string_view a, std::string_view b);

void append_jcs_string(std::string& out, std::string_view text);  // with its quotes
char* append_jcs_string(char* out, std::string_view text);  // needs up to 6 × size + 2 bytes; returns the end
// Any JSON or canonical decimal. What base/decimal.h refuses (an exponent beyond its limit) is written as a
// string.
void append_jcs_number(std::string& out, std::string_view decimal);
// A JSON text in any layout → its canonical form. Errors (input): not JSON, a member that stands twice, a
// lone surrogate or U+0000 in a string, deeper than 128 levels, a number with an exponent beyond
// base/decimal.h's limit. After an error `out` is as before. `json` needs no padding.
Result<> append_jcs_json(std::string& out, std::string_view json);
// A cell that is not null. Errors only for CellKind::json.
Result<> append_jcs_cell(std::string& out, const Cell& cell);

}  // namespace sluice
