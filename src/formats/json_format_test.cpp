#include "formats/json_format.h"

#include <gtest/gtest.h>

#include "formats/json_detect.h"
#include "formats/json_test_support.h"

namespace sluice {
namespace {

using json_test::Reading;

ReadPlan plan_of(std::string_view text, const Dialect& dialect = {}, const std::string& pointer = "") {
  auto found = detect_json(text, true, FormatKind::json, dialect, pointer);
  EXPECT_TRUE(found) << found.error().message;
  ReadPlan plan;
  plan.format = FormatKind::json;
  if (!found) return plan;
  plan.pointer = found->pointer;
  plan.columns = found->columns;
  plan.rows_are_arrays = found->rows_are_arrays;
  plan.item_keys = found->item_keys;
  plan.first_row = found->first_row;
  return plan;
}

Reading read(std::string_view text, const ReadPlan& plan, std::size_t target = 1 << 20) {
  auto format = make_json_format(plan);
  return json_test::read_all(*format, plan, text, target, plan.first_row);
}
Reading read(std::string_view text, std::size_t target = 1 << 20) {
  return read(text, plan_of(text), target);
}

TEST(JsonFormat, ReadsObjects) {
  Reading got =
      read("[{\"a\":1,\"b\":\"x\"},\n {\"b\":null,\"a\":-1.50e3,\"c\":[1, {\"d\":2}]}, {\"c\":true}]\n");
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.shown(),
            "1@1 a=3:1|b=2:x|\n"
            "2@2 a=3:-1.50e3|b=1:|c=5:[1, {\"d\":2}]|\n"
            "3@2 c=4:true|\n");
  EXPECT_EQ(got.batches, 1u);
  EXPECT_EQ(got.rows[0].cell_count, 3u) << "an object is never ragged";
  EXPECT_EQ(got.rows[1].raw, "{\"b\":null,\"a\":-1.50e3,\"c\":[1, {\"d\":2}]}");
}

TEST(JsonFormat, TakesEscapesApart) {
  Reading got = read(R"([{"\u0061\n":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 é"}])");
  ASSERT_EQ(got.error, "");
  EXPECT_EQ(got.rows[0].cells[0].name, "a\n");
  EXPECT_EQ(got.rows[0].cells[0].text, "\"\\/\b\f\n\r\té😀 é");
}

TEST(JsonFormat, AnEmptyArrayHasNoRows) {
  for (const char* text : {"[]", " [ \r\n ] \n", "\xEF\xBB\xBF[]"}) {
    Reading got = read(text);
    EXPECT_EQ(got.error, "") << text;
    EXPECT_TRUE(got.rows.empty()) << text;
  }
}

TEST(JsonFormat, OtherValuesAreRejects) {
  Reading got = read("[1,\"x\",null,true,[2],{\"a\":1}]");
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.shown(),
            "1@1 type-error\n2@1 type-error\n3@1 type-error\n4@1 type-error\n5@1 type-error\n6@1 a=3:1|\n");
  EXPECT_EQ(got.rows[0].message, "Row 1 is a number, not an object.");
  EXPECT_EQ(got.rows[4].message, "Row 5 is an array, not an object.");
}

TEST(JsonFormat, WhatCannotBeStoredIsAReject) {
  Reading got = read(
      "[{\"a\":\"\\u0000\"},{\"a\":[\"\\ud800\"]},{\"\\udc00\":1},{\"a\":\"\xff\"},{\"a\":\"\\ud83d\\ude00\"}"
      "]");
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.shown(),
            "1@1 encoding-error\n2@1 encoding-error\n3@1 encoding-error\n4@1 encoding-error\n5@1 a=2:😀|\n");
}

TEST(JsonFormat, AMemberTwiceIsAReject) {
  Reading got = read("[{\"x\":1,\"a\":1,\"\\u0061\":2},{\"a\":1}]");
  EXPECT_EQ(got.shown(), "1@1 syntax-error\n2@1 a=3:1|\n");
  EXPECT_EQ(got.rows[0].message, "Row 1 has the member a twice; which of the two counts cannot be known.");
}

TEST(JsonFormat, TooDeepIsAReject) {
  auto nested = [](int levels) {
    return "[{\"a\":" + std::string(levels, '[') + std::string(levels, ']') + "},{\"b\":1}]";
  };
  EXPECT_EQ(read(nested(127)).rows[0].code, "");
  EXPECT_EQ(read(nested(128)).shown(), "1@1 syntax-error\n2@1 b=3:1|\n");
  EXPECT_EQ(read(nested(100000)).rows[0].code, "syntax-error");
}

TEST(JsonFormat, ABrokenPlaceEndsIt) {
  struct Case {
    const char* text;
    std::size_t rows;
    const char* error;
  };
  for (const Case& c : std::vector<Case>{
           {"[{\"a\":1},\n{\"a\" 2},{\"a\":3}]", 1,
            "The JSON array is broken in row 2, line 2, character 6 of the row: a colon is expected behind "
            "the name of "
            "a member, but there is 2."},
           {"[{\"a\":1},{\n\n  \"a\":01}]", 1,
            "The JSON array is broken in row 2, line 3, column 8: a number must have no zeros in front, but "
            "there is 1."},
           {"[{\"a\":1} {\"a\":2}]", 1,
            "The JSON array is broken in row 2, line 1, character 1 of the row: a comma or ] is expected "
            "behind a row, "
            "but there is {."},
           {"[{\"a\":1},", 1,
            "The JSON array is broken in row 2, line 1, character 1 of the row: the document ends inside the "
            "array of rows."},
           {"[{\"a\":1}", 0,
            "The JSON array is broken in row 1, line 1, character 8 of the row: the document ends inside the "
            "array of rows."},
           {"[{\"a\":1},{\"a\":", 1,
            "The JSON array is broken in row 2, line 1, character 6 of the row: a value is expected (a text "
            "in \", a "
            "number, true, false, null, { or [), but the text ends there."},
           {"[{\"a\":1},]", 1,
            "The JSON array is broken in row 2, line 1, character 1 of the row: a row is expected behind the "
            "last comma."},
           {"[,{\"a\":1}]", 0,
            "The JSON array is broken in row 1, line 1, character 1 of the row: a row is expected before the "
            "comma."},
           {"[{\"a\":1},,{\"a\":1}]", 1,
            "The JSON array is broken in row 2, line 1, character 1 of the row: a value is expected (a text "
            "in \", a number, "
            "true, false, null, { or [), but the text ends there."},
           {"[{\"a\":1}]x", 1,
            "The document is no valid JSON: behind the array of rows (1 rows, it ends on line 1 or later) "
            "the document must end, but there "
            "is x."},
           {"[{\"a\":1}],", 1,
            "The document is no valid JSON: behind the array of rows (1 rows, it ends on line 1 or later) "
            "the document must end, but there "
            "is ,."},
           {"[{\"a\":1}}", 0,
            "The JSON array is broken in row 1, line 1, character 8 of the row: a comma or ] is expected "
            "behind a row, but there is }."},
       }) {
    Reading got = read(c.text);
    EXPECT_EQ(got.rows.size(), c.rows) << c.text;
    EXPECT_EQ(got.error, c.error) << c.text;
  }
}

TEST(JsonFormat, ReadsAtAPointer) {
  const std::string text =
      "{\"meta\":{\"n\":[{\"x\":0}]},\n\"da/ta\":{\"rows\":[{\"a\":1},{\"a\":2}], \"more\":1},\"z\":[]}\n";
  EXPECT_EQ(read(text, plan_of(text, {}, "/da~1ta/rows")).shown(), "1@2 a=3:1|\n2@2 a=3:2|\n");
  EXPECT_EQ(read(text, plan_of(text, {}, "/meta/n")).shown(), "1@1 x=3:0|\n");
  EXPECT_EQ(read(text, plan_of(text, {}, "/da~1ta/rows")).error, "");
  Dialect property;
  property.property = "z";
  EXPECT_TRUE(read(text, plan_of(text, property)).rows.empty());
  const std::string in_array = "[[1],[{\"a\":1}],\"x\"]";
  EXPECT_EQ(read(in_array, plan_of(in_array, {}, "/1")).shown(), "1@1 a=3:1|\n");
  EXPECT_EQ(read(in_array, plan_of(in_array, {}, "/1")).error, "");
}

TEST(JsonFormat, TheRestOfTheDocumentIsChecked) {
  for (const char* rest : {"", "]", "}x", ",}", ",\"b\"}", ",\"b\":tru}", ",\"b\":1", ",\"b\":[}}", "}}"}) {
    const std::string text = std::string("{\"a\":[{\"n\":1}]") + rest;
    Reading got = read(text, plan_of(text, {}, "/a"));
    EXPECT_EQ(got.rows.size(), 1u) << text;
    EXPECT_NE(got.error, "") << text;
  }
}

TEST(JsonFormat, RowsThatAreArrays) {
  const std::string text = "[[\"a\",\"\",\"a\"],\n[1,\"x\",null],[2],[3,4,5,\"\\u0036\",[7]],{\"a\":1}]";
  Reading got = read(text);
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.shown(),
            "1@2 a=3:1|column_2=2:x|a_2=1:|\n"
            "2@2 a=3:2|\n"
            "3@2 a=3:3|column_2=3:4|a_2=3:5|+6+[7]\n"
            "4@2 type-error\n");
  EXPECT_EQ(got.rows[1].cell_count, 1u);
  EXPECT_EQ(got.rows[2].cell_count, 5u);
  EXPECT_EQ(got.rows[3].message, "Row 4 is an object, not an array.");
  Dialect no_header;
  no_header.header = false;
  EXPECT_EQ(read(text, plan_of(text, no_header)).rows[0].shown(),
            "1@1 column_1=2:a|column_2=2:|column_3=2:a|");
  EXPECT_EQ(read("[[1,2],[3,4]]").shown(),
            "1@1 column_1=3:1|column_2=3:2|\n2@1 column_1=3:3|column_2=3:4|\n");
  EXPECT_EQ(read("[[\"a\"]]").shown(), "");
  EXPECT_EQ(read("[[\"a\"],]").error,
            "The JSON array is broken in row 1, line 1, character 1 of the row: a row is expected behind the "
            "last comma.");
}

TEST(JsonFormat, ItemKeysPickAndOrder) {
  Dialect dialect;
  dialect.item_keys = {"b", "a"};
  const std::string text = "[{\"a\":1,\"b\":2,\"c\":3,\"c\":4},{\"a\":5}]";
  EXPECT_EQ(read(text, plan_of(text, dialect)).shown(), "1@1 b=3:2|a=3:1|\n2@1 a=3:5|\n");
}

TEST(JsonFormat, ALongRowIsAReject) {
  const std::string text =
      "[{\"a\":1},\r\n{\"b\":\"" + std::string(300, 'x') + "\",\r\n\"c\":\"\\\"]}\"},\r\n{\"a\":2}]";
  ReadPlan plan = plan_of(text);
  plan.row_bytes = 100;
  for (std::size_t target = 1; target < 400; target += 7) {
    Reading got = read(text, plan, target);
    EXPECT_EQ(got.error, "");
    EXPECT_EQ(got.shown(), "1@1 a=3:1|\n2@1 row-too-large\n3@4 a=3:2|\n") << target;
  }
}

TEST(JsonFormat, ManyDifferentColumnsMakeManyBatches) {
  std::string text = "[";
  for (int i = 0; i < 5000; ++i)
    text +=
        (i == 0 ? "{\"c" : ",{\"c") + std::to_string(i) + "\":\"\\u0041\",\"id\":" + std::to_string(i) + "}";
  text += "]";
  Reading got = read(text);
  ASSERT_EQ(got.rows.size(), 5000u);
  EXPECT_GT(got.batches, 10u);
  for (std::size_t i = 0; i < 5000; ++i) {
    ASSERT_EQ(got.rows[i].cells.size(), 2u);
    for (const auto& cell : got.rows[i].cells)
      EXPECT_EQ(cell.text, cell.name == "id" ? std::to_string(i) : "A");
    EXPECT_EQ(got.rows[i].raw.front(), '{');
    EXPECT_EQ(got.rows[i].raw.back(), '}');
  }
  std::string wide = "[{\"a\":0";
  for (int i = 0; i < 100000; ++i) wide += ",\"m" + std::to_string(i) + "\":" + std::to_string(i);
  wide += "}]";
  EXPECT_EQ(read(wide).rows[0].code, "row-too-large");
  ReadPlan plan = plan_of(wide);
  plan.row_bytes = 1 << 24;
  EXPECT_EQ(read(wide, plan).rows[0].cells.size(), 100001u);
}

}  // namespace
}  // namespace sluice
