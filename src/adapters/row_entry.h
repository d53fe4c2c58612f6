// One row on its way through a commit, in the order of the file. Shared by the row writers of all stores.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/store.h"
#include "rows/outcome.h"
#include "rows/prepared.h"

namespace sluice {

// The bytes of a hash or an id, as database clients take them.
template <class Bytes>
std::string_view view(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct RowEntry {
  const PreparedBatch* batch = nullptr;
  const PreparedRow* row = nullptr;     // a good row, or
  const RejectedRow* reject = nullptr;  // a row that was rejected before it came here
  std::int64_t row_id = 0;              // SQLite: ingested_data.id, where the row is stored or known
  Outcome outcome = Outcome::none;      // none: not decided yet
  bool set_aside = false;               // resubmission: corrected before, so it is not looked at again

  std::uint64_t row_number() const { return row ? row->row_number : reject->row_number; }
};

// Called for a row that the store itself rejects.
using RejectRow = std::function<Result<>(RowEntry&, Issue)>;

// The rows of a commit, good and rejected, in the order of the file.
std::vector<RowEntry> entries_of(const Commit& commit);

// What became of them, as counts and as run lengths. Only a corrected report, which a spreadsheet may have
// sorted, is not in order; a row that stands in it twice has the first outcome.
struct EntryOutcomes {
  RowCounts counts;
  OutcomeRuns runs;
};
EntryOutcomes outcomes_of(std::span<const RowEntry> entries);

}  // namespace sluice
