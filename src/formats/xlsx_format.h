// Sheets of workbooks: records as formats/xlsx_sheet.h makes them. Called through make_format().
#pragma once

#include <memory>

#include "formats/format.h"

namespace sluice {

std::unique_ptr<RowFormat> make_xlsx_format(const ReadPlan& plan);

// Where a cell stands, for people: "Sheet 'People', cell B17"; `field` is its place in the table, from 1; 0:
// the row as a whole is meant, "Sheet 'People', row 17".
std::string place_in_sheet(const SheetPlan& sheet, std::uint64_t row, std::uint32_t field);

// Is a record a row? Empty ones are none, nor those that the dialect calls comments.
bool is_sheet_row(const CsvDialect& dialect, std::string_view record, std::uint64_t row);

}  // namespace sluice
