// A workbook from its bytes to its rows: what is found out about it, and that it is read the same however it
// is cut into chunks and from wherever it is gone on with.
#include "formats/xlsx_format.h"

#include <gtest/gtest.h>

#include "formats/chunk_reader.h"
#include "formats/detect.h"
#include "formats/xlsx_test_book.h"

namespace sluice {
namespace {

using testing::Book;
using testing::has;
using testing::seekable_opener;
using testing::zip_of;

Result<ReadPlan> plan_of(const std::string& bytes, const SourceSpec& source = {}) {
  return detect(source, "book.xlsx", seekable_opener(bytes), {});
}
std::string refusal(const std::string& bytes, const SourceSpec& source = {}) {
  auto plan = plan_of(bytes, source);
  return plan ? "" : plan.error().message;
}
bool found(const ReadPlan& plan, const std::string& part) {
  return std::ranges::any_of(plan.findings, [&](const std::string& each) { return has(each, part); });
}

std::string row_of(const std::vector<std::string>& cells) {
  std::string row = "<row>";
  for (const std::string& cell : cells)
    row += cell.empty() ? "<c/>" : "<c t='inlineStr'><is><t>" + cell + "</t></is></c>";
  return row + "</row>";
}

// Every row as "number@line: cell|cell (+extra) !code", and the places between which reading can be taken up.
struct Reading {
  std::vector<std::string> rows;
  std::vector<Position> ends;
  std::optional<Error> error;
};
Reading read_from(const ReadPlan& plan, const Opener& opener, Position begin, ChunkSize size) {
  Reading reading;
  auto format = make_format(plan);
  auto reader = ChunkReader::open(plan, *format, opener, {begin, {}}, size, {}, {});
  if (!reader) {
    reading.error = reader.error();
    return reading;
  }
  while (true) {
    auto chunk = (*reader)->next({});
    if (!chunk) reading.error = chunk.error();
    if (!chunk || !*chunk) return reading;
    reading.ends.push_back((*chunk)->end);
    for (const RowBatch& batch : format->parse(std::move(**chunk)).batches) {
      for (std::size_t row = 0; row < batch.size(); ++row) {
        const RowInfo& info = batch.info(row);
        std::string text = std::to_string(info.row_number) + "@" + std::to_string(info.line) + ":";
        for (std::size_t i = 0; info.readable && i < batch.columns()->size(); ++i)
          text += (i == 0 ? " " : "|") + std::string(batch.cells(row)[i].text());
        for (const Cell& cell : batch.extra_cells(row)) text += " +" + std::string(cell.text());
        for (const Issue& issue : batch.issues(row)) text += " !" + std::string(name_of(issue.code));
        reading.rows.push_back(text);
      }
    }
  }
}
std::vector<std::string> rows_of(const std::string& bytes, const SourceSpec& source = {}) {
  auto plan = plan_of(bytes, source);
  EXPECT_TRUE(plan) << plan.error().message;
  if (!plan) return {};
  Reading reading = read_from(*plan, seekable_opener(bytes), plan->first_row, {});
  EXPECT_FALSE(reading.error) << reading.error->message;
  return reading.rows;
}
using Rows = std::vector<std::string>;

TEST(XlsxFormat, ReadsATableWithItsHeader) {
  const std::string bytes = Book::of(row_of({"id", "name"}) + row_of({"1", "Ann"}) + row_of({"2"}) +
                                     "<row r='6'><c r='B6'><v>3</v></c></row>")
                                .bytes();
  const ReadPlan plan = *plan_of(bytes);
  EXPECT_EQ(plan.format, FormatKind::xlsx);
  EXPECT_EQ(plan.columns, (Columns{"id", "name"}));
  EXPECT_EQ(plan.sheet, (SheetPlan{1, "Sheet1", 0}));
  EXPECT_FALSE(plan.seekable());
  EXPECT_TRUE(found(plan, "Row 1 is the header."));
  EXPECT_EQ(rows_of(bytes), (Rows{"1@2: 1|Ann", "2@3: 2|", "3@6: |3"}));
  auto again = read_plan_from_json(to_json(plan));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sheet, plan.sheet);
  EXPECT_EQ(to_json(*again), to_json(plan));
}

TEST(XlsxFormat, FindsTheTableBelowTitlesAndRightOfNothing) {
  const std::string bytes =
      Book::of(
          "<row r='1'><c r='A1' t='inlineStr'><is><t>Prices of 2024</t></is></c></row>"
          "<row r='4'><c r='C4' t='inlineStr'><is><t>item</t></is></c><c r='D4' "
          "t='inlineStr'><is><t>price</t></is></c>"
          "<c r='E4' t='inlineStr'><is><t>note</t></is></c></row>"
          "<row r='5'><c r='C5' t='inlineStr'><is><t>nail</t></is></c><c r='D5'><v>0.5</v></c></row>"
          "<row r='6'><c r='C6' t='inlineStr'><is><t>saw</t></is></c><c r='D6'><v>12</v></c></row>"
          "<row r='7'><c r='A7' t='inlineStr'><is><t>?</t></is></c><c r='D7'><v>13</v></c></row>"
          "<row r='8'><c r='C8' t='inlineStr'><is><t>axe</t></is></c><c r='D8'><v>9</v></c><c "
          "r='G8'><v>7</v></c></row>")
          .bytes();
  const ReadPlan plan = *plan_of(bytes);
  EXPECT_EQ(plan.columns, (Columns{"item", "price", "note"}));
  EXPECT_EQ(plan.sheet.first_column, 2u);
  EXPECT_TRUE(found(plan, "Row 1 stands above the header")) << to_json(plan);
  EXPECT_TRUE(found(plan, "The table begins in column C."));
  EXPECT_EQ(rows_of(bytes),
            (Rows{"1@5: nail|0.5|", "2@6: saw|12|", "3@7: |13| !extra-cell", "4@8: axe|9| + +7"}));
}

TEST(XlsxFormat, TakesTitlesAboveAShortTableOffAndNoDataForTitles) {
  const std::string titles = row_of({"Report", "Q3"}) + row_of({"By", "Ann"}) + row_of({"On", "Monday"});
  const std::string table =
      row_of({"", "", "a", "b", "c", "d", "e"}) + row_of({"", "", "1", "2", "3", "4", "5"});
  const ReadPlan plan = *plan_of(Book::of(titles + table).bytes());
  EXPECT_EQ(plan.columns, (Columns{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(plan.first_row.line, 5u);
  EXPECT_TRUE(found(plan, "Rows 1 to 3 stand above the header"));
  // One row with many cells far down does not make titles of all before it.
  std::string rows = row_of({"id", "name"});
  for (int i = 0; i < 8; ++i) rows += row_of({std::to_string(i), "x"});
  rows += row_of({"9", "x", "", "1", "2", "3", "4", "5", "6", "7"});
  EXPECT_EQ(plan_of(Book::of(rows).bytes())->columns, (Columns{"id", "name"}));
  EXPECT_EQ(rows_of(Book::of(rows).bytes()).size(), 9u);
}

TEST(XlsxFormat, NamesBlankAndRepeatedColumns) {
  const std::string bytes = Book::of(row_of({"a", "", "b", "a"}) + row_of({"1", "2", "3", "4"})).bytes();
  EXPECT_EQ(plan_of(bytes)->columns, (Columns{"a", "column_2", "b", "a_2"}));
}

TEST(XlsxFormat, TakesColumnsWithoutAHeaderWhereRowsHaveThem) {
  const std::string often = row_of({"1", "2", "3", "4"}), once = row_of({"1", "2", "3", "4", "5"});
  const std::string bytes = Book::of(row_of({"a", "b", "c"}) + often + once + often + often).bytes();
  EXPECT_EQ(plan_of(bytes)->columns, (Columns{"a", "b", "c", "column_4"}));
  EXPECT_EQ(rows_of(bytes)[1], "2@3: 1|2|3|4 +5");
}

TEST(XlsxFormat, GoesByWhatTheDialectDeclares) {
  const std::string bytes =
      Book::of(row_of({"# made today"}) + row_of({"1", "x"}) + row_of({"2", "NA"}) + row_of({"sum", "y"}))
          .bytes();
  SourceSpec source;
  source.dialect.header = false;
  source.dialect.comment_char = '#';
  source.dialect.comment_rows = {4};
  source.dialect.null_sequence = "NA";
  EXPECT_EQ(rows_of(bytes, source), (Rows{"1@2: 1|x", "2@3: 2|"}));
  source = {};
  source.dialect.header_rows = {2, 3};
  EXPECT_EQ(plan_of(bytes, source)->columns, (Columns{"1 2", "x NA"}));
  source.dialect.header_rows = {9};
  EXPECT_TRUE(has(refusal(bytes, source), "headerRows names row 9"));
}

TEST(XlsxFormat, RejectsErrorsUnlessTheyMeanNothing) {
  const std::string bytes =
      Book::of(row_of({"a", "b"}) + "<row><c><v>1</v></c><c t='e'><v>#N/A</v></c></row>" +
               row_of({"#N/A", "text"}))
          .bytes();
  EXPECT_EQ(rows_of(bytes), (Rows{"1@2: 1|#N/A !type-error", "2@3: #N/A|text"}));
  SourceSpec source;
  source.dialect.null_sequence = "#N/A";
  EXPECT_EQ(rows_of(bytes, source), (Rows{"1@2: 1|", "2@3: |text"}));
}

TEST(XlsxFormat, TakesTheOnlySheetWithDataOrAsks) {
  const std::string table = row_of({"a", "b"}) + row_of({"1", "2"});
  Book book{{{"Empty", "<row r='3'><c s='1'/></row>"},
             {"Data", table},
             {"Secret", table, "hidden"},
             {"Deep", table, "veryHidden"}},
            "",
            "",
            ""};
  EXPECT_EQ(plan_of(book.bytes())->sheet.name, "Data");
  EXPECT_TRUE(found(*plan_of(book.bytes()), "Sheet 'Data' is read"));
  book.sheets.push_back({"More", table});
  const std::string asked = refusal(book.bytes());
  EXPECT_TRUE(has(asked, "2 sheets with data: 2 'Data', 5 'More'; say which")) << asked;
  EXPECT_TRUE(has(asked, "--sheet"));
  EXPECT_FALSE(has(asked, "Secret"));

  SourceSpec source;
  source.sheet.name = "Secret";
  EXPECT_EQ(plan_of(book.bytes(), source)->sheet.number, 3u);
  source.sheet = {{}, 5};
  EXPECT_EQ(plan_of(book.bytes(), source)->sheet.name, "More");
  source.dialect.sheet.name = "Data";
  EXPECT_EQ(plan_of(book.bytes(), source)->sheet.name, "More") << "`sheet:` goes before the dialect";
  source.sheet = {};
  EXPECT_EQ(plan_of(book.bytes(), source)->sheet.name, "Data");
  source.sheet.name = "Nowhere";
  EXPECT_TRUE(has(refusal(book.bytes(), source),
                  "no sheet 'Nowhere'; its sheets are 1 'Empty', 2 'Data', 3 'Secret' (hidden)"));
  source.sheet = {{}, 7};
  EXPECT_TRUE(has(refusal(book.bytes(), source), "no sheet 7"));
  source.sheet = {{}, 1};
  EXPECT_TRUE(has(refusal(book.bytes(), source), "is empty: the sheet 'Empty'"));

  book.sheets = {{"2024", table}};
  source.sheet = {{}, 2024};
  EXPECT_EQ(plan_of(book.bytes(), source)->sheet.number, 1u) << "a name of digits without quotes";
  book.sheets = {{"Secret", table, "hidden"}};
  EXPECT_TRUE(has(refusal(book.bytes()), "only on hidden sheets: 1 'Secret' (hidden)"));
  book.sheets = {{"Nothing", ""}};
  EXPECT_TRUE(has(refusal(book.bytes()), "is empty"));
}

TEST(XlsxFormat, RefusesWhatIsNoWorkbook) {
  EXPECT_TRUE(has(refusal(zip_of({{"people.csv", "id,name\n1,Ann\n"}})), "is a zip archive; unpack it"));
  EXPECT_TRUE(
      has(refusal(zip_of({{"[Content_Types].xml", "x"}, {"word/document.xml", "x"}})), "Word document"));
  EXPECT_TRUE(has(refusal(zip_of({{"ppt/presentation.xml", "x"}})), "PowerPoint"));
  EXPECT_TRUE(has(refusal(zip_of({{"xl/workbook.bin", "x"}})), "XLSB"));
  EXPECT_TRUE(has(
      refusal(zip_of({{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, {"content.xml", "x"}})),
      "OpenDocument"));
  EXPECT_TRUE(has(refusal(zip_of({{"xl/workbook.xml", "x"}})), "damaged Excel workbook"));
  auto parts = Book::of("").parts();
  parts.erase(parts.begin());  // the sheet
  EXPECT_TRUE(has(refusal(zip_of(parts)), "the sheet 'Sheet1' is missing"));
  SourceSpec xlsx{.format = SourceFormat::xlsx};
  EXPECT_TRUE(has(refusal("id,name\n1,Ann\n", xlsx), "no Excel workbook"));
  SourceSpec csv{.format = SourceFormat::csv};
  EXPECT_TRUE(has(refusal(Book::of(row_of({"a"})).bytes(), csv), "source.format says otherwise"));
  EXPECT_EQ(plan_of("id,name\n1,Ann\n")->format, FormatKind::csv) << "CSV that was renamed";
  EXPECT_TRUE(has(refusal("<html><table>"), "web page"));
}

TEST(XlsxFormat, KnowsOldOfficeFilesByTheirDirectoryWhereverItStands) {
  // The directory behind 100,000 bytes of something else.
  std::string ole(1 << 17, '\0');
  ole.replace(0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
  ole[30] = 9;
  const std::uint32_t sector = 200;
  ole[48] = static_cast<char>(sector);
  std::string name;
  for (char c : std::string("EncryptedPackage")) name.append(1, c).push_back('\0');
  ole.replace((sector + 1) * 512 + 128, name.size(), name);
  EXPECT_TRUE(has(refusal(ole), "protected with a password")) << refusal(ole);
}

TEST(XlsxFormat, IsReadTheSameHoweverItIsCutAndResumed) {
  std::string rows = row_of({"id", "text", "more"});
  for (int i = 0; i < 60; ++i) {
    if (i % 7 == 3) rows += "<row/>";
    rows += row_of({std::to_string(i), std::string(static_cast<std::size_t>(i * 5 % 90), 'x') + "é\n,\"",
                    i % 3 == 0 ? "" : "m"});
    if (i == 30) rows += row_of({"long", std::string(900, 'y')});
  }
  const std::string bytes = Book::of(rows).bytes();
  SourceSpec source;
  source.row_bytes = 400;
  ReadPlan plan = *plan_of(bytes, source);
  const Opener opener = seekable_opener(bytes);
  const Reading whole = read_from(plan, opener, plan.first_row, {});
  ASSERT_EQ(whole.rows.size(), 61u);
  EXPECT_TRUE(has(whole.rows[31], "!row-too-large")) << whole.rows[31];
  for (std::size_t target : {1, 50, 333, 5000}) {
    const Reading cut = read_from(plan, opener, plan.first_row, {target, 16});
    ASSERT_EQ(cut.rows, whole.rows) << target;
    std::size_t done = 0;
    for (const Position& at : cut.ends) {
      const Reading rest = read_from(plan, opener, at, {target, 5});
      const std::size_t skipped = at.row - 1;
      ASSERT_EQ(rest.rows, Rows(whole.rows.begin() + static_cast<std::ptrdiff_t>(skipped), whole.rows.end()))
          << at.offset;
      done = skipped;
    }
    EXPECT_EQ(done, whole.rows.size());
  }
}

TEST(XlsxFormat, GivesTheRowsBeforeTheDamageAndThenSaysIt) {
  const std::string good = row_of({"a", "b"}) + row_of({"1", "2"}) + row_of({"3", "4"});
  const std::string bytes = Book::of(good + "<row><broken>").bytes();
  const ReadPlan plan = *plan_of(bytes);
  const Reading reading = read_from(plan, seekable_opener(bytes), plan.first_row, {});
  EXPECT_EQ(reading.rows, (Rows{"1@2: 1|2", "2@3: 3|4"}));
  ASSERT_TRUE(reading.error);
  EXPECT_TRUE(reading.error->message.starts_with("the workbook is damaged: 'xl/worksheets/sheet1.xml'"))
      << reading.error->message;
}

TEST(XlsxFormat, ReadsWhatCannotBeEnteredAnywhereFromACopy) {
  const std::string bytes = Book::of(row_of({"a", "b"}) + row_of({"1", "2"})).bytes();
  const Opener pipe = testing::text_opener(bytes, 7);
  auto plan = detect({}, "book.xlsx", pipe, {});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(read_from(*plan, pipe, plan->first_row, {}).rows, (Rows{"1@2: 1|2"}));
}

TEST(XlsxFormat, StopsWhenItIsAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  const std::string bytes = Book::of(row_of({"id"}) + row_of({"1"})).bytes();
  auto plan = detect({}, "book.xlsx", seekable_opener(bytes), stop.get_token());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::cancelled);
}

// Escapes shrink a text, and so does white space at its ends: what was cut must not look as if it fitted.
TEST(XlsxFormat, RejectsATextThatIsTooLongWhateverItShrinksTo) {
  std::string escapes;
  for (int i = 0; i < 40; ++i) escapes += "_x0041_";
  const std::string blanks(200, ' ');
  SourceSpec source;
  source.row_bytes = 64;
  const std::string bytes =
      Book::of(row_of({"id", "text"}) + row_of({"1", escapes}) + row_of({"2", blanks + "x" + blanks}) +
               "<row><c><v>3</v></c><c t='str'><v>" + escapes + "</v></c></row>" + row_of({"4", "_x0041_"}))
          .bytes();
  EXPECT_EQ(rows_of(bytes, source),
            (Rows{"1@2: !row-too-large", "2@3: !row-too-large", "3@4: !row-too-large", "4@5: 4|A"}));
}

TEST(XlsxFormat, CutsChunksOfWideTablesByTheirCells) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("c" + std::to_string(i));
  std::string data = row_of(names);
  for (int i = 0; i < 2000; ++i) data += row_of({"1", "2"});
  const std::string bytes = Book::of(data).bytes();
  auto plan = plan_of(bytes);
  ASSERT_TRUE(plan) << plan.error().message;
  const ChunkSize size{256 * 1024, 16384};
  const Reading reading = read_from(*plan, seekable_opener(bytes), plan->first_row, size);
  EXPECT_EQ(reading.rows.size(), 2000);
  std::uint64_t before = 1;
  for (const Position& end : reading.ends) {
    EXPECT_LE((end.row - before) * 1000 * sizeof(Cell), 4 * size.bytes) << "up to row " << end.row;
    before = end.row;
  }
}

TEST(XlsxFormat, NamesPlacesAsASpreadsheetDoes) {
  const SheetPlan sheet{1, "People", 2};
  EXPECT_EQ(place_in_sheet(sheet, 17, 1), "Sheet 'People', cell C17");
  EXPECT_EQ(place_in_sheet(sheet, 17, 0), "Sheet 'People', row 17");
  const SheetPlan several{1, "A", 0, {"B", "C"}};
  EXPECT_EQ(place_in_sheet(several, 1'048'576, 1), "Sheet 'A', cell A1048576");
  EXPECT_EQ(place_in_sheet(several, 1'048'577, 1), "Sheet 'B', cell A1");
  EXPECT_EQ(place_in_sheet(several, 2 * 1'048'576 + 5, 0), "Sheet 'C', row 5");
}

TEST(XlsxFormat, ReadsTheSheetsOfAReportOneBehindTheOther) {
  const std::string header = row_of({"a", "b"});
  const std::string full = header + "<row r='1048576'><c><v>2</v></c></row>";
  Book book{{{"first", full},
             {"second", "<row r='3'><c t='str'><v>a</v></c><c t='str'><v>b</v></c></row>" + row_of({"3"})},
             {"empty", ""},
             {"third", header + row_of({"", "4"})}},
            "",
            "",
            ""};
  SourceSpec source;
  source.dialect.header = true;
  ASSERT_FALSE(plan_of(book.bytes(), source)) << "only where that is asked for";
  source.sheets_follow = true;
  auto plan = plan_of(book.bytes(), source);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->sheet.more, (std::vector<std::string>{"second", "third"}));
  const std::vector<std::string> rows = {"1@1048576: 2|", "2@1048580: 3|", "3@2097154: |4"};
  EXPECT_EQ(rows_of(book.bytes(), source), rows);
  // Wherever reading goes on.
  const Reading whole = read_from(*plan, seekable_opener(book.bytes()), plan->first_row, {64 * 1024, 1});
  EXPECT_EQ(whole.rows, rows);
  for (const Position& end : whole.ends) {
    const Reading rest = read_from(*plan, seekable_opener(book.bytes()), end, {});
    EXPECT_EQ(rest.rows,
              std::vector<std::string>(rows.begin() + static_cast<std::ptrdiff_t>(end.row - 1), rows.end()));
  }
  book.sheets[3].data = row_of({"b", "a"}) + row_of({"", "4"});
  plan = plan_of(book.bytes(), source);
  ASSERT_FALSE(plan);
  EXPECT_TRUE(has(plan.error().message, "'third' does not begin with the header of 'first'"));
  source.sheet.name = "third";
  EXPECT_TRUE(plan_of(book.bytes(), source)) << "one that is named is read alone";
}

}  // namespace
}  // namespace sluice
