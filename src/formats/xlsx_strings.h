// XlsxStrings: the shared texts of a workbook, which its cells name by number. They are read as far as they
// are asked for: writers number them as the cells come, so that the first rows need the first of them only.
// In memory up to a bound, on disk beyond it. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "formats/spill_buffer.h"
#include "formats/xlsx_xml.h"
#include "formats/zip_archive.h"

namespace sluice {

class XlsxStrings {
 public:
  // A text over `most_text_bytes` is cut behind them, so that its row is seen to be too long.
  XlsxStrings(std::size_t memory_bytes, std::size_t most_text_bytes);
  ~XlsxStrings();
  XlsxStrings(const XlsxStrings&) = delete;
  XlsxStrings& operator=(const XlsxStrings&) = delete;

  // The part with all of them, before the first is asked for.
  Result<> open(const ZipArchive& archive, const ZipMember& part, const std::stop_token& stop);
  Result<> add(std::string_view text);

  std::uint64_t size() const { return size_; }  // as far as they were read
  bool spilled() const { return texts_.spilled() || groups_.spilled(); }
  // Appends text `number` (from 0) to `out`; false: there are not so many, which size() are all of them.
  // Errors: of the disk; input: the part is damaged before that text.
  Result<bool> append(std::uint64_t number, std::string& out, const std::stop_token& stop);
  // Nothing more is asked for. Error (input): the part is not whole.
  Result<> finish(const std::stop_token& stop);

 private:
  class Handler;
  // Goes past one length, from `at` on.
  Result<std::size_t> take_length(std::uint64_t& at, std::string_view& bytes);

  const std::size_t most_text_bytes_;
  SpillBuffer texts_;   // one behind the other, each behind its length: 7 bits a byte, the lowest first
  SpillBuffer groups_;  // where each kGroup of them begin, 8 bytes each
  std::uint64_t size_ = 0;
  std::unique_ptr<Handler> handler_;
  std::optional<XmlReader> reader_;  // of what was not read yet
  std::string scratch_;
};

}  // namespace sluice
