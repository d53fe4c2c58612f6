// ReadPlan: everything that reading one input needs to know, found out once and frozen into the job's plan:
// every split and every retry reads by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "rows/columns.h"
#include "rows/position.h"

namespace sluice {

enum class FormatKind : std::uint8_t { csv, json, ndjson, xlsx };  // TSV is csv with a tab
enum class Compression : std::uint8_t { none, gzip, zstd };
std::string_view name_of(FormatKind kind);
std::string_view name_of(Compression compression);

// A dialect with every question answered.
struct CsvDialect {
  char delimiter = ',';
  char quote = '"';          // '\0': none
  bool double_quote = true;  // "" inside quotes is one quote
  char escape = '\0';        // '\0': none
  char comment = '\0';       // a line that begins with it is no row
  bool skip_initial_space = false;
  bool trailing_delimiter = false;  // a row may have one cell more than there are columns, if that is blank
  std::optional<std::string> null_sequence;
  std::vector<std::uint32_t> comment_rows;  // rows of the file that are no rows, sorted (dialect commentRows)

  friend bool operator==(const CsvDialect&, const CsvDialect&) = default;
};

// The table in a workbook.
struct SheetPlan {
  std::uint32_t number = 0;  // of the sheet in the workbook, from 1; 0: the input is no workbook
  std::string name;
  std::uint32_t first_column = 0;  // empty columns of the sheet before the table's first
  // Sheets whose rows follow, in turn: a line of the input counts as if each sheet before had all its rows.
  std::vector<std::string> more = {};

  friend bool operator==(const SheetPlan&, const SheetPlan&) = default;
};

// The levels of zstd up to 19 stay within it.
inline constexpr std::uint64_t kUsualWindowBytes = 8 << 20;

struct ReadPlan {
  FormatKind format = FormatKind::csv;
  Compression compression = Compression::none;
  std::string encoding = "utf-8";  // canonical lower-case name; "utf-8" needs no decoding
  CsvDialect csv;
  SheetPlan sheet;      // xlsx; of `csv` it has comment, comment_rows and null_sequence
  std::string pointer;  // json: RFC 6901 pointer to the array of rows; "" is the document
  // CSV and XLSX: the unique column names. JSON arrays: likewise, from the header row. Empty where rows are
  // objects: each batch then has the columns it finds (or `item_keys`).
  Columns columns;
  bool rows_are_arrays = false;  // json, ndjson: a row is an array under `columns`
  std::vector<std::string> item_keys;
  // A rejects report read back (NDJSON): the row is under this member, its number under that; "" otherwise.
  std::string row_member, row_number_member;
  std::uint64_t row_bytes = 1 << 20;  // a longer record is a reject, row-too-large
  // The most that decompressing may keep to refer back to (zstd). Of the process that reads, not frozen.
  std::uint64_t window_bytes = kUsualWindowBytes;
  Position first_row;  // where the first record begins, after BOM, preamble and header
  // What was found out rather than declared, one sentence each, for people: "Encoding windows-1252 …".
  std::vector<std::string> findings;

  // May reading begin at any Position without reading what is before it? (uncompressed UTF-8 CSV or NDJSON)
  bool seekable() const {
    return compression == Compression::none && encoding == "utf-8" &&
           (format == FormatKind::csv || format == FormatKind::ndjson);
  }
};

std::string to_json(const ReadPlan& plan);
Result<ReadPlan> read_plan_from_json(const std::string& json);

}  // namespace sluice
