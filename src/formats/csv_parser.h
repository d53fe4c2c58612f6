// CsvParser: turns a chunk of whole records into a batch of rows. One object per chunk, one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/csv_kernel.h"
#include "formats/csv_record.h"
#include "formats/csv_rules.h"
#include "formats/format.h"

namespace sluice {

class CsvParser {
 public:
  // `kernel`: null to read every record the exact way. `rules` must outlive this.
  CsvParser(const CsvRules& rules, const CsvKernel* kernel, SharedColumns columns, std::size_t slots);

  RowBatch parse(Chunk chunk);

 private:
  std::size_t parse_blocks(std::size_t pos);
  const std::uint32_t* parse_line_row(const std::uint32_t* place, std::size_t base, std::size_t begin);
  std::size_t parse_exactly(std::size_t pos);
  void parse_oversized();
  void take_cells(std::size_t row, std::size_t begin, const Record& record);
  Cell cell_of(const FieldWalk& walk);
  Cell verified_cell(const char* begin, const char* end);
  std::size_t set_extra_cells(std::size_t row);
  std::size_t add_row(std::size_t begin, std::size_t text_end);
  void reject_broken(std::size_t row, std::size_t begin, const Record& record);
  void reject_bad_text();

  const CsvRules& rules_;
  const CsvKernel* kernel_;
  CsvSymbols symbols_;
  bool plain_cells_;  // a bare cell is its bytes: no blanks to skip, no nullSequence
  RecordReader reader_;
  RowBatch batch_;
  std::string_view text_;
  std::uint64_t offset_ = 0;
  std::uint64_t row_ = 1, line_ = 1;
  std::vector<std::uint32_t> places_;
  std::vector<Cell> extra_;
};

}  // namespace sluice
