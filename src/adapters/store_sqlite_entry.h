// One row on its way through a commit, in the order of the file. Shared by the files of the SQLite row
// writer.
#pragma once

#include <cstdint>

#include "rows/outcome.h"
#include "rows/prepared.h"

namespace sluice {

struct RowEntry {
  const PreparedBatch* batch = nullptr;
  const PreparedRow* row = nullptr;     // a good row, or
  const RejectedRow* reject = nullptr;  // a row that was rejected before it came here
  std::int64_t row_id = 0;              // ingested_data.id, where the row is stored or known
  Outcome outcome = Outcome::none;      // none: not decided yet
  bool set_aside = false;               // resubmission: corrected before, so it is not looked at again

  std::uint64_t row_number() const { return row ? row->row_number : reject->row_number; }
};

}  // namespace sluice
