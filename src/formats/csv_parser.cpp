#include "formats/csv_parser.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "formats/csv_splitter.h"

namespace sluice {
namespace {

// The kernel is asked for so many bytes at a time: their places fit the first-level cache with the bytes. A
// record longer than that is read the exact way, where the kernel would have gained nothing.
constexpr std::size_t kWindowBytes = 16 * 1024;

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_good_text(std::string_view text) {
  return std::memchr(text.data(), '\0', text.size()) == nullptr &&
         simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace

CsvParser::CsvParser(const CsvRules& rules, const CsvKernel* kernel, SharedColumns columns, std::size_t slots)
    : rules_(rules),
      kernel_(rules.blocks_apply() ? kernel : nullptr),
      symbols_(symbols_of(rules.dialect())),
      plain_cells_(!rules.dialect().skip_initial_space && !rules.dialect().null_sequence),
      reader_(rules),
      batch_(std::move(columns), slots) {}

RowBatch CsvParser::parse(Chunk chunk) {
  offset_ = chunk.begin.offset;
  row_ = chunk.begin.row;
  line_ = chunk.begin.line;
  text_ = chunk.bytes.view();
  batch_.own(std::move(chunk.bytes));  // the bytes stay where they are
  batch_.reserve(chunk.rows);
  if (chunk.oversized) {
    parse_oversized();
  } else {
    if (kernel_ != nullptr) places_.resize(kWindowBytes + 64);
    std::size_t pos = 0;
    while (pos < text_.size()) {
      if (kernel_ != nullptr && line_ > rules_.last_comment_row()) pos = parse_blocks(pos);
      if (pos < text_.size()) pos = parse_exactly(pos);
    }
  }
  if (!text_.empty() && !is_good_text(text_)) reject_bad_text();
  return std::move(batch_);
}

// As many records as the kernel finds; returns the place after them.
std::size_t CsvParser::parse_blocks(std::size_t pos) {
  for (;;) {
    std::size_t window = std::min(kWindowBytes, text_.size() - pos);
    std::size_t count =
        kernel_->index(text_.data() + pos, text_.size() - pos, window, symbols_, places_.data());
    if (count == 0) return pos;
    const std::uint32_t* end = places_.data() + count;
    std::size_t begin = pos;
    for (const std::uint32_t* place = places_.data(); place != end; ++line_) {
      std::size_t first = pos + *place;
      if (first == begin && is_line_end(text_[first]))
        ++place;  // a blank line
      else
        place = parse_line_row(place, pos, begin);
      begin = after_line_end(text_, pos + place[-1]);
    }
    pos = begin;
  }
}

// One record, all on one line, whose cells end at `place` and the places after it. Returns the place after
// its last.
const std::uint32_t* CsvParser::parse_line_row(const std::uint32_t* place, std::size_t base,
                                               std::size_t begin) {
  // Copies, because the compiler must assume that writing a cell changes members.
  const char delimiter = symbols_.delimiter, quote = symbols_.quote;
  const bool plain = plain_cells_;
  const std::size_t width = rules_.width();
  const char* bytes = text_.data() + base;
  const char* from = text_.data() + begin;
  const char* to = from;
  std::size_t row = add_row(begin, begin);
  Cell* cells = batch_.cells(row);
  std::size_t count = 0;
  bool more = true;
  for (; more && count < width; ++count) {
    to = bytes + *place++;
    if (plain && *from != quote) [[likely]]
      cells[count] = {from, static_cast<std::uint32_t>(to - from), CellKind::string, false};
    else
      cells[count] = verified_cell(from, to);
    from = to + 1;
    more = *to == delimiter;
  }
  if (more) {
    extra_.clear();
    for (; more; ++count) {
      to = bytes + *place++;
      extra_.push_back(verified_cell(from, to));
      from = to + 1;
      more = *to == delimiter;
    }
    count -= set_extra_cells(row);
  }
  RowInfo& info = batch_.info(row);
  info.raw_size = static_cast<std::uint32_t>(to - info.raw);
  info.cell_count = static_cast<std::uint32_t>(count);
  return place;
}

// A cell of which the kernel has verified that its quotes, if any, stand first, last and doubled.
Cell CsvParser::verified_cell(const char* begin, const char* end) {
  FieldWalk walk;
  if (rules_.dialect().skip_initial_space)
    while (begin != end && rules_.is_blank(*begin)) ++begin;
  walk.quoted = symbols_.has_quote && begin != end && *begin == symbols_.quote;
  if (walk.quoted) {
    ++begin;
    --end;
    walk.rewritten = std::memchr(begin, symbols_.quote, static_cast<std::size_t>(end - begin)) != nullptr;
  }
  walk.begin = static_cast<std::size_t>(begin - text_.data());
  walk.end = static_cast<std::size_t>(end - text_.data());
  return cell_of(walk);
}

Cell CsvParser::cell_of(const FieldWalk& walk) {
  std::string_view text = text_.substr(walk.begin, walk.end - walk.begin);
  const auto& null_sequence = rules_.dialect().null_sequence;
  if (!walk.quoted && null_sequence && text == *null_sequence)
    return {text.data(), static_cast<std::uint32_t>(text.size()), CellKind::null, false};
  if (walk.rewritten) {
    char* to = batch_.arena().allocate(text.size());
    std::size_t size = rules_.rewrite(text_, walk, to);
    batch_.arena().shrink_last(size);
    text = {to, size};
  }
  return {text.data(), static_cast<std::uint32_t>(text.size()), CellKind::string, walk.quoted};
}

// One record, whatever it is; returns the place after it.
std::size_t CsvParser::parse_exactly(std::size_t pos) {
  Record record = reader_.read(text_, pos, line_, offset_);
  switch (record.kind) {
    case Record::Kind::none: break;
    case Record::Kind::row: take_cells(add_row(pos, record.text_end), pos, record); break;
    case Record::Kind::broken: reject_broken(add_row(pos, record.text_end), pos, record); break;
    case Record::Kind::oversized:  // a splitter with the same rules has put such a record into a chunk of its
                                   // own
      parse_oversized();
      return text_.size();
  }
  line_ += record.lines;
  return record.end;
}

void CsvParser::take_cells(std::size_t row, std::size_t begin, const Record& record) {
  std::string_view bytes = text_.substr(0, record.text_end);
  FieldWalk walk{.pos = begin};
  std::size_t count = 0;
  extra_.clear();
  for (;;) {
    FieldStop stop = rules_.walk(bytes, bytes.size(), walk);
    if (stop == FieldStop::crossed) continue;
    Cell cell = cell_of(walk);
    if (count < rules_.width())
      batch_.cells(row)[count] = cell;
    else
      extra_.push_back(cell);
    ++count;
    if (stop != FieldStop::delimiter) break;
  }
  count -= set_extra_cells(row);
  batch_.info(row).cell_count = static_cast<std::uint32_t>(count);
}

// Keeps the cells beyond the columns; how many of them are none, because the rows end with a delimiter.
std::size_t CsvParser::set_extra_cells(std::size_t row) {
  if (extra_.empty()) return 0;
  bool is_blank = extra_.front().text().find_first_not_of(" \t") == std::string_view::npos;
  if (rules_.dialect().trailing_delimiter && extra_.size() == 1 && is_blank) return 1;
  batch_.set_extra_cells(row, extra_);
  return 0;
}

std::size_t CsvParser::add_row(std::size_t begin, std::size_t text_end) {
  std::size_t row = batch_.add_row();
  RowInfo& info = batch_.info(row);
  info.row_number = row_++;
  info.line = line_;
  info.raw = text_.data() + begin;
  info.raw_size = static_cast<std::uint32_t>(text_end - begin);
  return row;
}

void CsvParser::reject_broken(std::size_t row, std::size_t begin, const Record& record) {
  batch_.info(row).readable = false;
  bool quote = rules_.dialect().quote != '\0' && text_[record.opened] == rules_.dialect().quote;
  std::string place = "On line " + std::to_string(line_) + ", column " +
                      std::to_string(characters(text_.substr(begin, record.opened - begin)) + 1);
  Issue issue{.code = RejectCode::syntax_error,
              .value = shown_value(text_.substr(record.opened, record.text_end - record.opened))};
  issue.message = quote ? place + ", a quote (" + std::string(1, rules_.dialect().quote) +
                              ") is opened and not properly closed. Close it at the end of the cell; quotes "
                              "within a cell " +
                              (rules_.dialect().double_quote ? "must be doubled." : "must be escaped.")
                        : place +
                              ", an escape character stands before the line end, and the row does not go on "
                              "as the header " +
                              "asks. Remove it.";
  batch_.reject(row, std::move(issue));
}

void CsvParser::parse_oversized() {
  std::size_t row = add_row(0, text_.size());
  batch_.info(row).readable = false;
  batch_.reject(row, Issue{.code = RejectCode::row_too_large,
                           .message = "The row that begins on line " + std::to_string(line_) +
                                      " is longer than " + std::to_string(rules_.row_bytes()) +
                                      " bytes. Is a line end missing? The limit is limits.row_bytes."});
}

// Something in the chunk is no text: every row that has it is rejected, with the cells it stands in.
void CsvParser::reject_bad_text() {
  for (std::size_t row = 0; row < batch_.size(); ++row) {
    const RowInfo& info = batch_.info(row);
    if (is_good_text({info.raw, info.raw_size}) || info.rejected()) continue;
    auto check = [&](const Cell& cell, std::size_t number, std::string_view name) {
      std::string_view text = cell.text();
      if (cell.kind == CellKind::missing || is_good_text(text)) return;
      bool nul = std::memchr(text.data(), '\0', text.size()) != nullptr;
      Issue issue{.code = RejectCode::encoding_error,
                  .field = std::string(name),
                  .field_number = static_cast<std::uint32_t>(number + 1),
                  .value = shown_value(text)};
      issue.message =
          nul ? "The cell holds the character U+0000 (NUL), which is no text. Remove it."
              : "The cell holds bytes that are no character in the file's encoding. Save the file again "
                "as UTF-8, or declare its encoding.";
      batch_.reject(row, std::move(issue));
    };
    std::size_t columns = std::min<std::size_t>(info.cell_count, rules_.width());
    for (std::size_t i = 0; i < columns; ++i) check(batch_.cells(row)[i], i, (*batch_.columns())[i]);
    for (std::size_t i = 0; i < batch_.extra_cells(row).size(); ++i)
      check(batch_.extra_cells(row)[i], columns + i, "");
    if (!info.rejected())  // between the cells, or in a cell that the escapes have changed
      batch_.reject(row, Issue{.code = RejectCode::encoding_error,
                               .message = "The row holds bytes that are no text in the file's encoding."});
  }
}

}  // namespace sluice
