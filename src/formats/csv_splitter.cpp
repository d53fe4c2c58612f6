#include "formats/csv_splitter.h"

#include <algorithm>

namespace sluice {
namespace {
// What is kept of a record that is too long: enough to recognise it by.
constexpr std::size_t kKeptOfOversized = 4096;
}  // namespace

CsvSymbols symbols_of(const CsvDialect& dialect) {
  return {.delimiter = dialect.delimiter,
          .quote = dialect.quote,
          .comment = dialect.comment,
          .has_quote = dialect.quote != '\0',
          .has_comment = dialect.comment != '\0'};
}

Result<Cut> CsvSplitter::cut(std::string_view bytes, std::size_t target, std::uint64_t max_rows,
                             bool at_end) {
  if (bytes.empty()) return Cut{.kind = at_end ? Cut::Kind::end : Cut::Kind::more};
  // Where a record begins, that much must be in sight to tell its end: itself, and CRLF after it.
  std::size_t sight = at_end ? 1 : rules_.row_bytes() + 2;
  target = std::clamp<std::size_t>(target, 1, bytes.size());
  Cut cut{.kind = Cut::Kind::rows};
  std::size_t pos = 0;
  max_rows = std::max<std::uint64_t>(max_rows, 1);
  while (pos < target && cut.rows < max_rows && bytes.size() - pos >= sight) {
    if (kernel_ != nullptr && line_ + cut.lines > rules_.last_comment_row()) {
      std::size_t last = std::min(target, bytes.size() - sight + 1);
      CsvRun run = kernel_->split(bytes.data() + pos, bytes.size() - pos, last - pos, max_rows - cut.rows,
                                  rules_.row_bytes(), symbols_);
      pos += run.bytes;
      cut.rows += run.rows;
      cut.lines += run.lines;
      if (pos >= last || cut.rows >= max_rows) continue;
    }
    Record record = reader_.read(bytes, pos, line_ + cut.lines, offset_);
    if (record.kind == Record::Kind::oversized) {
      if (pos > 0) break;
      cut.kind = Cut::Kind::oversized;
      cut.bytes = std::min({kKeptOfOversized, rules_.row_bytes(), bytes.size() - 1});
      for (int i = 0; i < 3 && cut.bytes > 1 && (static_cast<unsigned char>(bytes[cut.bytes]) & 0xC0) == 0x80;
           ++i)
        --cut.bytes;  // not in the middle of a character
      cut.bytes = std::max<std::size_t>(cut.bytes, 1);
      cut.rows = 1;
      offset_ += cut.bytes;
      skipping_ = Skipping::text;
      return cut;
    }
    if (pos > 0 && record.end > target) break;
    pos = record.end;
    cut.lines += record.lines;
    if (record.kind != Record::Kind::none) ++cut.rows;
  }
  if (pos == 0) return Cut{.kind = Cut::Kind::more};
  cut.bytes = pos;
  offset_ += pos;
  line_ += cut.lines;
  return cut;
}

Result<Cut> CsvSplitter::cut_torn(std::string_view bytes, std::uint64_t max_rows) {
  Cut cut{.kind = Cut::Kind::rows};
  while (cut.bytes < bytes.size() && cut.rows < std::max<std::uint64_t>(max_rows, 1)) {
    Record record = reader_.read(bytes, cut.bytes, line_ + cut.lines, offset_);
    if (record.kind == Record::Kind::oversized || !record.is_final) break;
    bool line_ends = record.end < bytes.size() || bytes.back() == '\n';  // LF may follow a CR
    if (!line_ends) break;
    cut.bytes = record.end;
    cut.lines += record.lines;
    if (record.kind != Record::Kind::none) ++cut.rows;
  }
  if (cut.bytes == 0) return Cut{.kind = Cut::Kind::more};
  offset_ += cut.bytes;
  line_ += cut.lines;
  return cut;
}

std::size_t CsvSplitter::skip_oversized(std::string_view bytes, bool /*at_end*/, std::uint64_t& lines) {
  std::size_t pos = 0;
  if (skipping_ == Skipping::text) {
    while (pos < bytes.size() && !is_line_end(bytes[pos])) ++pos;
    if (pos < bytes.size()) {
      ++lines;
      ++line_;
      skipping_ = bytes[pos++] == '\r' ? Skipping::after_cr : Skipping::done;
    }
  }
  // The line end, and CRLF within, may be torn apart between two pieces: then the first is taken whole, which
  // asks for the next, and that one tells.
  if (skipping_ == Skipping::after_cr && pos < bytes.size()) {
    if (bytes[pos] == '\n') ++pos;
    skipping_ = Skipping::done;
  }
  offset_ += pos;
  return pos;
}

}  // namespace sluice
