// The rules of reading CSV, one by one. What is expected is written from the definition in csv_rules.h.
#include <gtest/gtest.h>

#include <ctime>
#include <memory>

#include "formats/csv_record.h"
#include "formats/csv_twin.h"

namespace sluice {
namespace {

using csv_twin::FlatRow;

ReadPlan plan_of(std::size_t columns) {
  ReadPlan plan;
  for (std::size_t i = 0; i < columns; ++i) plan.columns.push_back("column " + std::to_string(i + 1));
  return plan;
}

std::vector<FlatRow> read(const ReadPlan& plan, std::string_view text) {
  auto driven = csv_twin::drive(plan, &best_csv_kernel(), text, 1 << 20, Position{}, 1 << 20);
  EXPECT_EQ(driven.fault, "");
  EXPECT_EQ(csv_twin::difference(plan, text, {1, 5, 64, 1 << 20}), "");
  return driven.rows;
}

// The cells of all rows as text: t bare, q quoted, n null in front of each; codes of rejected rows.
std::string cells(const ReadPlan& plan, std::string_view text) {
  std::string all;
  for (const FlatRow& row : read(plan, text)) {
    if (!all.empty()) all += " / ";
    all += row.codes;
    for (std::size_t i = 0; i < row.cells.size(); ++i) all += (i ? "|" : "") + row.cells[i];
  }
  return all;
}

RowBatch parse_one(const ReadPlan& plan, std::string_view text) {
  auto format = make_csv_format(plan);
  return std::move(format->parse(Chunk{.bytes = Buffer(text)}).batches.front());
}

TEST(CsvFormat, EveryLineEndEndsALine) {
  auto rows = read(plan_of(2), "a,b\nc,d\r\ne,f\rg,h");
  ASSERT_EQ(rows.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(rows[i].line, i + 1);
  EXPECT_EQ(cells(plan_of(2), "a,b\nc,d\r\ne,f\rg,h"), "ta|tb / tc|td / te|tf / tg|th");
}

TEST(CsvFormat, BlankLinesAreNoRowsButCount) {
  auto rows = read(plan_of(1), "a\n\n\r\n\r\rb\n \n");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].line, 6u);
  EXPECT_EQ(rows[1].number, 2u);
  EXPECT_EQ(rows[2].cells, std::vector<std::string>{"t "});
}

TEST(CsvFormat, Quotes) {
  EXPECT_EQ(cells(plan_of(2), "\"a,b\",\"c\"\"d\"\n\"\",\"\"\"\"\n"), "qa,b|qc\"d / q|q\"");
  EXPECT_EQ(cells(plan_of(2), "a\"b\",c\"\n"), "ta\"b\"|tc\"");  // in a bare field they are text
  EXPECT_EQ(cells(plan_of(2), "\"a\nb\",\"c\r\nd\"\r\n"), "qa\nb|qc\r\nd");
  EXPECT_EQ(cells(plan_of(2), "\"say \"hi\" to\",x\n"),
            "qsay \"hi\" to|tx");  // quotes inside that close nothing
  EXPECT_EQ(cells(plan_of(2), "\"\"a\",x\n"), "q\"a|tx");
  EXPECT_EQ(cells(plan_of(2), "a,\"b\""), "ta|qb");  // closed by the end of the input
}

TEST(CsvFormat, LinesWithinARecordCount) {
  auto rows = read(plan_of(2), "\"a\r\nb\nc\rd\",1\nx,y\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].line, 5u);
}

TEST(CsvFormat, TextAfterAClosingQuoteMeansThatItDidNotClose) {
  EXPECT_EQ(cells(plan_of(2), "\"abc\"def,\"x\"\ny,z\n"),
            "qabc\"def,\"x / ty|tz");  // one cell: short, not in silence
  EXPECT_EQ(cells(plan_of(2), "\"abc\"def,x\ny,z\n"), "syntax-error  / ty|tz");
  EXPECT_EQ(cells(plan_of(2), "\"abc\"def\",x\ny,z\n"), "qabc\"def|tx / ty|tz");
}

TEST(CsvFormat, AStrayQuoteCostsItsLineOnly) {
  EXPECT_EQ(cells(plan_of(2), "a,\"b\nc,d\ne,f\n"), "syntax-error  / tc|td / te|tf");  // never closed
  EXPECT_EQ(cells(plan_of(2), "a,\"b\nc,d\n\"e\",f\n"),
            "syntax-error  / tc|td / qe|tf");  // meets another quote
  EXPECT_EQ(cells(plan_of(2), "a,\"b\nc,d\",e\nf,g\n"),
            "syntax-error  / tc|td\"|te / tf|tg");  // not the header's width
  EXPECT_EQ(cells(plan_of(2), "a,\"b\nc,d\n\ne,\"f"), "syntax-error  / tc|td / syntax-error ");
  EXPECT_EQ(cells(plan_of(0), "a,\"b\nc,d\",e\n"), "ta|qb\nc,d|te");  // the width is not known
}

TEST(CsvFormat, ARecordOfSeveralLinesOverRowBytesIsReadLineByLine) {
  ReadPlan plan = plan_of(2);
  plan.row_bytes = 9;
  EXPECT_EQ(cells(plan, "a,\"b\nc\nd\"\n"), "ta|qb\nc\nd");
  EXPECT_EQ(cells(plan, "a,\"b\nc\nde\"\n"), "syntax-error  / tc / tde\"");
}

TEST(CsvFormat, OversizedRecord) {
  ReadPlan plan = plan_of(1);
  plan.row_bytes = 10;
  auto rows = read(plan, "0123456789\n0123456789x\r\nb\n" + std::string(5000, 'y') + "\rc");
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[0].codes, "");
  EXPECT_EQ(rows[1].codes, "row-too-large ");
  EXPECT_EQ(rows[2].line, 3u);
  EXPECT_EQ(rows[3].codes, "row-too-large ");
  EXPECT_EQ(rows[4].line, 5u);
}

TEST(CsvFormat, EscapeCharacter) {
  ReadPlan plan = plan_of(2);
  plan.csv.escape = '\\';
  EXPECT_EQ(cells(plan, "\"a\\\"b\",\"c\\\\\"\nd\\,e,f\\\n g\n"), "qa\"b|qc\\ / td,e|tf\n g");
  plan.csv.double_quote = false;
  EXPECT_EQ(cells(plan, "\"a\"\"b\",c\n"), "qa\"\"b|tc");
}

TEST(CsvFormat, OtherDialects) {
  ReadPlan plan = plan_of(2);
  plan.csv.skip_initial_space = true;
  EXPECT_EQ(cells(plan, " a,  \"b, c\"\n\"d\", e \n"), "ta|qb, c / qd|te ");
  plan = plan_of(2);
  plan.csv.quote = '\0';
  plan.csv.delimiter = '\t';
  EXPECT_EQ(cells(plan, "\"a\tb\"\n"), "t\"a|tb\"");
  plan = plan_of(2);
  plan.csv.null_sequence = "NA";
  EXPECT_EQ(cells(plan, "NA,\"NA\"\nNAN,NA\n"), "nNA|qNA / tNAN|nNA");
  plan = plan_of(2);
  plan.csv.comment = '#';
  EXPECT_EQ(cells(plan, "#a \"\na,#b\n#\n\"#c\",d"), "ta|t#b / q#c|td");
  plan.csv.comment_rows = {2};
  EXPECT_EQ(cells(plan, "a,b\n\"x\nc,d\n"), "ta|tb / tc|td");
}

TEST(CsvFormat, RaggedRowsAreToldNotJudged) {
  RowBatch batch = parse_one(plan_of(3), "a,b\na,b,c,d,\"e\"\"\"\n");
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_FALSE(batch.has_rejects());
  EXPECT_EQ(batch.info(0).cell_count, 2u);
  EXPECT_EQ(batch.cells(0)[2].kind, CellKind::missing);
  EXPECT_EQ(batch.info(1).cell_count, 5u);
  ASSERT_EQ(batch.extra_cells(1).size(), 2u);
  EXPECT_EQ(batch.extra_cells(1)[1].text(), "e\"");
}

TEST(CsvFormat, WhatIsNoTextIsRejectedWithItsCell) {
  using namespace std::string_view_literals;
  RowBatch batch = parse_one(plan_of(2), "a,b\nx\0y,c\nd,\xFF\ne,\xC3\xA4\n"sv);
  ASSERT_EQ(batch.size(), 4u);
  EXPECT_FALSE(batch.info(0).rejected() || batch.info(3).rejected());
  ASSERT_EQ(batch.issues(1).size(), 1u);
  EXPECT_EQ(batch.issues(1)[0].code, RejectCode::encoding_error);
  EXPECT_EQ(batch.issues(1)[0].field, "column 1");
  EXPECT_NE(batch.issues(1)[0].message.find("U+0000"), std::string::npos);
  EXPECT_EQ(batch.issues(2)[0].field_number, 2u);
  EXPECT_TRUE(batch.info(2).readable);
  EXPECT_EQ(batch.cells(2)[0].text(), "d");
}

TEST(CsvFormat, SyntaxErrorSaysWhere) {
  RowBatch batch = parse_one(plan_of(2), "a,b\n\xC3\xA4,\"b\nc,d\n");
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_FALSE(batch.info(1).readable);
  EXPECT_EQ(std::string_view(batch.info(1).raw, batch.info(1).raw_size), "\xC3\xA4,\"b");
  ASSERT_EQ(batch.issues(1).size(), 1u);
  EXPECT_NE(batch.issues(1)[0].message.find("line 2, column 3"), std::string::npos)
      << batch.issues(1)[0].message;
}

// Bytes that would be read again from every line, were the way not remembered.
TEST(CsvFormat, HostileQuotesTakeLinearTime) {
  auto seconds = [](const ReadPlan& plan, std::string_view line, std::size_t size) {
    std::string text;
    while (text.size() < size) text += line;
    std::clock_t begin = std::clock();  // of this process: the machine may be busy
    EXPECT_EQ(csv_twin::drive(plan, &best_csv_kernel(), text, 1 << 18, Position{}, 1 << 20).fault, "");
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  // Very wide: each line closes the field before it and opens one, and the record never gets as wide as that.
  ReadPlan wide = plan_of(200);
  wide.columns.resize(100000, "c");
  wide.row_bytes = 1 << 18;
  ReadPlan narrow = plan_of(2);
  for (std::string_view line : {"a,\"b\n", "\",\"\n", "\"\"\"x\n", "a,\"\n", ",\"\"\"\"\"\n"}) {
    EXPECT_LT(seconds(narrow, line, 1 << 21), 5.0) << line;
    if (line != "\",\"\n") continue;
    CsvRules rules(wide);
    RecordReader reader(rules);
    std::string text;
    while (text.size() < 1 << 20) text += line;
    std::clock_t begin = std::clock();  // of this process: the machine may be busy
    std::size_t pos = 0, records = 0;
    while (pos < text.size()) {
      Record record = reader.read(text, pos, 1, 0);
      if (record.kind == Record::Kind::oversized) break;
      pos = record.end;
      ++records;
    }
    EXPECT_GT(records, 100000u);
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 2.0);
  }
}

}  // namespace
}  // namespace sluice
