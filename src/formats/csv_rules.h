// CsvRules: the one definition of a field, as a walk over bytes that can stop and go on at any place.
// Called by the record reader (csv_record.h), which decides where records end, and by the parser, which takes
// the cells. Immutable once made; from any thread.
//
// A field opens with a quote or it is bare. A bare field ends at the delimiter or a line end (LF, CRLF, CR);
// quotes in it are text. A quoted field ends at a quote before a delimiter, a line end or the end of the
// input; a doubled quote is one quote (double_quote), an escape character makes the next byte text. Any other
// quote inside is text too ("stray"), but then the field must end on its line: a stray quote AND a line end
// in one quoted field mean that the quote was not properly closed, and the field is broken.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "formats/read_plan.h"

namespace sluice {

inline bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// The place after the line end at `at`.
inline std::size_t after_line_end(std::string_view bytes, std::size_t at) {
  return at + (bytes[at] == '\r' && at + 1 < bytes.size() && bytes[at + 1] == '\n' ? 2 : 1);
}

// How far the walk over a field has come.
struct FieldWalk {
  enum class At : std::uint8_t { start, quoted, bare };

  std::size_t pos = 0;
  At at = At::start;
  bool quoted = false;
  bool stray = false;              // a quote inside that is neither doubled, escaped nor closing
  bool crossed = false;            // a line end inside
  bool rewritten = false;          // holds doubled quotes or escapes: the text is not the bytes
  std::size_t begin = 0, end = 0;  // the content
  std::size_t opened = 0;          // the quote (or escape) because of which the field goes on over a line end
  std::size_t line_text_end = 0;   // where the line ended that was crossed last
};

enum class FieldStop : std::uint8_t {
  delimiter,  // field done, pos is at the next field
  line_end,   // field and record done, pos is at the line end
  end,        // field and record done, pos is at the end of the bytes
  crossed,    // pos is after a line end inside the field: go on
  paused,     // the limit is reached: go on
  unclosed,   // the bytes end inside quotes
  broken,     // a stray quote and a line end in one quoted field; pos is after the line or after the quote
};

class CsvRules {
 public:
  explicit CsvRules(const ReadPlan& plan);
  CsvRules(const CsvDialect& dialect, std::size_t width, std::size_t row_bytes);

  // Walks on from walk.pos up to `limit` (<= bytes.size()). Looks one byte past the limit, but not past
  // `bytes`.
  FieldStop walk(std::string_view bytes, std::size_t limit, FieldWalk& walk) const;

  // The content of a finished field, doubled quotes and escapes resolved, into `out` (walk.end - walk.begin
  // bytes are enough). Returns the number of bytes written.
  std::size_t rewrite(std::string_view bytes, const FieldWalk& walk, char* out) const;

  // Is the record that begins with `first` on physical line `line` a comment?
  bool is_comment(char first, std::uint64_t line) const {
    return (has_comment_ && first == dialect_.comment) || (line <= last_comment_row_ && is_comment_row(line));
  }

  const CsvDialect& dialect() const { return dialect_; }
  std::size_t width() const { return width_; }  // 0: not known, every width fits
  // May a row have so many cells, the one behind a trailing delimiter included?
  bool fits(std::size_t cells) const {
    return width_ == 0 || cells == width_ || (dialect_.trailing_delimiter && cells == width_ + 1);
  }
  std::size_t row_bytes() const { return row_bytes_; }  // a longer record (without its line end) is too large
  // May the block kernel (csv_kernel.h) read this dialect, and from which line on?
  bool blocks_apply() const { return blocks_apply_; }
  std::uint64_t last_comment_row() const { return last_comment_row_; }
  bool is_blank(char c) const { return (c == ' ' || c == '\t') && c != dialect_.delimiter; }

 private:
  bool is_comment_row(std::uint64_t line) const;
  FieldStop walk_bare(std::string_view bytes, std::size_t limit, FieldWalk& walk) const;
  FieldStop walk_quoted(std::string_view bytes, std::size_t limit, FieldWalk& walk) const;

  static constexpr std::uint8_t kStopsBare = 1, kStopsQuoted = 2;

  CsvDialect dialect_;
  std::size_t width_;
  std::size_t row_bytes_;
  bool has_quote_, has_escape_, has_comment_, blocks_apply_;
  std::uint64_t last_comment_row_ = 0;
  std::array<std::uint8_t, 256> stops_{};
};

}  // namespace sluice
