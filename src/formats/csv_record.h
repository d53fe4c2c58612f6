// RecordReader: where does a record end, and is it a row? Splitter and parser ask the same object, so that
// they see the same records. One object per pass, one thread.
//
// Recovery: a record that grows over a line end inside quotes and then is not as wide as the header, or
// longer than row_bytes, or never closed, or broken (csv_rules.h), is not that record: its first line alone
// is one row that cannot be taken apart, and the next record begins at the next line. The lines that such a
// record reached over would be walked again from each of them; the reader remembers the way it came (marks_),
// so that the whole stays linear in the size of the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/csv_rules.h"

namespace sluice {

struct Record {
  enum class Kind : std::uint8_t {
    row,
    none,      // a blank or a comment line
    broken,    // the first line of a record that is not properly closed: a row that cannot be taken apart
    oversized  // longer than row_bytes on its first line; where it ends was not looked for
  } kind = Kind::none;
  std::size_t text_end = 0;  // without the line end
  std::size_t end = 0;       // with it: where the next record begins
  std::uint64_t lines = 0;   // line ends before `end`
  std::size_t cells = 0;     // of a row
  std::size_t opened = 0;    // broken: the quote that is not properly closed
  bool is_final = true;  // false: it ended, or was given up, because the bytes did; more could change that
};

class RecordReader {
 public:
  explicit RecordReader(const CsvRules& rules) : rules_(rules) {}

  // The record that begins at bytes[pos] (which exists), on physical line `line`. The bytes must go on for
  // row_bytes + 2 bytes after pos, or end where the input (or the chunk of whole records) ends.
  // `offset`: the place of bytes[0] in the input; only compared with that of other calls.
  Record read(std::string_view bytes, std::size_t pos, std::uint64_t line, std::uint64_t offset);

 private:
  // A place on the way of a walk, after a line end inside a field.
  struct Mark {
    std::uint64_t place;
    FieldWalk::At at;
    std::size_t cells;
    std::uint64_t lines;
  };
  // The way of the last record that was given up, and how it ended.
  struct Trail {
    std::vector<Mark> marks;
    FieldWalk walk;
    FieldStop stop = FieldStop::end;
    std::uint64_t offset = 0;
    std::size_t cells = 0;
    std::uint64_t lines = 0;
  };

  Record walk_record(std::string_view bytes, std::size_t pos, std::size_t limit, std::uint64_t offset);
  void drop_marks_before(const Mark* mark);
  const Mark* find_mark(std::uint64_t place, FieldWalk::At at) const;

  const CsvRules& rules_;
  Trail trail_;
};

}  // namespace sluice
