#include "formats/xlsx_sheet.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "formats/compression.h"
#include "formats/xlsx_rich_text.h"
#include "formats/xlsx_strings.h"
#include "formats/xlsx_styles.h"
#include "formats/xlsx_xml.h"

namespace sluice {
namespace {

// Records wait in memory for whoever reads them; walking the XML rests above this.
constexpr std::size_t kEnoughBytes = 128 * 1024;
// Shared texts are named by many cells. What a sheet comes to may be so many times as large as its archive,
// once it is over kFreeSheetBytes.
constexpr std::uint64_t kFreeSheetBytes = 1ull << 30;
constexpr std::uint64_t kMostSheetRatio = 1000;
// A copy that is made to be entered anywhere, and what it may be of a compressed input: an archive, which is
// compressed already, hardly shrinks.
constexpr std::uint64_t kMostCopyBytes = 64ull << 30, kMostCopyRatio = 50;
// Of a number, a truth value or an index: far more than one is.
constexpr std::size_t kMostValueBytes = 64 * 1024;

enum class CellType : std::uint8_t { number, shared, text, inline_text, boolean, error, iso_date };

CellType type_of(std::optional<std::string_view> type) {
  if (!type || *type == "n") return CellType::number;
  if (*type == "s") return CellType::shared;
  if (*type == "str") return CellType::text;
  if (*type == "inlineStr") return CellType::inline_text;
  if (*type == "b") return CellType::boolean;
  if (*type == "e") return CellType::error;
  if (*type == "d") return CellType::iso_date;
  return CellType::text;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Writes the rows of <sheetData> as records.
class SheetHandler : public XmlHandler {
 public:
  SheetHandler(XlsxStrings* strings, XlsxStyles styles, DateSystem dates, std::uint64_t row_bytes)
      : strings_(strings),
        styles_(std::move(styles)),
        dates_(dates),
        row_bytes_(row_bytes),
        rich_(row_bytes) {}

  void set_reader(XmlReader& reader) { reader_ = &reader; }

  void start(std::string_view name, const XmlAttributes& attributes) override {
    if (in_inline_) return rich_.start(name, attributes);
    if (name == "c" && in_row_)
      start_cell(attributes);
    else if (name == "v" && in_cell_)
      in_value_ = true;
    else if (name == "is" && in_cell_)
      in_inline_ = has_inline_ = true, rich_.begin();
    else if (name == "row" && in_data_)
      start_row(attributes);
    else if (name == "sheetData")
      in_data_ = true;
  }

  void end(std::string_view name) override {
    if (in_inline_ && name != "is") return rich_.end(name);
    if (name == "is") {
      in_inline_ = false;
    } else if (name == "v") {
      in_value_ = false;
    } else if (name == "c" && in_cell_) {
      end_cell();
    } else if (name == "row" && in_row_) {
      end_row();
    } else if (name == "sheetData" && in_data_) {
      in_data_ = false;
      reader_->finish();
    }
  }

  void text(std::string_view piece) override {
    if (in_inline_)
      rich_.text(piece);
    else if (in_value_ && value_.size() <= most_value_bytes())
      value_ += piece.substr(0, most_value_bytes() + 1 - value_.size());
  }

  std::string records;           // whole ones
  std::stop_token stop;          // of the step that goes on
  std::optional<Error> failure;  // of the disk, or of the shared texts

 private:
  struct FoundCell {
    std::uint32_t column = 0;
    std::size_t begin = 0, end = 0;  // in texts_
  };

  std::size_t most_value_bytes() const {
    const bool text = type_ == CellType::text || type_ == CellType::inline_text;
    return text ? std::max<std::size_t>(row_bytes_, 1) : kMostValueBytes;
  }

  void start_row(const XmlAttributes& attributes) {
    std::uint64_t number = row_ + 1;
    if (auto named = attributes.get("r")) {
      auto given = whole_number(*named);
      if (!given)
        return reader_->refuse("is damaged: a row of the sheet has the number '" +
                               std::string(named->substr(0, 40)) + "'");
      number = *given;
    }
    if (number <= row_)
      return reader_->refuse("is damaged: row " + std::to_string(number) +
                             " of the sheet stands behind row " + std::to_string(row_) +
                             ". Open it in a spreadsheet program and save it again");
    if (number > kMostSheetRows)
      return reader_->refuse("has a row with the number " + std::to_string(number) +
                             ", over the limit: a sheet has at most " + std::to_string(kMostSheetRows) +
                             " rows");
    // Rows that are not there are empty; a byte each, of which there are not many.
    records.append(static_cast<std::size_t>(number - row_ - 1), sheet_record::kRecordEnd);
    row_ = number;
    column_ = 0;
    texts_.clear();
    cells_.clear();
    in_row_ = sorted_ = true;
  }

  void start_cell(const XmlAttributes& attributes) {
    std::uint32_t column = column_ + 1;
    if (auto place = attributes.get("r")) {
      // Some writers get the row of a reference wrong; where the cell stands says it.
      column = cell_place(*place).column;
      if (column == 0)
        return reader_->refuse("is damaged: a cell in row " + std::to_string(row_) + " has the place '" +
                               std::string(place->substr(0, 40)) + "'");
    }
    if (column > kMostSheetColumns)
      return reader_->refuse("has a cell in column " + std::to_string(column) + " of row " +
                             std::to_string(row_) + ", over the limit: a sheet has at most " +
                             std::to_string(kMostSheetColumns) + " columns");
    sorted_ &= column > column_ || cells_.empty();
    column_ = column;
    type_ = type_of(attributes.get("t"));
    style_ = static_cast<std::size_t>(whole_number(attributes.get("s").value_or("0")).value_or(0));
    value_.clear();
    in_cell_ = true;
    has_inline_ = false;
  }

  void end_cell() {
    in_cell_ = in_value_ = false;
    const std::size_t begin = texts_.size();
    // A row that is too long already is only cut further; it is not read.
    if (begin > row_bytes_) return;
    append_value();
    if (texts_.size() > begin) cells_.push_back({column_, begin, texts_.size()});
  }

  void append_value() {
    if (has_inline_) return rich_.append_to(texts_);
    if (value_.empty()) return;
    switch (type_) {
      case CellType::number: return append_number(texts_, trimmed(value_), styles_.form(style_), dates_);
      case CellType::shared: return append_shared();
      case CellType::text:
      case CellType::inline_text:
        if (value_.size() > most_value_bytes()) {  // it was cut, and is to stay too long
          texts_ += value_;
          return;
        }
        return append_unescaped(texts_, value_);
      case CellType::boolean: texts_ += value_ == "1" ? "true" : value_ == "0" ? "false" : value_; return;
      case CellType::error:
        texts_ += sheet_record::kErrorValue;
        texts_ += value_;
        return;
      case CellType::iso_date: return append_iso_date(texts_, trimmed(value_), styles_.form(style_));
    }
  }

  void append_shared() {
    // What is no number is beyond them all.
    const std::uint64_t number = whole_number(trimmed(value_)).value_or(UINT64_MAX);
    Result<bool> appended = strings_ == nullptr ? false : strings_->append(number, texts_, stop);
    if (!appended) {
      failure = std::move(appended).error();
      return reader_->refuse("cannot be read");
    }
    if (*appended) return;
    texts_ += sheet_record::kUnreadable;
    texts_ += "its text is number " + value_.substr(0, 40) + " of the workbook's shared texts, which has " +
              std::to_string(strings_ == nullptr ? 0 : strings_->size());
  }

  static std::string_view trimmed(std::string_view text) {
    const std::size_t from = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    text.remove_prefix(from);
    return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  }

  void end_row() {
    in_row_ = false;
    if (!sorted_) std::ranges::sort(cells_, {}, &FoundCell::column);
    std::uint32_t column = 1;
    for (const FoundCell& cell : cells_) {
      if (cell.column < column && column > 1)
        return reader_->refuse("is damaged: the cell " + column_letters(cell.column) + std::to_string(row_) +
                               " stands twice in it");
      records.append(cell.column - column, sheet_record::kCellEnd);
      column = cell.column;
      records.append(texts_, cell.begin, cell.end - cell.begin);
      ++column;
      records += sheet_record::kCellEnd;
    }
    if (!cells_.empty()) records.pop_back();
    records += sheet_record::kRecordEnd;
    if (texts_.capacity() > 2 * kEnoughBytes) texts_ = std::string();
    if (records.size() > kEnoughBytes) reader_->pause();
  }

  XmlReader* reader_ = nullptr;
  XlsxStrings* const strings_;  // null: the workbook has none
  const XlsxStyles styles_;
  const DateSystem dates_;
  const std::uint64_t row_bytes_;

  bool in_data_ = false, in_row_ = false, in_cell_ = false, in_value_ = false, in_inline_ = false;
  std::uint64_t row_ = 0;     // the last that began
  std::uint32_t column_ = 0;  // of the last cell in it
  bool sorted_ = true;        // its cells stand from left to right
  CellType type_ = CellType::number;
  std::size_t style_ = 0;
  bool has_inline_ = false;
  std::string value_;  // of <v>
  XlsxRichText rich_;  // of <is>
  std::string texts_;  // of the row's cells
  std::vector<FoundCell> cells_;
};

class SheetSource : public ByteSource {
 public:
  SheetSource(std::shared_ptr<const ZipArchive> archive, std::unique_ptr<XlsxStrings> strings,
              XlsxStyles styles, DateSystem dates, std::uint64_t row_bytes)
      : archive_(std::move(archive)),
        strings_(std::move(strings)),
        handler_(strings_.get(), std::move(styles), dates, row_bytes) {}

  Result<> begin(const ZipMember& part, const std::stop_token& stop) {
    reader_.emplace(TRY(archive_->open(part, stop)), part.name, handler_);
    handler_.set_reader(*reader_);
    return {};
  }

  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    while (at_ == handler_.records.size()) {
      if (failure_) return std::unexpected(*failure_);
      if (!more_) return 0;
      handler_.records.clear();
      at_ = 0;
      handler_.stop = stop;
      auto more = reader_->step(stop);
      if (!more && more.error().kind == ErrorKind::cancelled) return std::unexpected(std::move(more).error());
      more_ = more.value_or(false);
      if (more && !more_) more = finish_strings(stop);
      // Rows before the damage come first.
      if (!more) failure_ = handler_.failure ? std::move(*handler_.failure) : std::move(more).error();
    }
    std::size_t count = handler_.records.copy(into.data(), into.size(), at_);
    at_ += count;
    given_ += count;
    if (given_ > kFreeSheetBytes && given_ / kMostSheetRatio > archive_->size())
      return fail(ErrorKind::input,
                  "has a sheet whose cells come to more than " + std::to_string(kMostSheetRatio) +
                      " times the size of the file, over the limit, as only a bomb's do; if it is honest, "
                      "save the sheet as CSV");
    return count;
  }

 private:
  // Those that no cell names have to be whole as well: the checksum stands behind them all.
  Result<bool> finish_strings(const std::stop_token& stop) {
    if (strings_ != nullptr) TRY(strings_->finish(stop));
    return false;
  }

  std::shared_ptr<const ZipArchive> archive_;
  std::unique_ptr<XlsxStrings> strings_;
  SheetHandler handler_;
  std::optional<XmlReader> reader_;
  std::size_t at_ = 0;       // of the handler's records, handed out
  std::uint64_t given_ = 0;  // handed out in all
  bool more_ = true;
  std::optional<Error> failure_;
};

}  // namespace

std::string column_letters(std::uint32_t number) {
  std::string letters;
  for (; number > 0; number = (number - 1) / 26)
    letters.insert(0, 1, static_cast<char>('A' + (number - 1) % 26));
  return letters;
}

CellPlace cell_place(std::string_view reference) {
  CellPlace place;
  std::size_t at = reference.starts_with('$') ? 1 : 0;
  const std::size_t letters = at;
  constexpr std::size_t kMostLetters = 4;
  for (; at < reference.size() && at - letters < kMostLetters; ++at) {
    const char c = static_cast<char>(reference[at] & ~0x20);
    if (c < 'A' || c > 'Z') break;
    place.column = place.column * 26 + static_cast<std::uint32_t>(c - 'A') + 1;
  }
  if (at < reference.size() && reference[at] == '$') ++at;
  if (at == reference.size()) return place;
  auto row = whole_number(reference.substr(at));
  if (!row || *row > kMostSheetRows * 2ull) return {};
  place.row = static_cast<std::uint32_t>(*row);
  return place;
}

Result<std::unique_ptr<ByteSource>> open_sheet(const std::shared_ptr<const ZipArchive>& archive,
                                               const Workbook& workbook, const WorkbookSheet& sheet,
                                               const SheetLimits& limits, SheetTexts texts,
                                               std::stop_token stop) {
  const ZipMember* part = sheet.part.empty() ? nullptr : archive->find(sheet.part);
  if (part == nullptr)
    return fail(ErrorKind::input,
                "is a damaged Excel workbook: the sheet '" + sheet.name +
                    "' is missing in it. Open it in a spreadsheet program and save it again");
  XlsxStyles styles;
  const ZipMember* in = archive->find(workbook.styles_part);
  if (in != nullptr && texts == SheetTexts::read) styles = TRY(XlsxStyles::read(*archive, *in, stop));
  std::unique_ptr<XlsxStrings> strings;
  const ZipMember* from = archive->find(workbook.strings_part);
  if (from != nullptr && texts == SheetTexts::read) {
    strings = std::make_unique<XlsxStrings>(limits.strings_bytes, limits.row_bytes);
    TRY(strings->open(*archive, *from, stop));
  }
  auto source = std::make_unique<SheetSource>(archive, std::move(strings), std::move(styles), workbook.dates,
                                              limits.row_bytes);
  TRY(source->begin(*part, stop));
  return source;
}

Result<ZipArchive> open_archive(Compression compression, std::uint64_t window_bytes, const Opener& opener,
                                std::stop_token stop) {
  auto source = TRY(opener(0));
  if (auto size = source->whole_size(); size && compression == Compression::none)
    return ZipArchive::open({opener, *size}, stop);
  const std::uint64_t packed = source->whole_size().value_or(kMostCopyBytes / kMostCopyRatio);
  const std::uint64_t most = compression == Compression::none
                                 ? kMostCopyBytes
                                 : std::clamp(packed * kMostCopyRatio, kFreeSheetBytes, kMostCopyBytes);
  auto plain = decompressed_source(std::move(source), compression, window_bytes);
  return ZipArchive::open(TRY(copy_to_seek(*plain, most, stop)), stop);
}

SheetLimits sheet_limits(const ReadPlan& plan) {
  // Texts and where they end, in memory and then as blocks of the file: an eighth of what a zstd window may
  // take.
  constexpr std::uint64_t kShare = 8;
  return {.row_bytes = plan.row_bytes, .strings_bytes = plan.window_bytes / kShare};
}

}  // namespace sluice
