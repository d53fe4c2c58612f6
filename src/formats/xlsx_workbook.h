// What is in a workbook: its sheets, and the parts that reading one needs. One thread.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/xlsx_number_format.h"
#include "formats/zip_archive.h"

namespace sluice {

enum class SheetState : std::uint8_t { visible, hidden, very_hidden };

struct WorkbookSheet {
  std::string name;
  SheetState state = SheetState::visible;
  std::string part;       // "" where the workbook names none
  bool has_cells = true;  // false: a chart or a macro sheet
};

struct Workbook {
  std::vector<WorkbookSheet> sheets;  // in the order of the workbook, hidden ones too
  DateSystem dates = DateSystem::from_1900;
  std::string strings_part, styles_part;  // "" where there is none
};

// The workbook is found by what the parts say of each other, not by file names. Errors (input), as the rest
// of a sentence about the file: what kind of archive it is instead, or what is damaged.
Result<Workbook> read_workbook(const ZipArchive& archive, std::stop_token stop);

// Is it an archive that somebody packed files into, rather than the parts of one document?
bool holds_files(const ZipArchive& archive);
// By the list of its members: "is an OpenDocument spreadsheet …"; for an archive that holds no workbook.
std::string what_archive_is(const ZipArchive& archive);

}  // namespace sluice
