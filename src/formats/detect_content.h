// What a file is by its content, before anything is parsed. Used by detect(). Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/read_plan.h"

namespace sluice {

// Is this something that holds no rows for us: an old workbook, an archive, a picture …? Then a sentence that
// goes on after the file's name: "is a PDF document; …". `head`: the first bytes, decompressed but not
// decoded.
std::optional<std::string> refused_content(std::string_view head);

// Does it begin as a zip archive? What is in it, its directory at the end tells, not these bytes.
bool is_zip_archive(std::string_view head);

// By the first part in it, is a zip archive a document, most likely a workbook, or one of files?
bool begins_as_document(std::string_view head);

// What the first bytes of a zip archive tell already, while the rest of it is still on its way: as
// refused_content(); none where it may be a workbook, or an archive of files.
std::optional<std::string> refused_zip_head(std::string_view head);

// An old Office file (OLE) says what it is in a directory that may stand anywhere: where that begins in
// bytes; none for other files.
std::optional<std::uint64_t> ole_directory(std::string_view head);

// The same for what no mark gives away: `text` (decoded) is full of control characters.
std::optional<std::string> refused_as_binary(std::string_view text);

// JSON, NDJSON or a delimited file, by the first value in the text; `name` breaks ties by its ending.
FormatKind format_of(std::string_view text, bool text_is_whole, std::string_view name);

// Does the name end so, letter case and a .gz or .zst after it left aside?
bool name_ends_with(std::string_view name, std::string_view ending);

}  // namespace sluice
