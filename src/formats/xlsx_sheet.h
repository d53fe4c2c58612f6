// A sheet as records: what the reader cuts and the parser takes apart, as the lines of a CSV file are. Each
// row of the sheet from the first on is a record, empty ones as well, so that the number of a record is that
// of its row.
//
// A record is the texts of the row's cells from column A to the last that is not empty, with kCellEnd between
// them, and ends with kRecordEnd; XML can hold neither. A cell that has no value to give begins with a mark.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "formats/read_plan.h"
#include "formats/xlsx_workbook.h"
#include "formats/zip_archive.h"
#include "ports/byte_source.h"

namespace sluice {

namespace sheet_record {
inline constexpr char kUnreadable = '\x1c';  // first in a cell: it cannot be read, and why not
inline constexpr char kErrorValue = '\x1d';  // first in a cell: an error value such as #N/A
inline constexpr char kRecordEnd = '\x1e';
inline constexpr char kCellEnd = '\x1f';
}  // namespace sheet_record

// What a sheet can have.
inline constexpr std::uint32_t kMostSheetRows = 1'048'576, kMostSheetColumns = 16'384;

// "A" for 1, "AA" for 27.
std::string column_letters(std::uint32_t number);
// The column and row (both from 1) of "B17", "$B$17"; a row of 0 where it names none ("B"); 0, 0: it is no
// place.
struct CellPlace {
  std::uint32_t column = 0, row = 0;
};
CellPlace cell_place(std::string_view reference);

// Looking whether there is anything on a sheet does not need the shared texts.
enum class SheetTexts : std::uint8_t { read, left_out };

struct SheetLimits {
  std::uint64_t row_bytes = 1 << 20;  // a longer row is cut, so that its splitter sees that it is too long
  std::uint64_t strings_bytes = 1 << 20;  // of shared texts in memory, about
};

SheetLimits sheet_limits(const ReadPlan& plan);

// `sheet`: its part must be there. Reading fails (input) where it is damaged, after the rows before that
// place.
Result<std::unique_ptr<ByteSource>> open_sheet(const std::shared_ptr<const ZipArchive>& archive,
                                               const Workbook& workbook, const WorkbookSheet& sheet,
                                               const SheetLimits& limits, SheetTexts texts,
                                               std::stop_token stop);

// The records of the sheet that `plan` names, as open_decoded() gives the bytes of other formats.
Result<std::unique_ptr<ByteSource>> open_planned_sheet(const ReadPlan& plan, const Opener& opener,
                                                       std::stop_token stop);

// The archive of an input that may be compressed as a whole.
Result<ZipArchive> open_archive(Compression compression, std::uint64_t window_bytes, const Opener& opener,
                                std::stop_token stop);

}  // namespace sluice
