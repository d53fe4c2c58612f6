// CsvSplitter: cuts the decoded stream at record ends (RecordSplitter). One thread.
#pragma once

#include "formats/csv_kernel.h"
#include "formats/csv_record.h"
#include "formats/csv_rules.h"
#include "formats/format.h"

namespace sluice {

// The kernel's view of a dialect.
CsvSymbols symbols_of(const CsvDialect& dialect);

class CsvSplitter final : public RecordSplitter {
 public:
  // `kernel`: null to read every record the exact way. `rules` must outlive this.
  CsvSplitter(const CsvRules& rules, const CsvKernel* kernel, Position at)
      : rules_(rules),
        kernel_(rules.blocks_apply() ? kernel : nullptr),
        symbols_(symbols_of(rules.dialect())),
        reader_(rules),
        offset_(at.offset),
        line_(at.line) {}

  Result<Cut> cut(std::string_view bytes, std::size_t target, std::uint64_t max_rows, bool at_end) override;
  Result<Cut> cut_torn(std::string_view bytes, std::uint64_t max_rows) override;
  std::size_t skip_oversized(std::string_view bytes, bool at_end, std::uint64_t& lines) override;

 private:
  // How far the skipping of an oversized record has come.
  enum class Skipping : std::uint8_t { text, after_cr, done };

  const CsvRules& rules_;
  const CsvKernel* kernel_;
  CsvSymbols symbols_;
  RecordReader reader_;
  std::uint64_t offset_;
  std::uint64_t line_;
  Skipping skipping_ = Skipping::done;
};

}  // namespace sluice
