#include "rows/row_batch.h"

#include <algorithm>

namespace sluice {

void RowBatch::widen(std::size_t slots) {
  if (slots <= stride_) return;
  std::vector<Cell> wider(rows_.size() * slots);
  for (std::size_t row = 0; row < rows_.size(); ++row)
    std::copy_n(cells_.data() + row * stride_, stride_, wider.data() + row * slots);
  cells_ = std::move(wider);
  stride_ = slots;
}

void RowBatch::reject(std::size_t row, Issue issue) {
  RowInfo& info = rows_[row];
  if (info.issues < 0) {
    info.issues = static_cast<std::int32_t>(issues_.size());
    issues_.emplace_back();
  }
  auto& issues = issues_[static_cast<std::size_t>(info.issues)];
  if (issues.size() < kIssuesPerRow) issues.push_back(std::move(issue));
}

void RowBatch::release_input() {
  // A new container each: assigning {} to a vector keeps its memory.
  rows_ = std::vector<RowInfo>();
  cells_ = std::vector<Cell>();
  extra_ = std::unordered_map<std::size_t, std::vector<Cell>>();
  issues_ = std::vector<std::vector<Issue>>();
  buffers_ = std::vector<Buffer>();
}

std::size_t RowBatch::bytes() const {
  std::size_t total = arena_.bytes() + rows_.capacity() * sizeof(RowInfo) + cells_.capacity() * sizeof(Cell);
  for (const Buffer& buffer : buffers_) total += buffer.capacity();
  return total;
}

}  // namespace sluice
