#include "formats/csv_header.h"

#include <simdjson.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "formats/csv_rules.h"
#include "formats/csv_trial.h"

namespace sluice {
namespace {

using Records = std::vector<TrialRecord>;

constexpr std::size_t kMostTitleLines = 50;

std::string clean_name(std::string_view cell) {
  std::string name(cell);
  if (!simdjson::validate_utf8(name.data(), name.size()))
    std::replace_if(
        name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '_');
  std::replace(name.begin(), name.end(), '\0', '_');
  std::size_t from = name.find_first_not_of(" \t\r\n\f\v");
  if (from == std::string::npos) return "";
  return name.substr(from, name.find_last_not_of(" \t\r\n\f\v") - from + 1);
}

std::size_t filled(const TrialRecord& record) {
  return static_cast<std::size_t>(
      std::count_if(record.cells.begin(), record.cells.end(),
                    [](const std::string& cell) { return look_of(cell) != CellLook::empty; }));
}

std::size_t usual_width(const Records& records, std::size_t from) {
  std::map<std::size_t, std::size_t> widths;
  for (std::size_t i = from; i < records.size(); ++i) ++widths[records[i].cells.size()];
  std::size_t width = 0, count = 0;
  for (auto [each, times] : widths)
    if (times >= count) width = each, count = times;
  return width;
}

// How many records stand above the table: with a title only, or much narrower than it. A header that is short
// of a cell or two is none: its rows then are too long, which is said of each.
std::size_t count_title_lines(const Records& records) {
  std::size_t width = usual_width(records, 0);
  if (width < 2) return 0;
  std::size_t titles = 0;
  auto is_title = [&](const TrialRecord& record) {
    std::size_t cells = record.cells.size();
    return record.broken || (cells != width && (cells * 2 <= width || filled(record) <= 1)) ||
           (width > 2 && filled(record) <= 1);
  };
  while (titles < records.size() && is_title(records[titles])) ++titles;
  std::size_t rest = records.size() - titles;
  if (titles > kMostTitleLines || rest < 1 || (rest < titles && rest < 3)) return 0;
  std::size_t fit = 0;
  for (std::size_t i = titles; i < records.size(); ++i) fit += records[i].cells.size() == width;
  return fit * 5 >= rest * 4 ? titles : 0;
}

bool is_year(const std::string& cell) {
  return cell.size() == 4 && (cell.starts_with("18") || cell.starts_with("19") || cell.starts_with("20")) &&
         std::all_of(cell.begin(), cell.end(), [](unsigned char c) { return std::isdigit(c); });
}

// Years side by side, rising or falling, are the names of columns.
bool has_row_of_years(const TrialRecord& record) {
  std::vector<std::string> years;
  for (const std::string& cell : record.cells) {
    std::string name = clean_name(cell);
    if (is_year(name))
      years.push_back(name);
    else if (look_of(name) == CellLook::number)
      return false;
  }
  return years.size() >= 2 && (std::is_sorted(years.begin(), years.end(), std::less_equal<>()) ||
                               std::is_sorted(years.begin(), years.end(), std::greater_equal<>()));
}

std::string folded(const std::string& name) {
  std::string result = clean_name(name);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// Is the first of these records a header? It is, unless its cells look like those below.
bool looks_like_header(const Records& records, std::size_t first,
                       const std::vector<std::string>& schema_fields) {
  const TrialRecord& header = records[first];
  for (const std::string& field : schema_fields)
    for (const std::string& cell : header.cells)
      if (folded(field) == folded(cell)) return true;
  if (has_row_of_years(header)) return true;
  int for_header = 0, against = 0;
  for (std::size_t column = 0; column < header.cells.size(); ++column) {
    CellLook top = look_of(header.cells[column]);
    bool top_is_value = top == CellLook::number || top == CellLook::date || top == CellLook::other;
    std::size_t values = 0, cells = 0;
    for (std::size_t i = first + 1; i < records.size(); ++i) {
      if (records[i].cells.size() <= column) continue;
      CellLook look = look_of(records[i].cells[column]);
      if (look == CellLook::empty) continue;
      ++cells;
      values += look != CellLook::text;
    }
    bool column_of_values = cells > 0 && values * 5 >= cells * 4;
    if (top == CellLook::text && column_of_values) ++for_header;
    if (top_is_value && (column_of_values || cells == 0)) ++against;
  }
  return for_header > 0 || against == 0;
}

std::string title_finding(const HeaderSearch& search, const Records& records, std::size_t titles) {
  const std::string line(search.line);
  std::uint64_t from = records[0].line, to = records[titles - 1].line;
  if (from == to)
    return line + " " + std::to_string(from) + " stands above the header and is taken as a title.";
  return line + "s " + std::to_string(from) + " to " + std::to_string(to) +
         " stand above the header and are taken as titles.";
}

Position position_at(const HeaderSearch& search, std::size_t offset) {
  Position position{.offset = offset};
  if (search.line_end != '\n') {
    const std::string_view before = search.sample.substr(0, offset);
    position.line += static_cast<std::uint64_t>(std::ranges::count(before, search.line_end));
    return position;
  }
  for (std::size_t pos = 0; pos < offset;) {
    if (is_line_end(search.sample[pos])) {
      ++position.line;
      pos = after_line_end(search.sample, pos);
    } else {
      ++pos;
    }
  }
  return position;
}

// Does every row have just one cell more than there are columns, and nothing in it?
bool rows_end_with_delimiter(const Records& records, std::size_t first_row, std::size_t width) {
  std::size_t rows = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].begin < first_row || records[i].broken) continue;
    const auto& cells = records[i].cells;
    if (cells.size() != width + 1 || look_of(cells.back()) != CellLook::empty) return false;
    ++rows;
  }
  return rows > 0;
}

// The header may end with the delimiter too, or not; a schema may know what the last column is.
void find_trailing_delimiter(const HeaderSearch& search, const Records& records,
                             std::vector<std::string>& names, FoundHeader& found) {
  bool header_ends_so =
      names.size() > 1 && names.back().empty() && search.schema_fields.size() < names.size();
  std::size_t width = names.size() - (header_ends_so ? 1 : 0);
  if (width == 0 || !rows_end_with_delimiter(records, found.first_row.offset, width)) return;
  names.resize(width);
  found.trailing_delimiter = true;
  found.findings.push_back("Every row ends with a delimiter: the empty cell behind it is ignored.");
}

Result<FoundHeader> take_header_rows(const HeaderSearch& search, const Records& records) {
  auto rows = search.declared.header_rows;
  std::sort(rows.begin(), rows.end());
  std::string join = search.declared.header_join.value_or(" ");
  std::vector<std::string> names, last_part;
  std::size_t end = 0;
  for (std::uint32_t row : rows) {
    auto record = std::find_if(records.begin(), records.end(),
                               [&](const TrialRecord& each) { return each.line == row; });
    if (record == records.end())
      return fail(ErrorKind::input, "dialect: headerRows names row " + std::to_string(row) +
                                        ", but no row begins on that line.");
    if (names.size() < record->cells.size()) names.resize(record->cells.size());
    last_part.resize(names.size());
    for (std::size_t i = 0; i < record->cells.size(); ++i) {
      std::string part = clean_name(record->cells[i]);
      if (part.empty() || part == last_part[i]) continue;
      names[i] += (names[i].empty() ? "" : join) + part;
      last_part[i] = part;
    }
    end = record->end;
  }
  FoundHeader found;
  found.first_row = position_at(search, end);
  find_trailing_delimiter(search, records, names, found);
  found.columns = unique_columns(names);
  return found;
}

}  // namespace

Result<FoundHeader> find_header(const HeaderSearch& search, const CsvDialect& dialect) {
  std::uint32_t last_row = 0;
  for (std::uint32_t row : search.declared.header_rows) last_row = std::max(last_row, row);
  Records records =
      trial_records(search.sample, search.begin, dialect, std::max<std::size_t>(kHeaderRecords, last_row));
  if (records.empty())
    return fail(ErrorKind::input,
                "the file has no rows: there is nothing in it but blank and comment lines.");
  return find_header(search, records);
}

Result<FoundHeader> find_header(const HeaderSearch& search, const std::vector<TrialRecord>& records) {
  bool no_header = search.declared.header == false;
  if (!search.declared.header_rows.empty() && !no_header) return take_header_rows(search, records);

  FoundHeader found;
  std::size_t first = 0;
  bool has_header = true;
  if (no_header) {
    has_header = false;
  } else if (!search.declared.header) {
    first = count_title_lines(records);
    has_header = looks_like_header(records, first, search.schema_fields);
    if (first > 0) found.findings.push_back(title_finding(search, records, first));
    found.findings.push_back(has_header ? std::string(search.line) + " " +
                                              std::to_string(records[first].line) + " is the header."
                                        : "The file has no header: its first row looks like the others.");
  }
  std::vector<std::string> names;
  if (has_header) {
    for (const std::string& cell : records[first].cells) names.push_back(clean_name(cell));
    found.first_row = position_at(search, records[first].end);
  } else {
    names = search.schema_fields;
    found.first_row = position_at(search, records[first].begin);
  }
  if (!names.empty()) find_trailing_delimiter(search, records, names, found);
  if (!has_header && !found.trailing_delimiter)
    names.resize(std::max(names.size(), usual_width(records, first)));
  found.columns = unique_columns(names);
  return found;
}

}  // namespace sluice
