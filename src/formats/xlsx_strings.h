// XlsxStrings: the shared texts of a workbook, which its cells name by number. In memory up to a bound, on
// disk beyond it. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "formats/spill_buffer.h"
#include "formats/zip_archive.h"

namespace sluice {

class XlsxStrings {
 public:
  // A text over `most_text_bytes` is cut behind them, so that its row is seen to be too long.
  XlsxStrings(std::size_t memory_bytes, std::size_t most_text_bytes)
      : most_text_bytes_(most_text_bytes), texts_(memory_bytes / 2), ends_(memory_bytes / 2) {}

  // Reads the part with all of them.
  Result<> read(const ZipArchive& archive, const ZipMember& part, std::stop_token stop);
  Result<> add(std::string_view text);

  std::uint64_t size() const { return ends_.size() / sizeof(std::uint64_t); }
  bool spilled() const { return texts_.spilled() || ends_.spilled(); }
  // Appends text `number` (from 0, less than size()) to `out`.
  Result<> append(std::uint64_t number, std::string& out);

 private:
  const std::size_t most_text_bytes_;
  SpillBuffer texts_;  // one behind the other
  SpillBuffer ends_;   // where each of them ends, 8 bytes each
  std::string scratch_;
};

}  // namespace sluice
