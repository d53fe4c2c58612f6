// Workbooks for tests, packed by libzip, which shares no code with the reader.
#pragma once

#include <gtest/gtest.h>
#include <zip.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "formats/test_sources.h"
#include "formats/xlsx_sheet.h"

namespace sluice::testing {

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct ZipPart {
  std::string name, content;
  bool compressed = true;
};

inline std::string zip_of(const std::vector<ZipPart>& parts) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* memory = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(memory);
  zip_t* archive = zip_open_from_source(memory, ZIP_CREATE | ZIP_TRUNCATE, &error);
  for (const ZipPart& part : parts) {
    zip_source_t* content = zip_source_buffer(archive, part.content.data(), part.content.size(), 0);
    const zip_int64_t index = zip_file_add(archive, part.name.c_str(), content, ZIP_FL_ENC_UTF_8);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index),
                             part.compressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 6);
  }
  zip_close(archive);
  zip_source_open(memory);
  zip_source_seek(memory, 0, SEEK_END);
  std::string bytes(static_cast<std::size_t>(zip_source_tell(memory)), '\0');
  zip_source_seek(memory, 0, SEEK_SET);
  zip_source_read(memory, bytes.data(), bytes.size());
  zip_source_close(memory);
  zip_source_free(memory);
  return bytes;
}

// A text in memory that can be opened anywhere, as a local file can.
class SeekableText : public TextSource {
 public:
  SeekableText(const std::string& text, std::uint64_t offset)
      : TextSource(text.substr(std::min<std::size_t>(offset, text.size())), 1 << 20), size_(text.size()) {}
  std::optional<std::uint64_t> whole_size() const override { return size_; }

 private:
  std::uint64_t size_;
};
inline Opener seekable_opener(std::string text) {
  return [text = std::move(text)](std::uint64_t offset) -> Result<std::unique_ptr<ByteSource>> {
    return std::make_unique<SeekableText>(text, offset);
  };
}

inline constexpr const char* kMainNamespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
inline constexpr const char* kOfficeNamespace =
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
inline constexpr const char* kPackageNamespace =
    "http://schemas.openxmlformats.org/package/2006/relationships";

// A workbook of given XML; what is not given is left out.
struct Book {
  struct Sheet {
    std::string name, data;  // what stands in <sheetData>
    std::string state = "visible";
  };
  std::vector<Sheet> sheets;
  std::string strings, styles, properties;  // within <sst>, <styleSheet>; attributes of <workbookPr>

  static Book of(std::string data) { return Book{{{"Sheet1", std::move(data)}}, "", "", ""}; }

  std::vector<ZipPart> parts() const {
    auto relationship = [](const std::string& id, const std::string& type, const std::string& target) {
      return "<Relationship Id=\"" + id + "\" Type=\"" + kOfficeNamespace + "/" + type + "\" Target=\"" +
             target + "\"/>";
    };
    auto relationships = [](const std::string& inside) {
      return std::string("<Relationships xmlns=\"") + kPackageNamespace + "\">" + inside + "</Relationships>";
    };
    std::string list, links;
    std::vector<ZipPart> made;
    for (std::size_t i = 0; i < sheets.size(); ++i) {
      const std::string number = std::to_string(i + 1);
      list += "<sheet name=\"" + sheets[i].name + "\" sheetId=\"" + number + "\" state=\"" + sheets[i].state +
              "\" r:id=\"s" + number + "\"/>";
      links += relationship("s" + number, "worksheet", "worksheets/sheet" + number + ".xml");
      made.push_back({"xl/worksheets/sheet" + number + ".xml",
                      element("worksheet", "<sheetData>" + sheets[i].data + "</sheetData>")});
    }
    if (!strings.empty()) {
      links += relationship("t", "sharedStrings", "sharedStrings.xml");
      made.push_back({"xl/sharedStrings.xml", element("sst", strings)});
    }
    if (!styles.empty()) {
      links += relationship("f", "styles", "styles.xml");
      made.push_back({"xl/styles.xml", element("styleSheet", styles)});
    }
    made.push_back({"xl/workbook.xml",
                    element("workbook", "<workbookPr " + properties + "/><sheets>" + list + "</sheets>")});
    made.push_back({"xl/_rels/workbook.xml.rels", relationships(links)});
    made.push_back({"_rels/.rels", relationships(relationship("w", "officeDocument", "xl/workbook.xml"))});
    return made;
  }
  std::string bytes() const { return zip_of(parts()); }

 private:
  static std::string element(const std::string& name, const std::string& inside) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><" + name + " xmlns=\"" + kMainNamespace +
           "\" xmlns:r=\"" + kOfficeNamespace + "\">" + inside + "</" + name + ">";
  }
};

using CellTexts = std::map<std::string, std::string>;  // "B17" → its text

struct SheetCells {
  CellTexts cells;
  std::optional<Error> error;  // of opening, or behind the last of the cells
};

inline SheetCells cells_in(const std::string& bytes, const std::string& sheet_name,
                           const SheetLimits& limits = {}) {
  SheetCells found;
  auto fail_with = [&](Error error) {
    found.error = std::move(error);
    return found;
  };
  auto archive = open_archive(Compression::none, kUsualWindowBytes, seekable_opener(bytes), {});
  if (!archive) return fail_with(archive.error());
  auto shared = std::make_shared<ZipArchive>(*std::move(archive));
  auto workbook = read_workbook(*shared, {});
  if (!workbook) return fail_with(workbook.error());
  auto sheet = std::ranges::find(workbook->sheets, sheet_name, &WorkbookSheet::name);
  if (sheet == workbook->sheets.end()) return fail_with({ErrorKind::input, "no sheet " + sheet_name});
  auto source = open_sheet(shared, *workbook, *sheet, limits, SheetTexts::read, {});
  if (!source) return fail_with(source.error());
  ReadResult read = read_all(**source);
  found.error = read.error;
  std::uint32_t row = 1, column = 1;
  std::string text;
  for (char c : read.text) {
    if (c != sheet_record::kCellEnd && c != sheet_record::kRecordEnd) {
      text += c;
      continue;
    }
    if (!text.empty()) found.cells[column_letters(column) + std::to_string(row)] = text;
    text.clear();
    ++column;
    if (c == sheet_record::kRecordEnd) ++row, column = 1;
  }
  return found;
}
inline CellTexts cells_in(const Book& book) {
  SheetCells found = cells_in(book.bytes(), book.sheets.at(0).name);
  EXPECT_FALSE(found.error) << found.error->message;
  return found.cells;
}

}  // namespace sluice::testing
