#include "formats/csv_record.h"

#include <algorithm>

namespace sluice {
namespace {

// Marks are at least so far apart: they cost 1/8 of the bytes at most, and a second walk finds the first
// one's way again after that many bytes and the rest of a line.
constexpr std::uint64_t kMarkDistance = 256;

Record line_record(Record::Kind kind, std::string_view bytes, std::size_t text_end) {
  Record record{.kind = kind, .text_end = text_end, .end = text_end};
  if (text_end < bytes.size()) {
    record.end = after_line_end(bytes, text_end);
    record.lines = 1;
  }
  return record;
}

}  // namespace

Record RecordReader::read(std::string_view bytes, std::size_t pos, std::uint64_t line, std::uint64_t offset) {
  if (is_line_end(bytes[pos])) return line_record(Record::Kind::none, bytes, pos);
  std::size_t room = bytes.size() - pos;
  std::size_t limit = room <= rules_.row_bytes() ? bytes.size() : pos + rules_.row_bytes() + 1;
  if (!rules_.is_comment(bytes[pos], line)) return walk_record(bytes, pos, limit, offset);
  std::size_t end = pos;
  while (end < limit && !is_line_end(bytes[end])) ++end;
  if (end >= limit && limit - pos > rules_.row_bytes()) return Record{.kind = Record::Kind::oversized};
  return line_record(Record::Kind::none, bytes, end);
}

const RecordReader::Mark* RecordReader::find_mark(std::uint64_t place, FieldWalk::At at) const {
  const auto& marks = trail_.marks;
  if (marks.empty() || place > marks.back().place || place < marks.front().place) return nullptr;
  auto found = std::lower_bound(marks.begin(), marks.end(), place,
                                [](const Mark& mark, std::uint64_t wanted) { return mark.place < wanted; });
  return found != marks.end() && found->place == place && found->at == at ? &*found : nullptr;
}

Record RecordReader::walk_record(std::string_view bytes, std::size_t pos, std::size_t limit,
                                 std::uint64_t offset) {
  FieldWalk walk{.pos = pos};
  std::size_t cells = 0;
  std::uint64_t lines = 0;
  Record first;             // the first line alone, known once a line end is crossed
  std::vector<Mark> marks;  // of this walk, until it meets the trail
  bool on_trail = false;
  std::size_t cells_ahead = 0;  // this walk's counts less the trail's, which are of another beginning
  std::uint64_t lines_ahead = 0;
  FieldStop stop = rules_.walk(bytes, limit, walk);
  for (;; stop = rules_.walk(bytes, limit, walk)) {
    if (stop == FieldStop::delimiter) {
      ++cells;
      continue;
    }
    bool line_crossed = stop == FieldStop::crossed || (stop == FieldStop::broken && lines == 0);
    if (!line_crossed) break;
    if (++lines == 1) {
      first = line_record(Record::Kind::broken, bytes, walk.line_text_end);
      first.opened = walk.opened;
    }
    if (stop == FieldStop::broken) break;
    std::uint64_t place = offset + walk.pos;
    auto& way = on_trail ? trail_.marks : marks;
    if (const Mark* mark = on_trail ? nullptr : find_mark(place, walk.at)) {
      // From here on this walk is the one before: go where that one ended.
      on_trail = true;
      cells_ahead = cells - mark->cells;
      lines_ahead = lines - mark->lines;
      drop_marks_before(mark);
      walk = trail_.walk;
      walk.pos += static_cast<std::size_t>(trail_.offset - offset);
      cells = trail_.cells + cells_ahead;
      lines = trail_.lines + lines_ahead;
      stop = trail_.stop;
      if (stop != FieldStop::paused) break;
    } else if (way.empty() || place - way.back().place >= kMarkDistance) {
      way.push_back({place, walk.at, cells - cells_ahead, lines - lines_ahead});
    }
  }

  bool closed = stop == FieldStop::line_end || stop == FieldStop::end;
  std::size_t first_line = (lines == 0 ? walk.pos : first.text_end) - pos;
  if ((lines == 0 && stop == FieldStop::paused) || first_line > rules_.row_bytes())
    return Record{.kind = Record::Kind::oversized};
  bool right_width = rules_.fits(cells + 1);  // the last cell is not counted yet
  if (closed && (lines == 0 || (right_width && walk.pos - pos <= rules_.row_bytes()))) {
    trail_.marks.clear();
    Record record = line_record(Record::Kind::row, bytes, walk.pos);
    record.lines += lines;
    record.cells = cells + 1;
    record.is_final = stop == FieldStop::line_end;
    return record;
  }
  if (lines == 0) {  // never closed, on the last line
    Record record = line_record(Record::Kind::broken, bytes, bytes.size());
    record.opened = walk.opened;
    record.is_final = false;
    return record;
  }
  first.is_final = stop != FieldStop::end && stop != FieldStop::unclosed;
  if (!on_trail) trail_.marks = std::move(marks);
  trail_.walk = walk;
  trail_.stop = stop;
  trail_.offset = offset;
  trail_.cells = cells - cells_ahead;
  trail_.lines = lines - lines_ahead;
  return first;
}

// Keeps the trail as long as a record may be, however far it is followed.
void RecordReader::drop_marks_before(const Mark* mark) {
  auto passed = mark - trail_.marks.data();
  if (passed > 1024 && static_cast<std::size_t>(passed) > trail_.marks.size() / 2)
    trail_.marks.erase(trail_.marks.begin(), trail_.marks.begin() + passed);
}

}  // namespace sluice
