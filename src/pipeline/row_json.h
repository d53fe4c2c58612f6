// Writes the JSON of a row: the canonical form that is hashed and stored, straight into the batch's arena,
// and the row as it was read for rejects. Used by the bound pipeline; free functions, any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "rows/cell.h"

namespace sluice {

// A number that is its own canonical form and an exact double, by a look at its characters alone
// (at most 15 digits, no exponent): what nearly all numbers are. False decides nothing.
bool is_plain_number(std::string_view text);

// A member of a canonical object: `key` is its name as JSON with the colon and a comma in front.
struct RowMember {
  std::string key;  // ,"name":
  std::uint32_t slot;
};
std::string json_key(std::string_view name);

struct JsonProblem {
  std::size_t member = 0;  // index into the members
  std::string message;     // what is wrong with its value
  bool is_nul = false;     // it holds U+0000
};

class RowJsonWriter {
 public:
  // `members` sorted by jcs_less. The result lives in `arena`. Null members are left out.
  // False: `problems` says which values JSON cannot hold (U+0000, broken JSON).
  bool write(std::span<const RowMember> members, const Cell* cells, Arena& arena, std::string_view& out,
             std::vector<JsonProblem>& problems);

 private:
  std::vector<std::string_view> texts_;  // by member: the value's canonical text, where it is no string
  std::string scratch_;
};

// A JSON member of the row as read (not canonical): JSON's own numbers and documents stay as they were.
void append_raw_value(std::string& out, const Cell& cell);
// Text as a JSON string, whatever bytes it holds.
void append_raw_string(std::string& out, std::string_view text);

}  // namespace sluice
