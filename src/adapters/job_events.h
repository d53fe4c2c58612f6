// What an event says (contract, section 9), as JSON; the same from every store. No state.
#pragma once

#include <cstdint>
#include <string>

#include "rows/outcome.h"

namespace sluice {

// The rows of one commit.
struct CommittedRows {
  std::uint32_t split_number = 0;
  std::uint64_t first_row = 0, last_row = 0;
  RowCounts counts;
};

std::string counts_json(const RowCounts& counts);
// {"split":1,"firstRow":1,"lastRow":200,"rows":{…},"job": : the sums of the job and a brace are still to
// come, because a store may know them only inside its statement.
std::string rows_processed_json_head(const CommittedRows& rows);

}  // namespace sluice
