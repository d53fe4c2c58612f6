// For the tests of the JSON formats: reads a whole text the way ChunkReader does, and gives plain rows to
// compare.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/format.h"

namespace sluice::json_test {

struct PlainCell {
  std::string name;
  CellKind kind = CellKind::missing;
  std::string text;
  friend bool operator==(const PlainCell&, const PlainCell&) = default;
};
struct PlainRow {
  std::uint64_t number = 0, line = 0;
  std::string raw;
  std::vector<PlainCell> cells;  // those that are not missing, in the order of the columns
  std::vector<std::string> extra;
  std::uint32_t cell_count = 0;
  std::string code, message;  // of a reject
  std::string shown() const {
    std::string said = std::to_string(number) + "@" + std::to_string(line) + " ";
    if (!code.empty()) return said + code;
    for (const PlainCell& cell : cells)
      said += cell.name + "=" + std::to_string(static_cast<int>(cell.kind)) + ":" + cell.text + "|";
    for (const std::string& cell : extra) said += "+" + cell;
    return said;
  }
};
struct Reading {
  std::vector<PlainRow> rows;
  std::string error;  // "" or why the document is broken
  std::uint64_t counted_rows = 0, counted_lines = 0;
  std::size_t batches = 0;
  std::vector<Position> positions;  // where the chunks begin

  std::string shown() const {
    std::string said;
    for (const PlainRow& row : rows) said += row.shown() + "\n";
    return said;
  }
};

inline void add_rows(const ParseResult& parsed, Reading& reading) {
  for (const RowBatch& batch : parsed.batches) {
    ++reading.batches;
    for (std::size_t r = 0; r < batch.size(); ++r) {
      const RowInfo& info = batch.info(r);
      PlainRow row{.number = info.row_number, .line = info.line, .raw = std::string(info.raw, info.raw_size)};
      row.cell_count = info.cell_count;
      if (info.rejected()) {
        row.code = name_of(batch.issues(r).front().code);
        row.message = batch.issues(r).front().message;
      }
      if (info.readable) {
        for (std::size_t c = 0; c < batch.columns()->size(); ++c)
          if (const Cell& cell = batch.cells(r)[c]; cell.kind != CellKind::missing)
            row.cells.push_back({(*batch.columns())[c], cell.kind, std::string(cell.text())});
        for (const Cell& cell : batch.extra_cells(r)) row.extra.emplace_back(cell.text());
      }
      reading.rows.push_back(std::move(row));
    }
  }
}

// Reads `text` from `at` on in chunks of about `target` bytes.
inline Reading read_all(const RowFormat& format, const ReadPlan& plan, std::string_view text,
                        std::size_t target, Position at, std::uint64_t max_rows = ~0ull) {
  Reading reading;
  auto splitter = format.splitter(at);
  std::size_t window_size = plan.row_bytes + target;
  for (;;) {
    reading.positions.push_back(at);
    const std::string_view left = text.substr(at.offset);
    const Buffer window(left.substr(0, window_size));
    const bool at_end = window.size() == left.size();
    auto cut = splitter->cut(window.view(), target, max_rows, at_end);
    if (!cut) {
      reading.error = cut.error().message;
      return reading;
    }
    if (cut->kind == Cut::Kind::more) {
      if (at_end) {
        reading.error = "asked for more at the end";
        return reading;
      }
      ++window_size;
      continue;
    }
    if (cut->kind == Cut::Kind::end) return reading;
    if (cut->bytes == 0) {
      reading.error = "cut nothing";
      return reading;
    }
    Position end{at.offset + cut->bytes, at.row + cut->rows, at.line + cut->lines};
    const bool oversized = cut->kind == Cut::Kind::oversized;
    Chunk chunk{Buffer(window.view().substr(0, cut->bytes)), at, end, cut->rows, oversized};
    if (oversized) {
      for (;;) {  // in small pieces
        const std::string_view rest = text.substr(end.offset);
        const Buffer piece(rest.substr(0, target));
        const bool last = piece.size() == rest.size();
        const std::size_t taken = splitter->skip_oversized(piece.view(), last, end.line);
        end.offset += taken;
        if (taken < piece.size() || last) break;
      }
      chunk.end = end;
    }
    reading.counted_rows += cut->rows;
    reading.counted_lines = end.line - 1;
    ParseResult parsed = format.parse(std::move(chunk));
    add_rows(parsed, reading);
    if (parsed.broken) {
      reading.error = parsed.broken->message;
      return reading;
    }
    at = end;
  }
}

}  // namespace sluice::json_test
