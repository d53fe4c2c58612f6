// What stands at the beginning of files of all kinds, and how JSON is told from delimited text.
#include "formats/detect_content.h"

#include <algorithm>
#include <cctype>
#include <span>

namespace sluice {
namespace {

using namespace std::string_view_literals;

struct Mark {
  std::size_t offset;
  std::string_view bytes;
  std::string_view is;
};

constexpr std::string_view kUnpack = "unpack it and give the files that are in it";
constexpr std::string_view kNoTable = "give a CSV, TSV, JSON, NDJSON or XLSX file";

constexpr Mark kArchives[] = {
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive"},
    {0, "Rar!\x1a\x07"sv, "a RAR archive"},
    {257, "ustar\0"sv, "a tar archive"},
    {257, "ustar  "sv, "a tar archive"},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     "compressed by xz"},
    {4, "1AY&SY"sv, "compressed by bzip2"},
    {0, "\x04\x22\x4d\x18"sv, "compressed by lz4"},
    {0, "\xff\x06\0\0sNaPpY"sv, "compressed by Snappy"},
};

constexpr Mark kOthers[] = {
    {0, "%PDF-"sv, "a PDF document"},
    {0, "\x89PNG\r\n\x1a\n"sv, "a PNG picture"},
    {0, "\xff\xd8\xff"sv, "a JPEG picture"},
    {0, "GIF87a"sv, "a GIF picture"},
    {0, "GIF89a"sv, "a GIF picture"},
    {0, "II*\0"sv, "a TIFF picture"},
    {0, "MM\0*"sv, "a TIFF picture"},
    {8, "WEBPVP8"sv, "a WebP picture"},
    {0, "OggS"sv, "an Ogg audio or video file"},
    {0, "ID3\x03"sv, "an MP3 audio file"},
    {0, "ID3\x04"sv, "an MP3 audio file"},
    {0,
     "\x7f"
     "ELF"sv,
     "a program"},
    {0, "MZ\x90\0"sv, "a Windows program"},
    {0, "PAR1"sv, "a Parquet file, a binary format"},
    {0, "ARROW1\0"sv, "an Arrow file, a binary format"},
    {0, "Obj\x01"sv, "an Avro file, a binary format"},
    {0, "ORC\x0a"sv, "an ORC file, a binary format"},
    {0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file, a binary format"},
    {0, "SQLite format 3\0"sv, "an SQLite database"},
    {0, "{\\rtf"sv, "a rich text document"},
    {0, "\xac\xed\0\x05"sv, "a serialised Java object, binary data"},
};

const Mark* find_mark(std::span<const Mark> marks, std::string_view head) {
  auto found = std::ranges::find_if(marks, [&](const Mark& mark) {
    return head.size() > mark.offset && head.substr(mark.offset).starts_with(mark.bytes);
  });
  return found == marks.end() ? nullptr : &*found;
}

bool has(std::string_view head, std::string_view part) { return head.find(part) != std::string_view::npos; }

std::string save_as_csv(std::string_view what) {
  return "is " + std::string(what) + "; open it, save the sheet as CSV (UTF-8), and give that file";
}

// Names in an OLE file are UTF-16.
bool has_wide(std::string_view head, std::string_view name) {
  std::string wide;
  for (char c : name) wide.append(1, c).push_back('\0');
  return has(head, wide);
}

std::string refused_ole(std::string_view head) {
  if (has_wide(head, "EncryptedPackage") || has_wide(head, "EncryptionInfo")) {
    return "is an encrypted Office file, which is protected with a password; open it, take the password off "
           "(in Excel: "
           "File, Info, Protect Workbook) or save the sheet as CSV (UTF-8), and give that file";
  }
  if (has_wide(head, "WordDocument")) return "is a Word document; " + std::string(kNoTable);
  if (has_wide(head, "Workbook") || has_wide(head, "Book")) return save_as_csv("an Excel workbook (XLS)");
  return save_as_csv("an old Office file, most likely an Excel workbook (XLS)");
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool starts_with_any_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() &&
         std::ranges::equal(text.substr(0, start.size()), start, {}, [](char c) {
           return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
         });
}

// The place after the JSON value that begins at `at` (an object or array), by its brackets and strings alone;
// npos where it does not end.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  for (bool in_string = false; at < text.size(); ++at) {
    char c = text[at];
    if (in_string) {
      if (c == '\\')
        ++at;
      else if (c == '"')
        in_string = false;
      continue;
    }
    if (c == '"')
      in_string = true;
    else if (c == '[' || c == '{')
      ++depth;
    else if ((c == ']' || c == '}') && --depth == 0)
      return at + 1;
  }
  return std::string_view::npos;
}

// May this be JSON? `[id],[name]` and `{x}` are headers of delimited files.
bool opens_json(std::string_view text, std::size_t at) {
  std::size_t next = at + 1;
  while (next < text.size() && is_space(text[next])) ++next;
  if (next == text.size()) return true;
  if (text[at] == '{') return text[next] == '"' || text[next] == '}';
  return "[{\"-0123456789tfn]"sv.find(text[next]) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> refused_content(std::string_view head) {
  if (head.starts_with("PK\x05\x06"sv)) return "is an empty zip archive: there is no file in it";
  if (head.starts_with("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv)) return refused_ole(head);
  // The binary Excel formats before OLE begin with a BOF record.
  if (head.starts_with("\x09\x08\x10\0\0\x06"sv) || head.starts_with("\x09\x04\x06\0"sv) ||
      head.starts_with("\x09\0\x04\0"sv)) {
    return save_as_csv("an Excel workbook (XLS)");
  }
  if (head.starts_with("\0\0\0"sv) && head.size() > 8 && head.substr(4).starts_with("ftyp")) {
    return "is a video or picture file (MP4 or HEIF), binary data; " + std::string(kNoTable);
  }
  if (const Mark* mark = find_mark(kArchives, head))
    return "is " + std::string(mark->is) + "; " + std::string(kUnpack);
  if (const Mark* mark = find_mark(kOthers, head)) {
    return "is " + std::string(mark->is) + ", not a text file with rows; " + std::string(kNoTable);
  }
  std::string_view text = head.substr(head.starts_with("\xef\xbb\xbf") ? 3 : 0);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  if (starts_with_any_case(text, "<!doctype html") || starts_with_any_case(text, "<html")) {
    return "is a web page (HTML), often an error page in place of a download; look at it, and " +
           std::string(kNoTable);
  }
  if (starts_with_any_case(text, "<?xml"))
    return "is an XML document, a format that is not read; " + std::string(kNoTable);
  return std::nullopt;
}

bool begins_as_document(std::string_view head) {
  constexpr std::size_t kNameAt = 30;  // behind the member's header
  constexpr std::string_view kParts[] = {
      "[Content_Types].xml", "_rels/", "docProps/", "xl/", "word/", "ppt/", "customXml/", "mimetype"};
  if (head.size() < kNameAt) return false;
  const std::string_view name = head.substr(kNameAt);
  return std::ranges::any_of(kParts, [&](std::string_view part) { return name.starts_with(part); });
}

std::optional<std::string> refused_zip_head(std::string_view head) {
  if (!begins_as_document(head)) return std::nullopt;
  if (has(head, "mimetypeapplication/vnd.oasis.opendocument.spreadsheet"))
    return save_as_csv("an OpenDocument spreadsheet (ODS)");
  if (has(head, "mimetypeapplication/vnd.oasis.opendocument"))
    return "is an OpenDocument text or drawing; " + std::string(kNoTable);
  if (has(head, "xl/workbook.bin") || has(head, "xl/worksheets/binaryIndex"))
    return save_as_csv("an Excel workbook in the binary format (XLSB)");
  if (has(head, "xl/")) return std::nullopt;
  if (has(head, "word/")) return "is a Word document; " + std::string(kNoTable);
  if (has(head, "ppt/")) return "is a PowerPoint presentation; " + std::string(kNoTable);
  return std::nullopt;
}

bool is_zip_archive(std::string_view head) { return head.starts_with("PK\x03\x04"sv); }

std::optional<std::uint64_t> ole_directory(std::string_view head) {
  constexpr std::size_t kHeaderBytes = 512;
  if (!head.starts_with("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv) || head.size() < kHeaderBytes)
    return std::nullopt;
  auto byte = [&](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(head[at])}; };
  // Its first sector, and how large sectors are (a power of two); the header takes the place of one.
  const std::uint64_t sector = byte(48) | byte(49) << 8 | byte(50) << 16 | byte(51) << 24, shift = byte(30);
  if (shift < 7 || shift > 16) return std::nullopt;
  return (sector + 1) << shift;
}

std::optional<std::string> refused_as_binary(std::string_view text) {
  std::size_t control = 0;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    // Tab, line ends, form feed, escape, and the end-of-file mark of DOS; the separators 0x1C to 0x1F delimit
    // fields in some files.
    bool text_control = (byte >= 0x09 && byte <= 0x0D) || (byte >= 0x1A && byte <= 0x1F);
    control += (byte < 0x20 && !text_control) || byte == 0x7F;
  }
  // Real tables have a stray NUL here and there; of random bytes a tenth are such characters.
  constexpr std::size_t kLeast = 16;
  if (control < kLeast || control * 20 < text.size()) return std::nullopt;
  return "is binary data, not text (" + std::to_string(control * 100 / text.size()) +
         " in 100 characters are control characters); " + std::string(kNoTable) +
         ", or set source.encoding if it is text in an unusual encoding";
}

bool name_ends_with(std::string_view name, std::string_view ending) {
  std::string low(name);
  std::ranges::transform(low, low.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::string_view packed : {".gz"sv, ".zst"sv, ".gzip"sv, ".zstd"sv}) {
    if (low.ends_with(packed)) low.resize(low.size() - packed.size());
  }
  return low.ends_with(ending);
}

FormatKind format_of(std::string_view text, bool text_is_whole, std::string_view name) {
  bool named_lines =
      name_ends_with(name, ".ndjson") || name_ends_with(name, ".jsonl") || name_ends_with(name, ".ldjson");
  FormatKind otherwise = named_lines                     ? FormatKind::ndjson
                         : name_ends_with(name, ".json") ? FormatKind::json
                                                         : FormatKind::csv;
  std::size_t at = 0;
  while (at < text.size() && is_space(text[at])) ++at;
  if (at == text.size() || (text[at] != '[' && text[at] != '{') || !opens_json(text, at)) return otherwise;
  std::size_t end = end_of_value(text, at);
  if (end == std::string_view::npos)
    return named_lines && !text_is_whole  ? FormatKind::ndjson
           : otherwise == FormatKind::csv ? FormatKind::json
                                          : otherwise;
  bool line_end = false;
  while (end < text.size() && is_space(text[end])) line_end |= text[end] == '\n' || text[end] == '\r', ++end;
  if (end == text.size()) return named_lines ? FormatKind::ndjson : FormatKind::json;
  if (text[end] == '[' || text[end] == '{')
    return line_end || named_lines ? FormatKind::ndjson : FormatKind::json;
  // Something else follows the first value: a delimited file whose header looks like one, or broken JSON.
  return otherwise;
}

}  // namespace sluice
