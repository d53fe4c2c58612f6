// Finding out how a JSON or NDJSON input is to be read: where the array of rows is, whether its rows are
// objects or arrays, and whether the first of these is a header. Called by detect() with the decoded
// beginning.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/dialect.h"
#include "formats/read_plan.h"
#include "ports/byte_source.h"

namespace sluice {

struct JsonDetection {
  std::string pointer;  // to the array of rows, RFC 6901
  Columns columns;      // rows_are_arrays: from the header, or column_1 …
  bool rows_are_arrays = false;
  std::vector<std::string> item_keys;
  Position first_row;
  std::vector<std::string> findings;
  // The sample did not reach to the array at the pointer: nothing else here is set; call detect_json on the
  // whole input.
  bool beyond_sample = false;
};

// `sample`: the beginning of the decoded input (BOM included), as much as is looked at; `sample_is_whole`:
// there is no more. `kind`: json or ndjson. Errors: input (no array of rows: the message lists the pointers
// that would work; broken before the rows), usage (a pointer that is none).
Result<JsonDetection> detect_json(std::string_view sample, bool sample_is_whole, FormatKind kind,
                                  const Dialect& declared, const std::string& pointer);

// The same for kind json where the array begins beyond the sample: reads `decoded` from the input's beginning
// to the array and `sample_bytes` further.
Result<JsonDetection> detect_json(ByteSource& decoded, std::size_t sample_bytes, const Dialect& declared,
                                  const std::string& pointer, std::stop_token stop);

}  // namespace sluice
