#include "formats/xlsx_format.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "formats/xlsx_sheet.h"

namespace sluice {
namespace {

using namespace sheet_record;

constexpr std::size_t kSheetOversizedKept = 4096;  // enough of a record that is too long to recognise it by

// The end of the record that begins at `at`; npos: it is not in sight.
std::size_t record_end(std::string_view bytes, std::size_t at) { return bytes.find(kRecordEnd, at); }

class SheetSplitter : public RecordSplitter {
 public:
  SheetSplitter(const ReadPlan& plan, Position at)
      : dialect_(plan.csv), row_bytes_(plan.row_bytes), line_(at.line) {}

  Result<Cut> cut(std::string_view bytes, std::size_t target, std::uint64_t max_rows, bool at_end) override {
    Cut cut = cut_whole(bytes, target, max_rows);
    if (cut.bytes > 0) return cut;
    const std::size_t end = record_end(bytes, 0);
    if (std::min(end, bytes.size()) > row_bytes_) return oversized(bytes);
    cut.kind = at_end ? Cut::Kind::end : Cut::Kind::more;
    return cut;
  }

  Result<Cut> cut_torn(std::string_view bytes, std::uint64_t max_rows) override {
    Cut cut = cut_whole(bytes, bytes.size(), max_rows);
    if (cut.bytes == 0) cut.kind = Cut::Kind::more;
    return cut;
  }

  std::size_t skip_oversized(std::string_view bytes, bool, std::uint64_t& lines) override {
    if (std::exchange(skipped_, false)) return 0;
    const std::size_t end = record_end(bytes, 0);
    if (end == std::string_view::npos) return bytes.size();
    ++lines;
    ++line_;
    // Where it ends with the last byte in sight, one more call asks whether it goes on.
    skipped_ = end + 1 == bytes.size();
    return end + 1;
  }

 private:
  Cut cut_whole(std::string_view bytes, std::size_t target, std::uint64_t max_rows) {
    Cut cut{.kind = Cut::Kind::rows};
    while (cut.rows < max_rows) {
      const std::size_t end = record_end(bytes, cut.bytes);
      if (end == std::string_view::npos || end - cut.bytes > row_bytes_) break;
      if (cut.bytes > 0 && end + 1 > target) break;
      cut.rows += is_sheet_row(dialect_, bytes.substr(cut.bytes, end - cut.bytes), line_) ? 1 : 0;
      ++cut.lines;
      ++line_;
      cut.bytes = end + 1;
    }
    return cut;
  }

  Cut oversized(std::string_view bytes) {
    std::size_t kept = std::min<std::size_t>({bytes.size(), kSheetOversizedKept, row_bytes_});
    while (kept > 1 && (static_cast<unsigned char>(bytes[kept]) & 0xC0) == 0x80) --kept;
    skipped_ = false;
    return {.kind = Cut::Kind::oversized, .bytes = kept, .rows = 1};
  }

  const CsvDialect dialect_;
  const std::uint64_t row_bytes_;
  std::uint64_t line_;    // of the next record
  bool skipped_ = false;  // the oversized record ended with the last byte shown
};

class SheetParser {
 public:
  SheetParser(const ReadPlan& plan, SharedColumns columns)
      : plan_(plan), width_(columns->size()), batch_(std::move(columns), width_) {}

  RowBatch parse(Chunk chunk) {
    row_ = chunk.begin.row;
    line_ = chunk.begin.line;
    const std::string_view bytes = chunk.bytes.view();
    batch_.own(std::move(chunk.bytes));  // the bytes stay where they are
    batch_.reserve(chunk.rows);
    if (chunk.oversized) {
      reject_oversized(bytes);
      return std::move(batch_);
    }
    const bool good = std::memchr(bytes.data(), '\0', bytes.size()) == nullptr &&
                      simdjson::validate_utf8(bytes.data(), bytes.size());
    for (std::size_t at = 0; at < bytes.size(); ++line_) {
      const std::size_t end = std::min(record_end(bytes, at), bytes.size());
      const std::string_view record = bytes.substr(at, end - at);
      if (is_sheet_row(plan_.csv, record, line_)) {
        const std::size_t row = add_row(record);
        take_cells(row, record);
        if (!good) reject_bad_text(row);
      }
      at = end + 1;
    }
    return std::move(batch_);
  }

 private:
  std::size_t add_row(std::string_view record) {
    const std::size_t row = batch_.add_row();
    RowInfo& info = batch_.info(row);
    info.row_number = row_++;
    info.line = line_;
    info.raw = record.data();
    info.raw_size = static_cast<std::uint32_t>(record.size());
    return row;
  }

  // A sheet has no short rows: cells that are not there are empty.
  void take_cells(std::size_t row, std::string_view record) {
    std::size_t number = 0;  // of the cell in its row of the sheet, from 0
    std::vector<Cell> extra;
    Cell* cells = batch_.cells(row);
    for (std::size_t i = 0; i < width_; ++i) cells[i] = Cell::string({record.data(), 0});
    for (std::size_t at = 0; at <= record.size(); ++number) {
      const std::size_t end = std::min(record.find(kCellEnd, at), record.size());
      const Cell cell = cell_of(row, number, record.substr(at, end - at));
      if (number < plan_.sheet.first_column) {
        if (cell.size > 0) reject_outside(row, number, cell);
      } else if (number - plan_.sheet.first_column < width_) {
        cells[number - plan_.sheet.first_column] = cell;
      } else {
        extra.push_back(cell);
      }
      at = end + 1;
    }
    batch_.info(row).cell_count = static_cast<std::uint32_t>(width_ + extra.size());
    if (!extra.empty()) batch_.set_extra_cells(row, std::move(extra));
  }

  Cell cell_of(std::size_t row, std::size_t number, std::string_view text) {
    const auto& null_sequence = plan_.csv.null_sequence;
    const char mark = text.empty() ? '\0' : text[0];
    if (mark == kErrorValue || mark == kUnreadable) text.remove_prefix(1);
    if (null_sequence && text == *null_sequence && mark != kUnreadable)
      return {text.data(), 0, CellKind::null, false};
    if (mark == kErrorValue)
      reject(row, number, RejectCode::type_error, text,
             "The formula gives the error " + shown_value(text, 40) +
                 ". Correct it, or empty the cell; an error that means no value is said by nullSequence in "
                 "the pipeline's "
                 "dialect");
    if (mark == kUnreadable) {
      reject(row, number, RejectCode::syntax_error, {}, "The cell cannot be read: " + shown_value(text, 200));
      text = {};
    }
    return Cell::string(text);
  }

  void reject(std::size_t row, std::size_t number, RejectCode code, std::string_view value,
              const std::string& what) {
    Issue issue{.code = code, .value = shown_value(value)};
    const std::size_t first = plan_.sheet.first_column;
    if (number >= first && number - first < width_) {
      issue.field = (*batch_.columns())[number - first];
      issue.field_number = static_cast<std::uint32_t>(number - first + 1);
    }
    issue.message = what + ".";
    batch_.reject(row, std::move(issue));
  }

  void reject_outside(std::size_t row, std::size_t number, const Cell& cell) {
    reject(row, number, RejectCode::extra_cell, cell.text(),
           "Something stands in column " + column_letters(static_cast<std::uint32_t>(number + 1)) +
               ", left of the table, which begins in column " + column_letters(plan_.sheet.first_column + 1));
  }

  void reject_bad_text(std::size_t row) {
    for (std::size_t i = 0; i < width_; ++i) {
      const std::string_view text = batch_.cells(row)[i].text();
      if (std::memchr(text.data(), '\0', text.size()) == nullptr &&
          simdjson::validate_utf8(text.data(), text.size()))
        continue;
      reject(row, i + plan_.sheet.first_column, RejectCode::encoding_error, text,
             "The cell holds the character U+0000 (NUL), which is no text. Remove it");
    }
  }

  void reject_oversized(std::string_view bytes) {
    // As people can read it.
    char* shown = batch_.arena().allocate(bytes.size());
    std::ranges::replace_copy(bytes, shown, kCellEnd, '\t');
    const std::size_t row = add_row({shown, bytes.size()});
    batch_.info(row).readable = false;
    batch_.reject(row, Issue{.code = RejectCode::row_too_large,
                             .message = "The row is longer than " + std::to_string(plan_.row_bytes) +
                                        " bytes. The limit is limits.row_bytes."});
  }

  const ReadPlan& plan_;
  const std::size_t width_;
  RowBatch batch_;
  std::uint64_t row_ = 1, line_ = 1;
};

class SheetFormat : public RowFormat {
 public:
  explicit SheetFormat(const ReadPlan& plan)
      : plan_(plan), columns_(std::make_shared<Columns>(plan.columns)) {}

  std::unique_ptr<RecordSplitter> splitter(Position at) const override {
    return std::make_unique<SheetSplitter>(plan_, at);
  }
  ParseResult parse(Chunk chunk) const override {
    ParseResult result;
    result.batches.push_back(SheetParser(plan_, columns_).parse(std::move(chunk)));
    return result;
  }

 private:
  const ReadPlan plan_;
  const SharedColumns columns_;
};

}  // namespace

std::string place_in_sheet(const SheetPlan& sheet, std::uint64_t row, std::uint32_t field) {
  const std::string place = field == 0 ? "row " : "cell " + column_letters(sheet.first_column + field);
  const std::size_t before = std::min<std::uint64_t>((std::max<std::uint64_t>(row, 1) - 1) / kMostSheetRows,
                                                     sheet.more.size());  // sheets
  return "Sheet '" + shown_value(before == 0 ? sheet.name : sheet.more[before - 1], 100) + "', " + place +
         std::to_string(row - before * kMostSheetRows);
}

bool is_sheet_row(const CsvDialect& dialect, std::string_view record, std::uint64_t row) {
  if (record.empty()) return false;
  if (dialect.comment != '\0' && record.front() == dialect.comment) return false;
  return !std::ranges::binary_search(dialect.comment_rows, row);
}

std::unique_ptr<RowFormat> make_xlsx_format(const ReadPlan& plan) {
  return std::make_unique<SheetFormat>(plan);
}

}  // namespace sluice
