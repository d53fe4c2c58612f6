#include "formats/xlsx_detect.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "formats/csv_header.h"
#include "formats/csv_trial.h"
#include "formats/xlsx_format.h"
#include "formats/xlsx_sheet.h"

namespace sluice {
namespace {

using namespace sheet_record;
using SheetRecords = std::vector<TrialRecord>;

constexpr std::size_t kSheetSampleBytes = 1 << 20;
constexpr std::size_t kSheetReadBytes = 64 * 1024;
constexpr std::size_t kMostListed = 20;
// Sheets without a value are read to their ends to find that out: so many bytes of XML in all.
constexpr std::uint64_t kMostBlankBytes = 256 << 20;
// Cells of the rows that the header is looked for in.
constexpr std::size_t kMostSampleCells = 100'000;
constexpr std::size_t kMostTitles = 50;  // rows
constexpr std::size_t kFewestSampleRows = 2 * kMostTitles;
constexpr std::size_t kMostFollowing = 1000;  // sheets: the numbers of their rows have to fit into 32 bits

std::string in_quotes(const std::string& name) { return "'" + shown_value(name, 100) + "'"; }

std::string listed(const Workbook& workbook, const std::vector<std::size_t>& sheets) {
  std::string text;
  for (std::size_t i = 0; i < sheets.size() && i < kMostListed; ++i) {
    const WorkbookSheet& sheet = workbook.sheets[sheets[i]];
    if (i > 0) text += ", ";
    text += std::to_string(sheets[i] + 1) + " " + in_quotes(sheet.name);
    if (sheet.state != SheetState::visible) text += " (hidden)";
  }
  if (sheets.size() > kMostListed) text += " and " + std::to_string(sheets.size() - kMostListed) + " more";
  return text;
}

constexpr std::string_view kSayWhich =
    "say which one is to be read: --sheet with its name or number, or sheet: in the pipeline's source";

std::vector<std::size_t> all_sheets(const Workbook& workbook) {
  std::vector<std::size_t> all(workbook.sheets.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

// Is there anything in it? A sheet that cannot be read is one that somebody has to hear of.
Result<bool> has_data(const std::shared_ptr<const ZipArchive>& archive, const Workbook& workbook,
                      const WorkbookSheet& sheet, const SheetLimits& limits, const std::stop_token& stop) {
  if (!sheet.has_cells) return false;
  auto records = open_sheet(archive, workbook, sheet, limits, SheetTexts::left_out, stop);
  if (!records)
    return records.error().kind == ErrorKind::input ? Result<bool>(true) : std::unexpected(records.error());
  std::string block(kSheetReadBytes, '\0');
  while (true) {
    auto count = (*records)->read(block, stop);
    if (!count)
      return count.error().kind == ErrorKind::input ? Result<bool>(true) : std::unexpected(count.error());
    if (*count == 0) return false;
    if (std::string_view(block).substr(0, *count).find_first_not_of(kRecordEnd) != std::string_view::npos)
      return true;
  }
}

// Which sheets are read, by their place in the workbook: one, or those that follow each other.
Result<std::vector<std::size_t>> choose_sheets(const SourceSpec& source,
                                               const std::shared_ptr<const ZipArchive>& archive,
                                               const Workbook& workbook, const SheetLimits& limits,
                                               std::vector<std::string>& findings,
                                               const std::stop_token& stop) {
  const std::size_t count = workbook.sheets.size();
  const SheetChoice& choice = source.sheet.declared() ? source.sheet : source.dialect.sheet;
  if (choice.name) {
    auto found = std::ranges::find(workbook.sheets, *choice.name, &WorkbookSheet::name);
    if (found == workbook.sheets.end())
      return fail(ErrorKind::input, "has no sheet " + in_quotes(*choice.name) + "; its sheets are " +
                                        listed(workbook, all_sheets(workbook)));
    return std::vector{static_cast<std::size_t>(found - workbook.sheets.begin())};
  }
  if (choice.number) {
    // `sheet: 2024` is written so for a sheet of that name.
    auto named = std::ranges::find(workbook.sheets, std::to_string(*choice.number), &WorkbookSheet::name);
    if (*choice.number > count && named != workbook.sheets.end())
      return std::vector{static_cast<std::size_t>(named - workbook.sheets.begin())};
    if (*choice.number > count)
      return fail(ErrorKind::input, "has no sheet " + std::to_string(*choice.number) + "; its sheets are " +
                                        listed(workbook, all_sheets(workbook)));
    return std::vector<std::size_t>{*choice.number - 1};
  }
  std::vector<std::size_t> visible, hidden;
  std::map<std::string, bool> looked_at;  // by part, which several sheets may name
  std::uint64_t blank_bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& part = workbook.sheets[i].part;
    auto known = looked_at.find(part);
    if (known == looked_at.end()) {
      const bool data = TRY(has_data(archive, workbook, workbook.sheets[i], limits, stop));
      known = looked_at.emplace(part, data).first;
      const ZipMember* member = part.empty() ? nullptr : archive->find(part);
      if (!data && member != nullptr) blank_bytes += member->plain_bytes;
      if (blank_bytes > kMostBlankBytes)
        return fail(ErrorKind::input, "has sheets with " + std::to_string(kMostBlankBytes >> 20) +
                                          " MiB and more in which no cell has a value; " +
                                          std::string(kSayWhich));
    }
    const bool filled = known->second;
    if (filled) (workbook.sheets[i].state == SheetState::visible ? visible : hidden).push_back(i);
  }
  if (visible.size() > 1 && source.sheets_follow) return visible;
  if (visible.size() > 1)
    return fail(ErrorKind::input, "has " + std::to_string(visible.size()) + " sheets with data: " +
                                      listed(workbook, visible) + "; " + std::string(kSayWhich));
  if (visible.empty() && !hidden.empty())
    return fail(ErrorKind::input, "has data only on hidden sheets: " + listed(workbook, hidden) + "; " +
                                      std::string(kSayWhich));
  if (visible.empty())
    return fail(ErrorKind::input, "is empty: no sheet of the workbook has a cell with a value");
  if (count > 1)
    findings.push_back("Sheet " + in_quotes(workbook.sheets[visible[0]].name) + " is read: of " +
                       std::to_string(count) + " sheets it is the only " +
                       (hidden.empty() ? "" : "visible ") + "one with data.");
  return visible;
}

// The first rows, as far as a header is looked for.
struct Sample {
  std::string text;      // whole records
  SheetRecords records;  // those that are rows
};

void take_records(std::string_view text, const CsvDialect& dialect, std::size_t most, Sample& sample) {
  std::uint64_t line = 1;
  for (std::size_t at = 0; sample.records.size() < most; ++line) {
    const std::size_t end = text.find(kRecordEnd, at);
    if (end == std::string_view::npos) return;
    const std::string_view bytes = text.substr(at, end - at);
    if (is_sheet_row(dialect, bytes, line)) {
      TrialRecord record{.begin = at, .end = end + 1, .line = line};
      for (std::size_t from = 0; from <= bytes.size();) {
        const std::size_t to = std::min(bytes.find(kCellEnd, from), bytes.size());
        std::string cell(bytes.substr(from, to - from));
        if (!cell.empty() && (cell[0] == kErrorValue || cell[0] == kUnreadable)) cell.erase(0, 1);
        record.cells.push_back(std::move(cell));
        from = to + 1;
      }
      sample.records.push_back(std::move(record));
    }
    at = end + 1;
  }
}

Result<Sample> read_sample(ByteSource& records, const CsvDialect& dialect, std::size_t most,
                           const std::stop_token& stop) {
  Sample sample;
  while (sample.text.size() < kSheetSampleBytes) {
    const std::size_t held = sample.text.size();
    sample.text.resize(held + kSheetReadBytes);
    auto count = records.read(std::span(sample.text).subspan(held), stop);
    sample.text.resize(held + count.value_or(0));
    // The rows before the damage are read, and reading them says what is damaged.
    if (!count && (count.error().kind != ErrorKind::input || held == 0))
      return std::unexpected(std::move(count).error());
    if (!count || *count == 0) break;
  }
  take_records(sample.text, dialect, most, sample);
  return sample;
}

std::size_t filled_cells(const TrialRecord& record) {
  return static_cast<std::size_t>(
      std::ranges::count_if(record.cells, [](const std::string& cell) { return !cell.empty(); }));
}

// Which columns the table has: those of its first full row, which the header is if there is one, and those
// that have a value in more than a quarter of the full rows. What stands further out in a few rows is no
// column.
struct TableColumns {
  std::size_t first = 0, end = 0;
};
template <class IsFull>
TableColumns table_columns(const SheetRecords& records, IsFull is_full) {
  std::vector<std::size_t> values;  // by column
  std::size_t full = 0;
  TableColumns table{kMostSheetColumns, 0};
  for (const TrialRecord& record : records) {
    if (!is_full(record)) continue;
    if (values.size() < record.cells.size()) values.resize(record.cells.size());
    for (std::size_t i = 0; i < record.cells.size(); ++i) {
      if (record.cells[i].empty()) continue;
      ++values[i];
      if (full == 0) table = {std::min(table.first, i), i + 1};
    }
    ++full;
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] * 4 > full) table = {std::min(table.first, i), std::max(table.end, i + 1)};
  return table;
}

// Rows of a sheet end with their last cell that is not empty, and a table may begin in any column: what
// stands here becomes the lines that a CSV file of the same table would have.
struct Squared {
  std::uint32_t first_column = 0;  // columns left of the table
  std::size_t titles = 0;          // rows above it that have less than half of its values
};
Squared square_up(SheetRecords& records) {
  // As many values as a quarter of the rows have, so that one odd row does not set the measure.
  std::vector<std::size_t> counts;
  for (const TrialRecord& record : records) counts.push_back(filled_cells(record));
  const auto usual = counts.begin() + static_cast<std::ptrdiff_t>((counts.size() - 1) * 3 / 4);
  std::ranges::nth_element(counts, usual);
  auto is_full = [most = *usual](const TrialRecord& record) {
    const std::size_t count = filled_cells(record);
    return count * 2 >= most && (count > 1 || most == 1);
  };
  const TableColumns table = table_columns(records, is_full);
  const std::size_t width = std::max<std::size_t>(table.end - std::min(table.first, table.end), 1);
  if (records.size() > kFewestSampleRows && records.size() * width > kMostSampleCells)
    records.resize(std::max(kFewestSampleRows, kMostSampleCells / width));
  Squared squared{static_cast<std::uint32_t>(table.first), 0};
  const auto first_full = std::ranges::find_if(records, is_full);
  const auto above = static_cast<std::size_t>(first_full - records.begin());
  const std::size_t full = static_cast<std::size_t>(std::count_if(first_full, records.end(), is_full));
  if (above <= kMostTitles && full * 2 >= records.size() - above) squared.titles = above;
  bool in_table = false;
  for (TrialRecord& record : records) {
    in_table |= is_full(record);
    auto& cells = record.cells;
    cells.erase(cells.begin(),
                cells.begin() + static_cast<std::ptrdiff_t>(std::min(table.first, cells.size())));
    // A title that stands further left is one all the same.
    if (cells.empty()) cells.emplace_back(in_table ? "" : "title");
    if (in_table) cells.resize(table.end - table.first);
  }
  return squared;
}

std::string sheet_title_finding(const SheetRecords& records, std::size_t titles) {
  const std::string first = std::to_string(records.front().line),
                    last = std::to_string(records[titles - 1].line);
  return titles == 1 ? "Row " + first + " stands above the header and is taken as a title."
                     : "Rows " + first + " to " + last + " stand above the header and are taken as titles.";
}

std::string_view record_of(const Sample& sample) {
  const TrialRecord& first = sample.records.front();
  return std::string_view(sample.text).substr(first.begin, first.end - first.begin);
}

// The sheets behind the first, `sheets`: each begins with the same header, which is no row of theirs.
Result<> add_following(std::span<const std::size_t> sheets, std::string_view header,
                       const std::shared_ptr<const ZipArchive>& archive, const Workbook& workbook,
                       const SheetLimits& limits, ReadPlan& plan, const std::stop_token& stop) {
  if (sheets.size() > kMostFollowing)
    return fail(ErrorKind::input,
                "has " + std::to_string(sheets.size() + 1) + " sheets with data, more than a report has");
  const CsvDialect as_declared = plan.csv;
  for (const std::size_t number : sheets) {
    const WorkbookSheet& sheet = workbook.sheets[number];
    auto records = TRY(open_sheet(archive, workbook, sheet, limits, SheetTexts::read, stop));
    const Sample sample = TRY(read_sample(*records, as_declared, 1, stop));
    if (sample.records.empty() || record_of(sample) != header)
      return fail(ErrorKind::input,
                  "has sheets with data that do not belong together: " + in_quotes(sheet.name) +
                      " does not begin with the header of " + in_quotes(plan.sheet.name) +
                      ". Give each sheet of the report the same columns in the same order, and take other "
                      "sheets out of the workbook");
    plan.sheet.more.push_back(sheet.name);
    plan.csv.comment_rows.push_back(
        static_cast<std::uint32_t>(plan.sheet.more.size() * kMostSheetRows + sample.records.front().line));
    plan.findings.push_back("The rows of the sheet " + in_quotes(sheet.name) + " follow.");
  }
  return {};
}

}  // namespace

Result<> detect_xlsx(const SourceSpec& source, const std::shared_ptr<const ZipArchive>& archive,
                     ReadPlan& plan, std::stop_token stop) {
  const Dialect& declared = source.dialect;
  plan.format = FormatKind::xlsx;
  plan.csv = {};
  plan.csv.comment = declared.comment_char.value_or('\0');
  plan.csv.comment_rows = declared.comment_rows;
  plan.csv.null_sequence = declared.null_sequence;
  std::ranges::sort(plan.csv.comment_rows);
  for (const auto& rows : {declared.header_rows, declared.comment_rows})
    if (std::ranges::find(rows, 0u) != rows.end())
      return fail(ErrorKind::usage, "dialect: headerRows and commentRows count from 1.");
  plan.findings.emplace_back("Format xlsx.");

  const Workbook workbook = TRY(read_workbook(*archive, stop));
  const SheetLimits limits = sheet_limits(plan);
  const auto sheets = TRY(choose_sheets(source, archive, workbook, limits, plan.findings, stop));
  const std::size_t chosen = sheets.front();
  const WorkbookSheet& sheet = workbook.sheets[chosen];
  if (!sheet.has_cells)
    return fail(ErrorKind::input, "has a chart and no cells on the sheet " + in_quotes(sheet.name));
  plan.sheet.number = static_cast<std::uint32_t>(chosen + 1);
  plan.sheet.name = sheet.name;

  std::size_t most = kHeaderRecords;
  for (std::uint32_t row : declared.header_rows) most = std::max<std::size_t>(most, row);
  auto records = TRY(open_sheet(archive, workbook, sheet, limits, SheetTexts::read, stop));
  Sample sample = TRY(read_sample(*records, plan.csv, most, stop));
  if (sample.records.empty())
    return fail(ErrorKind::input, "is empty: the sheet " + in_quotes(sheet.name) +
                                      " has no cell with a value" +
                                      (sample.text.size() < kSheetSampleBytes ? "" : " in its first rows"));
  const Squared squared = square_up(sample.records);
  plan.sheet.first_column = squared.first_column;
  if (squared.titles > 0 && !declared.header && declared.header_rows.empty()) {
    plan.findings.push_back(sheet_title_finding(sample.records, squared.titles));
    sample.records.erase(sample.records.begin(),
                         sample.records.begin() + static_cast<std::ptrdiff_t>(squared.titles));
  }
  TRY(add_following(std::span(sheets).subspan(1), record_of(sample), archive, workbook, limits, plan, stop));
  const HeaderSearch search{.sample = sample.text,
                            .begin = 0,
                            .declared = declared,
                            .schema_fields = source.schema_fields,
                            .line = "Row",
                            .line_end = kRecordEnd};
  FoundHeader header = TRY(find_header(search, sample.records));
  plan.columns = std::move(header.columns);
  plan.first_row = header.first_row;
  std::ranges::move(header.findings, std::back_inserter(plan.findings));
  if (plan.sheet.first_column > 0)
    plan.findings.push_back("The table begins in column " + column_letters(plan.sheet.first_column + 1) +
                            ".");
  return {};
}

}  // namespace sluice
