#include "adapters/row_entry.h"

#include <algorithm>
#include <utility>

namespace sluice {

std::vector<RowEntry> entries_of(const Commit& commit) {
  std::vector<RowEntry> entries;
  std::size_t count = 0;
  for (const PreparedBatch* batch : commit.batches) count += batch->rows_read();
  entries.reserve(count);
  for (const PreparedBatch* batch : commit.batches) {
    auto reject = batch->rejects.begin();
    for (const PreparedRow& row : batch->rows) {
      for (; reject != batch->rejects.end() && reject->row_number < row.row_number; ++reject)
        entries.push_back({.batch = batch, .reject = &*reject});
      entries.push_back({.batch = batch, .row = &row});
    }
    for (; reject != batch->rejects.end(); ++reject) entries.push_back({.batch = batch, .reject = &*reject});
  }
  return entries;
}

EntryOutcomes outcomes_of(std::span<const RowEntry> entries) {
  EntryOutcomes found;
  std::vector<std::pair<std::uint64_t, Outcome>> outcomes;
  outcomes.reserve(entries.size());
  for (const RowEntry& entry : entries) {
    found.counts.add(entry.outcome);
    outcomes.emplace_back(entry.row_number(), entry.outcome);
  }
  if (!std::ranges::is_sorted(outcomes, {}, &std::pair<std::uint64_t, Outcome>::first))
    std::ranges::stable_sort(outcomes, {}, &std::pair<std::uint64_t, Outcome>::first);
  for (const auto& [row, outcome] : outcomes)
    if (row != found.runs.last_row()) found.runs.append(row, outcome);
  return found;
}

}  // namespace sluice
