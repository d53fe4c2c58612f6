// Fuzz target: any bytes as a workbook, or as one XML part of an otherwise good one (behind a zip archive,
// whose checksums a fuzzer does not guess). Reading must end, and give the same rows however they are cut.
#include <isa-l/crc.h>

#include <cstdio>
#include <cstdlib>

#include "formats/chunk_reader.h"
#include "formats/detect.h"
#include "formats/test_sources.h"
#include "formats/xlsx_sheet.h"

namespace {

using namespace sluice;

constexpr std::string_view kMain = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
constexpr std::string_view kOffice = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
constexpr std::string_view kPackage = "http://schemas.openxmlformats.org/package/2006/relationships";

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

// A zip archive of stored members.
std::string zip_of(const std::vector<std::pair<std::string, std::string>>& parts) {
  std::string zip, list;
  for (const auto& [name, content] : parts) {
    const std::uint32_t sum =
        crc32_gzip_refl(0, reinterpret_cast<const unsigned char*>(content.data()), content.size());
    const std::size_t offset = zip.size();
    auto common = [&](std::string& out) {
      put(out, 20, 2), put(out, 0, 8), put(out, sum, 4);
      put(out, content.size(), 4), put(out, content.size(), 4), put(out, name.size(), 2), put(out, 0, 2);
    };
    put(zip, 0x04034b50, 4), common(zip);
    zip += name + content;
    put(list, 0x02014b50, 4), put(list, 20, 2), common(list);
    put(list, 0, 2), put(list, 0, 8), put(list, offset, 4);
    list += name;
  }
  const std::size_t begin = zip.size();
  zip += list;
  put(zip, 0x06054b50, 4), put(zip, 0, 4), put(zip, parts.size(), 2), put(zip, parts.size(), 2);
  put(zip, list.size(), 4), put(zip, begin, 4), put(zip, 0, 2);
  return zip;
}

std::string element(const std::string& name, const std::string& inside) {
  return "<" + name + " xmlns='" + std::string(kMain) + "' xmlns:r='" + std::string(kOffice) + "'>" + inside +
         "</" + name + ">";
}
std::string relationships(const std::string& inside) {
  return "<Relationships xmlns='" + std::string(kPackage) + "'>" + inside + "</Relationships>";
}
std::string relationship(const std::string& id, const std::string& type, const std::string& target) {
  return "<Relationship Id='" + id + "' Type='" + std::string(kOffice) + "/" + type + "' Target='" + target +
         "'/>";
}

// A workbook with `given` in place of one of its parts.
std::string book_with(std::size_t part, const std::string& given) {
  std::vector<std::pair<std::string, std::string>> parts = {
      {"xl/s.xml", element("worksheet",
                           "<sheetData><row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row><row r='3'><c "
                           "s='1'><v>1.5</v></c>"
                           "<c s='2'><v>7</v></c><c t='b'><v>1</v></c></row></sheetData>")},
      {"xl/t.xml", element("sst", "<si><t>a</t></si><si><r><t>b</t></r></si>")},
      {"xl/f.xml",
       element(
           "styleSheet",
           "<numFmts><numFmt numFmtId='200' formatCode='yyyy-mm-dd'/></numFmts><cellXfs><xf numFmtId='0'/>"
           "<xf numFmtId='200'/><xf numFmtId='46'/></cellXfs>")},
      {"xl/w.xml", element("workbook", "<sheets><sheet name='S' r:id='s'/></sheets>")},
      {"xl/_rels/w.xml.rels",
       relationships(relationship("s", "worksheet", "s.xml") + relationship("t", "sharedStrings", "t.xml") +
                     relationship("f", "styles", "f.xml"))},
      {"_rels/.rels", relationships(relationship("w", "officeDocument", "xl/w.xml"))}};
  parts[part % parts.size()].second = given;
  return zip_of(parts);
}

// Every row and issue, and the error at the end.
std::string read(const ReadPlan& plan, const Opener& opener, ChunkSize size) {
  auto format = make_format(plan);
  auto reader = ChunkReader::open(plan, *format, opener, {plan.first_row, {}}, size, {}, {});
  if (!reader) return reader.error().message;
  std::string text;
  while (true) {
    auto chunk = (*reader)->next({});
    if (!chunk) return text + chunk.error().message;
    if (!*chunk) return text;
    for (const RowBatch& batch : format->parse(std::move(**chunk)).batches) {
      for (std::size_t row = 0; row < batch.size(); ++row) {
        text += std::to_string(batch.info(row).row_number) + "@" + std::to_string(batch.info(row).line);
        for (std::size_t i = 0; batch.info(row).readable && i < batch.columns()->size(); ++i)
          text.append(1, '|').append(batch.cells(row)[i].text());
        for (const Cell& cell : batch.extra_cells(row)) text.append(1, '+').append(cell.text());
        for (const Issue& issue : batch.issues(row)) text.append(1, '!').append(issue.message);
        text += '\n';
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string given(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t part = data[0] % 7;
  const std::string bytes = part == 6 ? given : book_with(part, given);
  const Opener opener = testing::text_opener(bytes);
  SourceSpec source;
  source.format = SourceFormat::xlsx;
  source.sheet.number = 1;
  source.row_bytes = 300;
  auto plan = detect(source, "fuzz.xlsx", opener, {});
  if (!plan) return 0;
  const std::string whole = read(*plan, opener, {1 << 20, 16384});
  const std::string cut = read(*plan, opener, {16, 3});
  if (whole != cut) {
    std::fprintf(stderr, "whole:\n%s\ncut:\n%s\n", whole.c_str(), cut.c_str());
    std::abort();
  }
  auto again = read_plan_from_json(to_json(*plan));
  if (!again || to_json(*again) != to_json(*plan)) std::abort();
  return 0;
}
