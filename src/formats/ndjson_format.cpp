#include "formats/ndjson_format.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "formats/json_blocks.h"
#include "formats/json_rows.h"

namespace sluice {
namespace {

constexpr std::size_t kOversizedKept = 4096;  // enough of a record that is too long to recognise it by

bool is_blank(const char* at, const char* end) {
  while (at < end && (*at == ' ' || *at == '\t')) ++at;
  return at == end;
}

class NdjsonSplitter : public RecordSplitter {
 public:
  explicit NdjsonSplitter(const ReadPlan& plan) : row_bytes_(plan.row_bytes) {}

  Result<Cut> cut(std::string_view bytes, std::size_t target, std::uint64_t max_rows, bool at_end) override {
    const char* const begin = bytes.data();
    const char* const end = begin + bytes.size();
    Cut cut{.kind = Cut::Kind::rows};
    const char* line = begin;
    while (line < end && cut.rows < max_rows) {
      const char* stop = json_blocks::find_line_end(line, end);
      if (static_cast<std::size_t>(stop - line) > row_bytes_) {
        if (line != begin) break;
        return oversized(bytes);
      }
      if (stop == end && !at_end) break;
      const char* behind = stop;
      if (stop < end) {
        ++behind;
        if (*stop == '\r') {
          if (behind == end && !at_end) break;  // an LF that belongs to it may follow
          if (behind < end && *behind == '\n') ++behind;
        }
      }
      if (line != begin && static_cast<std::size_t>(behind - begin) > target) break;
      cut.rows += is_blank(line, stop) ? 0 : 1;
      cut.lines += stop < end ? 1 : 0;
      line = behind;
    }
    cut.bytes = static_cast<std::size_t>(line - begin);
    if (cut.bytes == 0) cut.kind = at_end ? Cut::Kind::end : Cut::Kind::more;
    return cut;
  }

  std::size_t skip_oversized(std::string_view bytes, bool, std::uint64_t& lines) override {
    if (bytes.empty()) return 0;
    // Where all bytes shown before belonged to the record, it may have ended with the last of them.
    switch (std::exchange(skipped_, Skipped::inside)) {
      case Skipped::inside: break;
      case Skipped::after_cr: return bytes.front() == '\n' ? finish_skipping(bytes, 1) : 0;
      case Skipped::all: return 0;
    }
    const char* const begin = bytes.data();
    const char* const end = begin + bytes.size();
    const char* stop = json_blocks::find_line_end(begin, end);
    if (stop == end) return bytes.size();
    ++lines;
    const char* behind = stop + 1;
    if (*stop == '\r' && behind == end) {
      skipped_ = Skipped::after_cr;
      return bytes.size();
    }
    if (*stop == '\r' && *behind == '\n') ++behind;
    return finish_skipping(bytes, static_cast<std::size_t>(behind - begin));
  }

 private:
  enum class Skipped : std::uint8_t { inside, after_cr, all };

  std::size_t finish_skipping(std::string_view bytes, std::size_t count) {
    if (count == bytes.size()) skipped_ = Skipped::all;
    return count;
  }

  Cut oversized(std::string_view bytes) {
    std::size_t kept = std::min<std::size_t>({bytes.size(), kOversizedKept, row_bytes_});
    while (kept > 1 && (static_cast<unsigned char>(bytes[kept]) & 0xC0) == 0x80) --kept;
    skipped_ = Skipped::inside;
    return {.kind = Cut::Kind::oversized, .bytes = kept, .rows = 1};
  }

  std::uint64_t row_bytes_;
  Skipped skipped_ = Skipped::inside;
};

class NdjsonFormat : public RowFormat {
 public:
  explicit NdjsonFormat(const ReadPlan& plan) : plan_(plan), pool_(plan_, JsonScanner::Space::line) {}

  std::unique_ptr<RecordSplitter> splitter(Position) const override {
    return std::make_unique<NdjsonSplitter>(plan_);
  }

  ParseResult parse(Chunk chunk) const override {
    if (chunk.oversized) return parse_oversized_json(std::move(chunk), plan_.row_bytes);
    auto rows = pool_.take();
    rows->begin(std::move(chunk.bytes));
    const std::string_view bytes = rows->bytes();
    const char* line = bytes.data();
    const char* const end = line + bytes.size();
    const bool only_lf = std::memchr(bytes.data(), '\r', bytes.size()) == nullptr;
    JsonRows::Place place{chunk.begin.row, chunk.begin.line, {}};
    while (line < end) {
      const char* stop = end;
      if (only_lf) {
        if (const void* found = std::memchr(line, '\n', static_cast<std::size_t>(end - line)))
          stop = static_cast<const char*>(found);
      } else {
        stop = json_blocks::find_line_end(line, end);
      }
      if (!is_blank(line, stop)) {
        parse_line(*rows, line, stop, place);
        ++place.row_number;
      }
      ++place.line;
      if (stop == end) break;
      line = stop + (*stop == '\r' && stop + 1 < end && stop[1] == '\n' ? 2 : 1);
    }
    ParseResult result{rows->finish(), std::nullopt};
    pool_.give_back(std::move(rows));
    return result;
  }

 private:
  static void parse_line(JsonRows& rows, const char* line, const char* stop, JsonRows::Place& place) {
    JsonScanner& scanner = rows.scanner();
    const char* begin = scanner.skip_space(line);
    const char* last = stop;
    while (last[-1] == ' ' || last[-1] == '\t') --last;
    place.raw = {begin, static_cast<std::size_t>(last - begin)};
    const char* behind = rows.scan(begin, stop);
    if (behind == last) return rows.add(place);
    if (behind != nullptr)
      scanner.broken(scanner.skip_space(behind), "the line must end behind its one value");
    if (!rows.is_text(place.raw))
      return rows.reject(place, RejectCode::encoding_error,
                         "Row " + std::to_string(place.row_number) +
                             " holds bytes that are no text in the file's encoding.");
    rows.reject(place, RejectCode::syntax_error,
                "Row " + std::to_string(place.row_number) + " is no JSON: in column " +
                    std::to_string(column_of(line, scanner.problem_at())) + " " + scanner.problem() + ".");
  }

  // The 1-based place of `at` in its line, in characters.
  static std::size_t column_of(const char* line, const char* at) {
    return 1 + static_cast<std::size_t>(std::count_if(
                   line, at, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  }

  const ReadPlan plan_;
  JsonRowsPool pool_;
};

}  // namespace

std::unique_ptr<RowFormat> make_ndjson_format(const ReadPlan& plan) {
  return std::make_unique<NdjsonFormat>(plan);
}

}  // namespace sluice
