#include "formats/xlsx_sheet.h"

#include <gtest/gtest.h>

#include "formats/xlsx_strings.h"
#include "formats/xlsx_test_book.h"

namespace sluice {
namespace {

using testing::Book;
using testing::cells_in;
using testing::CellTexts;
using testing::has;
using testing::zip_of;

std::string error_of(const Book& book) {
  auto found = cells_in(book.bytes(), book.sheets.at(0).name);
  return found.error ? found.error->message : "";
}

TEST(XlsxSheet, ReadsCellsOfEveryType) {
  Book book = Book::of(
      "<row r='1'><c r='A1' t='s'><v>1</v></c><c r='B1' t='inlineStr'><is><t>inline</t></is></c>"
      "<c r='C1'><v>42</v></c><c r='D1' t='b'><v>1</v></c><c r='E1' t='b'><v>0</v></c></row>"
      "<row r='2'><c r='A2' t='str'><f>A1&amp;\"!\"</f><v>two &amp; two</v></c><c r='B2' "
      "t='d'><v>2021-01-01</v></c>"
      "<c r='C2'><f>1/3</f><v>0.33333333333333331</v></c><c r='D2' t='n'><v> 7 </v></c></row>");
  book.strings = "<si><t>zero</t></si><si><t>007</t></si>";
  EXPECT_EQ(cells_in(book), (CellTexts{{"A1", "007"},
                                       {"B1", "inline"},
                                       {"C1", "42"},
                                       {"D1", "true"},
                                       {"E1", "false"},
                                       {"A2", "two & two"},
                                       {"B2", "2021-01-01"},
                                       {"C2", "0.333333333333333"},
                                       {"D2", "7"}}));
}

TEST(XlsxSheet, FindsTheStylesOfNumbers) {
  Book book = Book::of(
      "<row><c s='1'><v>45350</v></c><c s='2'><v>0.5</v></c><c s='3'><v>501</v></c><c s='9'><v>45350</v></c>"
      "<c s='4'><v>0.5</v></c></row>");
  book.styles =
      "<numFmts><numFmt numFmtId='164' formatCode='00000'/><numFmt numFmtId='165' "
      "formatCode='hh:mm'/></numFmts>"
      "<cellStyleXfs><xf numFmtId='22'/></cellStyleXfs>"
      "<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='165'/><xf numFmtId='164'/><xf "
      "numFmtId='9'/></cellXfs>"
      "<cellStyles/><dxfs><dxf><numFmt numFmtId='0' formatCode='yyyy'/></dxf></dxfs>";
  EXPECT_EQ(
      cells_in(book),
      (CellTexts{{"A1", "2024-02-28"}, {"B1", "12:00:00"}, {"C1", "00501"}, {"D1", "45350"}, {"E1", "0.5"}}));
  book.properties = "date1904='1'";
  EXPECT_EQ(cells_in(book)["A1"], "2028-02-29");
}

// Conditional formats and tables have looks of their own, under whatever ids.
TEST(XlsxSheet, TakesNoFormatsOfOtherThings) {
  Book book = Book::of("<row><c s='0'><v>45002</v></c><c s='1'><v>45002</v></c></row>");
  book.styles =
      "<numFmts><numFmt numFmtId='164' formatCode='yyyy\\-mm\\-dd'/></numFmts>"
      "<cellXfs><xf numFmtId='14'/><xf numFmtId='164'/></cellXfs>"
      "<dxfs><dxf><numFmt numFmtId='14' formatCode='0.00%'/></dxf><dxf><numFmt numFmtId='164' "
      "formatCode='General'/></dxf></dxfs>";
  EXPECT_EQ(cells_in(book), (CellTexts{{"A1", "2023-03-17"}, {"B1", "2023-03-17"}}));
}

TEST(XlsxSheet, JoinsRunsAndLeavesPronunciationOut) {
  Book book = Book::of(
      "<row><c t='s'><v>0</v></c><c t='inlineStr'><is><r><t>in </t></r><r><t "
      "xml:space='preserve'>runs</t></r></is></c>"
      "<c t='s'><v>1</v></c><c t='s'><v>2</v></c></row>");
  book.strings =
      "<si><r><rPr><b/></rPr><t>Tok</t></r><r><t>yo</t></r><rPh sb='0' eb='1'><t>トウキョウ</t></rPh></si>"
      "<si><t>  outer space is none  </t></si><si><t xml:space='preserve'>  kept  </t></si>";
  EXPECT_EQ(
      cells_in(book),
      (CellTexts{{"A1", "Tokyo"}, {"B1", "in runs"}, {"C1", "outer space is none"}, {"D1", "  kept  "}}));
}

TEST(XlsxSheet, DecodesWhatXmlCannotHold) {
  const Book book = Book::of(
      "<row><c t='inlineStr'><is><t>a_x000D_\nb</t></is></c><c "
      "t='inlineStr'><is><t>_x005F_x000D_</t></is></c>"
      "<c t='inlineStr'><is><t>_xD83D__xDE00_</t></is></c><c t='inlineStr'><is><t>_xD83D_ _x12_ _xZZZZ_ "
      "_x</t></is></c>"
      "<c t='inlineStr'><is><t>_x001E_ _x001F_</t></is></c><c t='str'><v>x_x0009_y</v></c></row>");
  EXPECT_EQ(cells_in(book), (CellTexts{{"A1", "a\r\nb"},
                                       {"B1", "_x000D_"},
                                       {"C1", "😀"},
                                       {"D1", "_xD83D_ _x12_ _xZZZZ_ _x"},
                                       {"E1", "_x001E_ _x001F_"},
                                       {"F1", "x\ty"}}));
}

TEST(XlsxSheet, PutsCellsWhereTheyStand) {
  // Gaps, no places at all, cells from right to left, places of the wrong row, lower case.
  const Book book = Book::of(
      "<row r='3'><c r='C3'><v>1</v></c><c><v>2</v></c></row>"
      "<row><c><v>3</v></c><c r='AA4'><v>4</v></c></row>"
      "<row r='7'><c r='B7'><v>6</v></c><c r='A7'><v>5</v></c></row>"
      "<row r='9'><c r='B1'><v>7</v></c><c r='d9'><v>8</v></c><c r='E9'/><c r='F9' s='1'><v></v></c></row>");
  EXPECT_EQ(cells_in(book), (CellTexts{{"C3", "1"},
                                       {"D3", "2"},
                                       {"A4", "3"},
                                       {"AA4", "4"},
                                       {"A7", "5"},
                                       {"B7", "6"},
                                       {"B9", "7"},
                                       {"D9", "8"}}));
}

TEST(XlsxSheet, ReadsErrorsAsMarkedText) {
  Book book = Book::of("<row><c t='e'><v>#N/A</v></c><c t='s'><v>5</v></c><c t='s'><v>x</v></c></row>");
  book.strings = "<si><t>one</t></si>";
  auto cells = cells_in(book);
  EXPECT_EQ(cells["A1"], std::string(1, sheet_record::kErrorValue) + "#N/A");
  EXPECT_EQ(cells["B1"][0], sheet_record::kUnreadable);
  EXPECT_TRUE(has(cells["B1"], "number 5"));
  EXPECT_EQ(cells["C1"][0], sheet_record::kUnreadable);
}

TEST(XlsxSheet, ReadsStrictAndPrefixedAndUpperCaseWorkbooks) {
  auto parts = Book::of("<row><c t='inlineStr'><is><t>x</t></is></c></row>").parts();
  auto replace_all = [&](const std::string& from, const std::string& to) {
    for (auto& part : parts)
      for (std::size_t at = part.content.find(from); at != std::string::npos;
           at = part.content.find(from, at + to.size()))
        part.content.replace(at, from.size(), to);
  };
  replace_all(testing::kMainNamespace, "http://purl.oclc.org/ooxml/spreadsheetml/main");
  replace_all(testing::kOfficeNamespace, "http://purl.oclc.org/ooxml/officeDocument/relationships");
  EXPECT_EQ(cells_in(zip_of(parts), "Sheet1").cells, (CellTexts{{"A1", "x"}})) << "Strict";

  parts = Book::of("").parts();
  parts[0].content =
      std::string("<m:worksheet xmlns:m='") + testing::kMainNamespace +
      "' xmlns:o='urn:other'><o:sheetData><o:row/></o:sheetData><m:sheetData><m:row><o:c><m:v>9</m:v></o:c>"
      "<m:c><m:v>1</m:v></m:c></m:row></m:sheetData></m:worksheet>";
  for (auto& part : parts)
    for (char& c : part.name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  replace_all("worksheets/", "/xl/./worksheets/../worksheets/");
  EXPECT_EQ(cells_in(zip_of(parts), "Sheet1").cells, (CellTexts{{"A1", "1"}}));
}

TEST(XlsxSheet, RefusesWhatNoSpreadsheetProgramWrites) {
  EXPECT_TRUE(has(error_of(Book::of("<row r='5'/><row r='5'/>")), "stands behind row 5"));
  EXPECT_TRUE(has(error_of(Book::of("<row r='1048577'/>")), "at most 1048576 rows"));
  EXPECT_TRUE(has(error_of(Book::of("<row r='4000000000'/>")), "at most 1048576 rows"));
  EXPECT_TRUE(has(error_of(Book::of("<row r='-1'/>")), "damaged"));
  EXPECT_TRUE(has(error_of(Book::of("<row><c r='XFE1'><v>1</v></c></row>")), "at most 16384 columns"));
  EXPECT_TRUE(has(error_of(Book::of("<row><c r='17'><v>1</v></c></row>")), "damaged"));
  EXPECT_TRUE(
      has(error_of(Book::of("<row><c r='A1'><v>1</v></c><c r='A1'><v>2</v></c></row>")), "stands twice"));
  EXPECT_TRUE(has(error_of(Book::of("<row><c><v>1</v></c>")), "no XML"));
  EXPECT_EQ(error_of(Book::of("<row r='1048576'><c r='XFD1'><v>1</v></c></row>")), "");
}

TEST(XlsxSheet, RefusesDocumentTypesAndMemoryTraps) {
  auto with_sheet = [](const std::string& xml) {
    auto parts = Book::of("").parts();
    parts[0].content = xml;
    auto found = cells_in(zip_of(parts), "Sheet1");
    return found.error ? found.error->message : "";
  };
  const std::string root = std::string("<worksheet xmlns='") + testing::kMainNamespace + "'>";
  EXPECT_TRUE(
      has(with_sheet("<!DOCTYPE x [<!ENTITY a 'b'>]>" + root + "<sheetData>&a;</sheetData></worksheet>"),
          "DOCTYPE"));
  EXPECT_TRUE(has(with_sheet("<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" + root + "</worksheet>"), "DOCTYPE"));
  EXPECT_TRUE(has(with_sheet(root + "<sheetData>&undefined;</sheetData></worksheet>"), "no XML"));
  std::string deep = root;
  for (int i = 0; i < 200; ++i) deep += "<a>";
  EXPECT_TRUE(has(with_sheet(deep), "levels deep"));
  std::string names = root;
  for (int i = 0; i < 200'000; ++i) names += "<n" + std::to_string(i) + "/>";
  EXPECT_TRUE(has(with_sheet(names + "</worksheet>"), "over the limit"));
  EXPECT_TRUE(has(with_sheet(root + "<sheetData a='" + std::string(8 << 20, 'x') + "'/></worksheet>"),
                  "over the limit"));
}

TEST(XlsxSheet, GivesRowsBeforeTheDamage) {
  std::string rows;
  for (int i = 1; i <= 100; ++i) rows += "<row><c><v>" + std::to_string(i) + "</v></c></row>";
  auto found = cells_in(Book::of(rows + "<row><c></row>").bytes(), "Sheet1");
  EXPECT_EQ(found.cells.size(), 100u);
  ASSERT_TRUE(found.error);
  EXPECT_TRUE(has(found.error->message, "mismatched tag")) << found.error->message;
}

TEST(XlsxSheet, CutsRowsThatAreTooLongWithoutKeepingThem) {
  // One shared text, named a thousand times in a row.
  std::string row = "<row>";
  for (int i = 0; i < 1000; ++i) row += "<c t='s'><v>0</v></c>";
  Book book = Book::of(row + "</row><row><c><v>2</v></c></row>");
  book.strings = "<si><t>" + std::string(5000, 'x') + "</t></si>";
  auto found = cells_in(book.bytes(), "Sheet1", {.row_bytes = 8000, .strings_bytes = 1 << 20});
  ASSERT_FALSE(found.error);
  std::size_t bytes = 0;
  for (const auto& [place, text] : found.cells) bytes += text.size();
  EXPECT_GT(bytes, 8000u) << "so that the splitter sees it";
  EXPECT_LE(bytes, 8000u + 5001u);
  EXPECT_EQ(found.cells["A2"], "2");
}

TEST(XlsxStrings, AreTheSameInMemoryAndOnDisk) {
  XlsxStrings small(1, 1 << 20), large(1 << 30, 1 << 20);
  std::string expected;
  auto text_of = [](int i) {
    return std::to_string(i) + std::string(static_cast<std::size_t>(i % 977), 'x') + "ü";
  };
  for (int i = 0; i < 30'000; ++i) {
    ASSERT_TRUE(small.add(text_of(i)));
    ASSERT_TRUE(large.add(text_of(i)));
  }
  EXPECT_TRUE(small.spilled());
  EXPECT_FALSE(large.spilled());
  EXPECT_EQ(small.size(), 30'000u);
  // From front to end, and to and fro.
  for (int i = 0; i < 30'000; ++i) {
    const int at = i % 3 == 0 ? i : static_cast<int>(i * 7919ll % 30'000);
    std::string from_small = "before ", from_large = "before ";
    ASSERT_EQ(small.append(static_cast<std::uint64_t>(at), from_small, {}), true);
    ASSERT_EQ(large.append(static_cast<std::uint64_t>(at), from_large, {}), true);
    ASSERT_EQ(from_small, "before " + text_of(at)) << at;
    ASSERT_EQ(from_large, from_small);
  }
  std::string nothing;
  EXPECT_EQ(small.append(30'000, nothing, {}), false);
  EXPECT_EQ(nothing, "");
}

TEST(XlsxPlaces, AreLettersAndNumbers) {
  EXPECT_EQ(column_letters(1), "A");
  EXPECT_EQ(column_letters(26), "Z");
  EXPECT_EQ(column_letters(27), "AA");
  EXPECT_EQ(column_letters(16384), "XFD");
  for (std::uint32_t number : {1u, 26u, 27u, 702u, 703u, 16384u})
    EXPECT_EQ(cell_place(column_letters(number)).column, number);
  EXPECT_EQ(cell_place("$B$17").column, 2u);
  EXPECT_EQ(cell_place("$B$17").row, 17u);
  EXPECT_EQ(cell_place("b17").row, 17u);
  EXPECT_EQ(cell_place("17").column, 0u);
  EXPECT_EQ(cell_place("B17x").column, 0u);
  EXPECT_EQ(cell_place("").column, 0u);
}

}  // namespace
}  // namespace sluice
