// RowBatch: some hundred to some ten thousand rows that travel together from the parser to the store.
// It owns every byte its cells look at (the chunk of the file, and an arena for what was made on the way),
// is row-major with a fixed stride, move-only, and used by one thread at a time.
// A bad row stays in the batch, marked, with its issues: it is data, and leaves in the same commit.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "rows/cell.h"
#include "rows/columns.h"
#include "rows/issue.h"

namespace sluice {

struct RowInfo {
  std::uint64_t row_number = 0;  // 1-based among the rows of the file
  std::uint64_t line = 0;        // 1-based physical line of the first byte
  const char* raw = nullptr;     // the record's bytes as read (decoded to UTF-8), without its line end
  std::uint32_t raw_size = 0;
  std::uint32_t cell_count =
      0;                     // cells the record really has: less or more than the columns where it is ragged
  std::int32_t issues = -1;  // index into the batch's lists of issues; -1: none, the row is good
  bool readable = true;      // false: it could not be taken apart; its cells mean nothing

  bool rejected() const { return issues >= 0; }
};

class RowBatch {
 public:
  // `slots` >= columns->size(): further cells a row gets, for columns that steps add.
  RowBatch(SharedColumns columns, std::size_t slots) : columns_(std::move(columns)), stride_(slots) {}

  const SharedColumns& columns() const { return columns_; }
  std::size_t stride() const { return stride_; }
  std::size_t size() const { return rows_.size(); }

  // A new row at the end, all its cells missing.
  std::size_t add_row() {
    rows_.emplace_back();
    cells_.resize(cells_.size() + stride_);
    return rows_.size() - 1;
  }
  // Widens every row to `slots` cells, keeping what is there (JSON finds its columns while it reads;
  // the pipeline adds slots for what its steps make).
  void widen(std::size_t slots);
  void set_columns(SharedColumns columns) { columns_ = std::move(columns); }
  void reserve(std::size_t rows) {
    rows_.reserve(rows);
    cells_.reserve(rows * stride_);
  }

  RowInfo& info(std::size_t row) { return rows_[row]; }
  const RowInfo& info(std::size_t row) const { return rows_[row]; }
  Cell* cells(std::size_t row) { return cells_.data() + row * stride_; }
  const Cell* cells(std::size_t row) const { return cells_.data() + row * stride_; }

  // Cells beyond the columns of a record that is too long; empty for others.
  std::span<const Cell> extra_cells(std::size_t row) const {
    if (extra_.empty()) return {};
    auto found = extra_.find(row);
    return found == extra_.end() ? std::span<const Cell>() : found->second;
  }
  void set_extra_cells(std::size_t row, std::vector<Cell> cells) { extra_[row] = std::move(cells); }

  // Marks the row as rejected, for one more reason.
  void reject(std::size_t row, Issue issue);
  std::span<const Issue> issues(std::size_t row) const {
    return rows_[row].issues < 0 ? std::span<const Issue>()
                                 : issues_[static_cast<std::size_t>(rows_[row].issues)];
  }
  std::vector<Issue> take_issues(std::size_t row) {
    if (rows_[row].issues < 0) return {};
    return std::exchange(issues_[static_cast<std::size_t>(rows_[row].issues)], {});
  }
  bool has_rejects() const { return !issues_.empty(); }

  Arena& arena() { return arena_; }
  // The bytes the cells look at; moved in by whoever read them, before the cells are made.
  void own(Buffer bytes) { buffers_.push_back(std::move(bytes)); }

  // Forgets the rows as read, where nobody asks for them any more: cells, row records and the chunk's bytes.
  // What lives in the arena stays.
  void release_input();

  std::size_t bytes() const;  // memory held, for the accounting of the engine

 private:
  SharedColumns columns_;
  std::size_t stride_;
  std::vector<RowInfo> rows_;
  std::vector<Cell> cells_;
  std::unordered_map<std::size_t, std::vector<Cell>> extra_;
  std::vector<std::vector<Issue>> issues_;
  std::vector<Buffer> buffers_;
  Arena arena_;
};

}  // namespace sluice
