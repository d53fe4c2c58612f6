// What detect_csv finds out, and what it leaves alone.
#include <gtest/gtest.h>

#include "formats/csv_detect.h"

namespace sluice {
namespace {

CsvDetection detected(std::string_view sample, const Dialect& declared = {},
                      const std::vector<std::string>& fields = {}) {
  auto found = detect_csv(sample, true, declared, false, fields);
  EXPECT_TRUE(found.has_value()) << (found ? "" : found.error().message);
  return found.value_or(CsvDetection{});
}

Dialect comma_with_header() {
  Dialect dialect;
  dialect.delimiter = ',';
  dialect.header = true;
  return dialect;
}

TEST(CsvDetect, Delimiters) {
  EXPECT_EQ(detected("a,b\n1,2\n").dialect.delimiter, ',');
  EXPECT_EQ(detected("a;b\n1,5;2,5\n3,0;4,1\n").dialect.delimiter, ';');
  EXPECT_EQ(detected("a\tb\nx y, z\t2\n").dialect.delimiter, '\t');
  EXPECT_EQ(detected("a|b|c\n12:30|x, y|z\n").dialect.delimiter, '|');
  EXPECT_EQ(detected("a:b:c\nx:y:1\nz:u:2\n").dialect.delimiter, ':');
  EXPECT_EQ(detected("a^b\nx^1\nz^2\n").dialect.delimiter, '^');
  EXPECT_EQ(detected("id name size\n1 ab 10\n2 cd 20\n").dialect.delimiter, ' ');
  EXPECT_EQ(detected("a*b\nx*1\nz*2\n").dialect.delimiter, '*');
  EXPECT_EQ(detected("when,what\n2024-01-01 10:00:00,a;b;c\n2024-01-01 11:00:00,d;e;f\n").dialect.delimiter,
            ',');
  EXPECT_EQ(detected("a,\"b;c;d\"\n1,\"x;y;z\"\n2,\"x;y;z\"\n").dialect.delimiter, ',');
}

TEST(CsvDetect, OneColumnIsNoTable) {
  for (std::string_view text :
       {"name\nJohn Smith\nMary Jones\n", "time\n12:30\n14:00\n", "word\nfoo\nbar\n"}) {
    auto found = detected(text);
    EXPECT_EQ(found.dialect.delimiter, ',') << text;
    EXPECT_EQ(found.columns.size(), 1u) << text;
  }
}

TEST(CsvDetect, DeclaredIsTaken) {
  Dialect dialect;
  dialect.delimiter = '|';
  EXPECT_EQ(detected("a,b\n1,2\n", dialect).columns, (Columns{"a,b"}));
  dialect = {};
  dialect.quoting = false;
  EXPECT_EQ(detected("a,b\n\"1,2\n", dialect).dialect.quote, '\0');
  EXPECT_EQ(detect_csv("a\tb\n1\t2,3\n", true, {}, true, {})->dialect.delimiter, '\t');
}

TEST(CsvDetect, QuotesEscapesAndBlanks) {
  EXPECT_EQ(detected("'a','b'\n'x, y','z'\n").dialect.quote, '\'');
  EXPECT_EQ(detected("a,b\n'tis,1\n'twas,2\n").dialect.quote, '"');
  EXPECT_EQ(detected("a,b\n\"say \\\"hi\\\", you\",1\n\"x\",2\n").dialect.escape, '\\');
  EXPECT_EQ(detected("a,b\n\"C:\\\",1\n\"D:\\\",2\n").dialect.escape, '\0');
  EXPECT_TRUE(detected("a, b, c\n1, \"2, 3\", 4\n").dialect.skip_initial_space);
  EXPECT_FALSE(detected("a, b\n1, \"2\"\n").dialect.skip_initial_space);
  EXPECT_EQ(detect_csv("a\tb\n\"5\t6\n7\t8\n", true, {}, true, {})->dialect.quote, '\0');
  EXPECT_EQ(detected("a,b\n\"5,6\n7,8\n").dialect.quote, '"');  // a stray quote is an error, not a dialect
  EXPECT_EQ(detected("a,b\n#1,2\n").dialect.comment, '\0');
}

TEST(CsvDetect, HeaderOrNot) {
  auto found = detected("name,age\nAnn,31\nBob,45\n");
  EXPECT_EQ(found.columns, (Columns{"name", "age"}));
  EXPECT_EQ(found.first_row, (Position{.offset = 9, .row = 1, .line = 2}));
  found = detected("Ann,31\nBob,45\nEve,19\n");
  EXPECT_EQ(found.columns, (Columns{"column_1", "column_2"}));
  EXPECT_EQ(found.first_row, Position{});
  EXPECT_EQ(detected("a,b\nx,y\nz,u\n").columns, (Columns{"a", "b"}));
  EXPECT_EQ(detected("country,1990,1991\nTexas,5,6\nUtah,7,8\n").columns[1], "1990");
  EXPECT_EQ(detected("1,2,3\n").columns[2], "column_3");
  EXPECT_EQ(detected("1,2\n3,4\n", comma_with_header()).columns, (Columns{"1", "2"}));
  EXPECT_EQ(detected("1,name\n3,4\n", {}, {"Name"}).columns, (Columns{"1", "name"}));
}

TEST(CsvDetect, WithoutHeaderTheSchemaNamesTheColumns) {
  Dialect dialect;
  dialect.header = false;
  EXPECT_EQ(detected("1,2,3\n4,5,6\n", dialect, {"id", "name"}).columns, (Columns{"id", "name", "column_3"}));
  EXPECT_EQ(detected("1,2\n", dialect, {"a", "b", "c"}).columns.size(), 3u);
}

TEST(CsvDetect, RowsThatEndWithADelimiter) {
  auto names = [](const CsvDetection& found) {
    std::string all;
    for (const std::string& name : found.columns) all += name + " ";
    return all;
  };
  const std::string told = "Every row ends with a delimiter: the empty cell behind it is ignored.";
  for (std::string_view text :
       {"id,name\n1,Ann,\n2,Bob, \n", "id,name,\n1,Ann,\n2,Bob,\"\"\n", "id,name, \n1,A,\n"}) {
    auto found = detected(text);
    EXPECT_TRUE(found.dialect.trailing_delimiter) << text;
    EXPECT_EQ(names(found), "id name ") << text;
    EXPECT_EQ(std::count(found.findings.begin(), found.findings.end(), told), 1) << text;
  }
  // Not every row, something there, a row of the right width, two cells too many, no rows at all.
  for (std::string_view text : {"id,name\n1,Ann,\n2,Bob\n", "id,name\n1,Ann,\n2,Bob,x\n",
                                "id,name\n1,Ann\n2,Bob\n", "id,name\n1,Ann,,\n2,Bob,,\n", "id,name\n"})
    EXPECT_FALSE(detected(text).dialect.trailing_delimiter) << text;
  auto filled = detected("id,name,\n1,Ann,\n2,Bob,x\n");
  EXPECT_FALSE(filled.dialect.trailing_delimiter);
  EXPECT_EQ(names(filled), "id name column_3 ");
  // A schema may know the column, or name those of a file without a header.
  EXPECT_FALSE(detected("id,name,\n1,Ann,\n", {}, {"id", "name", "column_3"}).dialect.trailing_delimiter);
  Dialect declared;
  declared.header = false;
  auto headless = detected("1,Ann,\n2,Bob,\n", declared, {"id", "name"});
  EXPECT_TRUE(headless.dialect.trailing_delimiter);
  EXPECT_EQ(names(headless), "id name ");
  EXPECT_EQ(names(detected("1,Ann,\n2,Bob,\n", declared)), "column_1 column_2 column_3 ");
  declared = {};
  declared.header_rows = {2};
  auto chosen = detected("title\nid,name\n1,Ann,\n2,Bob,\n", declared);
  EXPECT_TRUE(chosen.dialect.trailing_delimiter);
  EXPECT_EQ(names(chosen), "id name ");
}

TEST(CsvDetect, TitleLines) {
  auto found = detected("Report of 2024\n\nname,age,town\nAnn,31,Rome\nBob,45,Oslo\n");
  EXPECT_EQ(found.columns, (Columns{"name", "age", "town"}));
  EXPECT_EQ(found.first_row.line, 4u);
  EXPECT_EQ(detected("Report,,\n,,\nname,age,town\nAnn,31,Rome\nBob,45,Oslo\n").first_row.line, 4u);
  EXPECT_EQ(detected("# made by X\n# on Monday\nname,age\nAnn,31\nBob,45\n").columns[0], "name");
  EXPECT_EQ(detected("#name,age\nAnn,31\nBob,45\n").columns[0], "#name");
  // A header that is short of a cell is a header still.
  EXPECT_EQ(detected("name,age\nAnn,31,x\nBob,45,y\nEve,19,z\n").columns, (Columns{"name", "age"}));
  // A header that is declared stands first.
  EXPECT_EQ(detected("Report\nname,age\nAnn,31\n", comma_with_header()).columns, (Columns{"Report"}));
}

TEST(CsvDetect, HeaderRowsAndComments) {
  Dialect dialect;
  dialect.header_rows = {2, 3};
  dialect.header_join = "/";
  auto found = detected("title\nsize,size,\nmin,max,size\n1,2,3\n", dialect);
  EXPECT_EQ(found.columns, (Columns{"size/min", "size/max", "size"}));
  EXPECT_EQ(found.first_row.line, 4u);
  dialect = {};
  dialect.comment_char = '%';
  dialect.comment_rows = {3, 2};
  found = detected("%c\nx\ny\na,b\n1,2\n", dialect);
  EXPECT_EQ(found.columns, (Columns{"a", "b"}));
  EXPECT_EQ(found.dialect.comment_rows, (std::vector<std::uint32_t>{2, 3}));
  dialect = {};
  dialect.header_rows = {7};
  EXPECT_FALSE(detect_csv("a,b\n1,2\n", true, dialect, false, {}).has_value());
}

TEST(CsvDetect, Names) {
  using namespace std::string_view_literals;
  auto found = detected("\xEF\xBB\xBF\" a \",,a,b\0c,\"x\ny\"\r\n1,2,3,4,5\r\n"sv, comma_with_header());
  EXPECT_EQ(found.columns, (Columns{"a", "column_2", "a_2", "b_c", "x\ny"}));
  EXPECT_EQ(found.first_row, (Position{.offset = 23, .row = 1, .line = 3}));
}

TEST(CsvDetect, WhatIsNoCsv) {
  using namespace std::string_view_literals;
  for (std::string_view text : {""sv, "\n"sv, "\xEF\xBB\xBF"sv, "\r\n\r\n"sv, "a\0\0\0b\0\0\0c"sv}) {
    auto found = detect_csv(text, true, {}, false, {});
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().kind, ErrorKind::input);
  }
  EXPECT_FALSE(detect_csv(std::string(1 << 20, 'x'), false, {}, false, {}).has_value());
}

TEST(CsvDetect, ATornLastLineDoesNotCount) {
  auto found = detect_csv("a;b\n1;2\n3;4\n5", false, {}, false, {});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->dialect.delimiter, ';');
}

}  // namespace
}  // namespace sluice
