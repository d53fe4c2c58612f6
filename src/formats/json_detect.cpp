#include "formats/json_detect.h"

#include <simdjson.h>

#include <algorithm>

#include "base/buffer.h"
#include "formats/json_blocks.h"
#include "formats/json_locator.h"
#include "formats/json_scanner.h"

namespace sluice {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr std::size_t kRowsLookedAt = 100;  // for the kind of the rows and, without a header, their width

// A row of the sample.
struct SampleRow {
  const char* begin = nullptr;
  const char* end = nullptr;
  JsonValue value;
};

std::vector<SampleRow> elements_of_array(const Buffer& text) {
  std::vector<SampleRow> rows;
  JsonScanner scanner(JsonScanner::Space::document);
  const char* const end = text.data() + text.size();
  scanner.begin(end);
  const char* at = scanner.skip_space(text.data());
  while (at < end && rows.size() < kRowsLookedAt) {
    SampleRow row{at, nullptr, {}};
    row.end = scanner.value(at, row.value);
    if (row.end == nullptr) break;  // cut off by the end of the sample, or broken: the parser will say so
    rows.push_back(row);
    at = scanner.skip_space(row.end);
    if (*at != ',') break;
    at = scanner.skip_space(at + 1);
  }
  return rows;
}

std::vector<SampleRow> lines_of(const Buffer& text) {
  std::vector<SampleRow> rows;
  JsonScanner scanner(JsonScanner::Space::line);
  const char* line = text.data();
  const char* const end = line + text.size();
  while (line < end && rows.size() < kRowsLookedAt) {
    const char* stop = json_blocks::find_line_end(line, end);
    scanner.begin(stop);
    SampleRow row{scanner.skip_space(line), stop, {}};
    if (row.begin < stop) {
      const char* behind = scanner.value(row.begin, row.value);
      if (behind != nullptr && scanner.skip_space(behind) == stop)
        rows.push_back(row);
      else if (rows.empty())
        rows.push_back({row.begin, stop, {}});  // a bad first line: no header
    }
    line = stop + (stop + 1 < end && *stop == '\r' && stop[1] == '\n' ? 2 : 1);
  }
  return rows;
}

bool is_array(const SampleRow& row) { return row.value.kind == CellKind::json && *row.value.data == '['; }
bool is_object(const SampleRow& row) { return row.value.kind == CellKind::json && *row.value.data == '{'; }

std::vector<JsonValue> cells_of(const SampleRow& row) {
  JsonScanner scanner(JsonScanner::Space::document);
  scanner.begin(row.end);
  std::vector<JsonValue> cells;
  scanner.array(row.begin, cells);
  return cells;
}

bool rows_are_arrays(const std::vector<SampleRow>& rows, const Dialect& declared) {
  if (declared.item_type) return *declared.item_type == "array";
  return std::count_if(rows.begin(), rows.end(), is_array) >
         std::count_if(rows.begin(), rows.end(), is_object);
}

// Decides on columns and header. True: the first row is the header.
Result<bool> find_columns(const std::vector<SampleRow>& rows, const Dialect& declared, JsonDetection& found) {
  found.rows_are_arrays = rows_are_arrays(rows, declared);
  if (!found.rows_are_arrays) {
    found.item_keys = declared.item_keys;
    return false;
  }
  std::vector<JsonValue> first;
  if (!rows.empty() && is_array(rows.front())) first = cells_of(rows.front());
  const bool plausible = !first.empty() && std::all_of(first.begin(), first.end(), [](const JsonValue& v) {
    return v.kind == CellKind::string;
  });
  const bool can_be = !rows.empty() && is_array(rows.front());
  if (can_be && declared.header.value_or(plausible)) {
    std::vector<std::string> names;
    JsonScanner scanner(JsonScanner::Space::document);
    scanner.begin(rows.front().end);
    JsonValue ignored;
    scanner.value(rows.front().begin, ignored);
    const std::string_view raw(rows.front().begin,
                               static_cast<std::size_t>(rows.front().end - rows.front().begin));
    if (scanner.unstorable() != nullptr || !simdjson::validate_utf8(raw.data(), raw.size()))
      return fail(
          ErrorKind::input,
          "The header, the first array, holds characters that cannot stand in a column's name (" +
              std::string(scanner.unstorable() != nullptr ? scanner.unstorable() : "bytes that are no text") +
              ").");
    for (const JsonValue& cell : first)
      names.push_back(cell.kind == CellKind::null ? ""
                      : cell.escaped              ? unescape_json(cell.text())
                                                  : std::string(cell.text()));
    found.columns = unique_columns(names);
    if (!declared.header)
      found.findings.push_back("The first array is the header: it names " + std::to_string(names.size()) +
                               " columns.");
    return true;
  }
  std::size_t width = 0;
  for (const SampleRow& row : rows)
    if (is_array(row)) width = std::max(width, cells_of(row).size());
  found.columns = unique_columns(std::vector<std::string>(width));
  if (!declared.header && !rows.empty())
    found.findings.push_back(
        "The first array is no header, as not all of its values are texts: the columns are called column_1, "
        "column_2 ….");
  return false;
}

Result<JsonDetection> detect_lines(std::string_view sample, const Dialect& declared) {
  JsonDetection found;
  if (sample.starts_with(kBom)) found.first_row.offset = kBom.size();
  const Buffer text(sample.substr(found.first_row.offset));
  const std::vector<SampleRow> rows = lines_of(text);
  if (TRY(find_columns(rows, declared, found))) {
    const char* stop = rows.front().end;
    const char* const end = text.data() + text.size();
    if (stop < end) stop += stop + 1 < end && *stop == '\r' && stop[1] == '\n' ? 2 : 1;
    const std::string_view before(text.data(), static_cast<std::size_t>(stop - text.data()));
    found.first_row.offset += before.size();
    found.first_row.line += json_blocks::count_lines(before);
  }
  return found;
}

// `array`: what is known of the input from `begin`, just behind the array's [, on.
Result<JsonDetection> detect_array(std::string_view array, Position begin, std::string pointer,
                                   const Dialect& declared) {
  JsonDetection found;
  found.pointer = std::move(pointer);
  found.first_row = begin;
  const Buffer text(array);
  const std::vector<SampleRow> rows = elements_of_array(text);
  if (!TRY(find_columns(rows, declared, found))) {
    if (rows.empty() && array.size() > 1 &&
        array[std::min(array.find_first_not_of(" \t\r\n"), array.size() - 1)] == '[')
      return fail(ErrorKind::input, "The first row of the JSON array is broken or too long to be looked at.");
    return found;
  }
  const std::string_view before(text.data(), static_cast<std::size_t>(rows.front().end - text.data()));
  found.first_row.offset += before.size();
  found.first_row.line += json_blocks::count_lines(before);
  const std::size_t next = array.find_first_not_of(" \t\r\n", before.size());
  if (next != std::string_view::npos && array[next] != ',' && array[next] != ']')
    return fail(ErrorKind::input, "The JSON array is broken on line " + std::to_string(found.first_row.line) +
                                      ": a comma or ] is expected behind the header, its first element.");
  return found;
}

Result<std::string> declared_pointer(const Dialect& declared, const std::string& pointer) {
  if (!pointer.empty() || !declared.property) return pointer;
  return "/" + JsonLocator::escaped_token(*declared.property);
}

}  // namespace

Result<JsonDetection> detect_json(std::string_view sample, bool sample_is_whole, FormatKind kind,
                                  const Dialect& declared, const std::string& pointer) {
  if (kind == FormatKind::ndjson) return detect_lines(sample, declared);
  const std::string wanted = TRY(declared_pointer(declared, pointer));
  auto tokens = TRY(JsonLocator::tokens_of(wanted));
  const std::size_t begin = sample.starts_with(kBom) ? kBom.size() : 0;
  JsonLocator locator(tokens, Position{.offset = begin});
  if (TRY(locator.push(sample.substr(begin))))
    return detect_array(sample.substr(locator.position().offset), locator.position(), wanted, declared);
  if (sample_is_whole || tokens.empty()) return std::unexpected(locator.not_found(sample_is_whole));
  return JsonDetection{.pointer = wanted, .beyond_sample = true};
}

Result<JsonDetection> detect_json(ByteSource& decoded, std::size_t sample_bytes, const Dialect& declared,
                                  const std::string& pointer, std::stop_token stop) {
  const std::string wanted = TRY(declared_pointer(declared, pointer));
  auto tokens = TRY(JsonLocator::tokens_of(wanted));
  Buffer block(std::size_t{64} * 1024);
  block.resize(block.capacity());
  std::string array;
  std::optional<JsonLocator> locator;
  bool located = false;
  while (array.size() < sample_bytes || !located) {
    const std::size_t size = TRY(decoded.read({block.data(), block.size()}, stop));
    if (size == 0) break;
    array.append(block.data(), size);
    if (located) continue;
    if (!locator) {
      if (array.size() < kBom.size()) continue;
      const bool bom = array.starts_with(kBom);
      locator.emplace(tokens, Position{.offset = bom ? kBom.size() : 0});
      if (bom) array.erase(0, kBom.size());
    }
    const std::uint64_t before = locator->position().offset;
    located = TRY(locator->push(array));
    if (located)
      array.erase(0, locator->position().offset - before);
    else
      array.clear();
  }
  if (!locator) return detect_json(array, true, FormatKind::json, declared, pointer);
  if (!located) return std::unexpected(locator->not_found(true));
  return detect_array(array, locator->position(), wanted, declared);
}

}  // namespace sluice
