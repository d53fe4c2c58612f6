#include "formats/ndjson_format.h"

#include <gtest/gtest.h>

#include "formats/json_detect.h"
#include "formats/json_test_support.h"

namespace sluice {
namespace {

using json_test::Reading;

ReadPlan ndjson_plan_of(std::string_view text, const Dialect& dialect = {}) {
  auto found = detect_json(text, true, FormatKind::ndjson, dialect, "");
  EXPECT_TRUE(found) << found.error().message;
  ReadPlan plan;
  plan.format = FormatKind::ndjson;
  if (!found) return plan;
  plan.columns = found->columns;
  plan.rows_are_arrays = found->rows_are_arrays;
  plan.item_keys = found->item_keys;
  plan.first_row = found->first_row;
  return plan;
}
Reading read_ndjson(std::string_view text, const ReadPlan& plan, std::size_t target = 1 << 20) {
  auto format = make_ndjson_format(plan);
  return json_test::read_all(*format, plan, text, target, plan.first_row);
}
Reading read_ndjson(std::string_view text) { return read_ndjson(text, ndjson_plan_of(text)); }

TEST(NdjsonFormat, LinesEndInLfCrlfOrCr) {
  for (const char* end : {"\n", "\r\n", "\r"}) {
    std::string text;
    for (const char* line : {"{\"a\":1}", "", " \t", " {\"a\":2,\"b\":\"x y\"}\t", "{\"b\":{}}"})
      text += std::string(line) + end;
    text += "{\"a\":3}";
    for (std::size_t target = 1; target < text.size() + 2; ++target) {
      Reading got = read_ndjson(text, ndjson_plan_of(text), target);
      EXPECT_EQ(got.error, "");
      EXPECT_EQ(got.shown(), "1@1 a=3:1|\n2@4 a=3:2|b=2:x y|\n3@5 b=5:{}|\n4@6 a=3:3|\n");
      EXPECT_EQ(got.counted_rows, 4u);
      EXPECT_EQ(got.counted_lines, 5u);
      EXPECT_EQ(got.rows[1].raw, "{\"a\":2,\"b\":\"x y\"}");
    }
  }
}

TEST(NdjsonFormat, ABadLineCostsItsRowOnly) {
  const std::string text =
      "\xEF\xBB\xBF{\"a\":1}\n{\"a\":1} "
      "{\"a\":2}\n{\"a\":}\n{\"a\":\"\xff\"}\n[1]\n\xc3\xa9\n{\"a\":\"\\ud800\"}\n{\"b\":01}\n{\"a\":1,\n{"
      "\"a\":9}\n";
  Reading got = read_ndjson(text);
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(
      got.shown(),
      "1@1 a=3:1|\n2@2 syntax-error\n3@3 syntax-error\n4@4 encoding-error\n5@5 type-error\n6@6 syntax-error\n"
      "7@7 encoding-error\n8@8 syntax-error\n9@9 syntax-error\n10@10 a=3:9|\n");
  EXPECT_EQ(got.rows[1].message,
            "Row 2 is no JSON: in column 9 the line must end behind its one value, but there is {.");
  EXPECT_EQ(got.rows[2].message,
            "Row 3 is no JSON: in column 6 a value is expected (a text in \", a number, true, false, null, { "
            "or [), but there is }.");
  EXPECT_EQ(got.rows[8].message,
            "Row 9 is no JSON: in column 8 the name of a member in \" is expected, but the text ends there.");
}

TEST(NdjsonFormat, NothingHasNoRows) {
  EXPECT_TRUE(read_ndjson("").rows.empty());
  EXPECT_TRUE(read_ndjson("\n\n \n").rows.empty());
}

TEST(NdjsonFormat, ArraysUnderAHeader) {
  Reading got = read_ndjson("\r\n[\"a\",\"b\"]\r\n[1,2]\r\n[3]\r\n");
  EXPECT_EQ(got.shown(), "1@3 a=3:1|b=3:2|\n2@4 a=3:3|\n");
}

TEST(NdjsonFormat, ALongLineIsAReject) {
  for (const char* end : {"\n", "\r\n", "\r"}) {
    const std::string text = std::string("{\"a\":1}") + end + "{\"b\":\"" + std::string(300, 'x') + "\"}" +
                             end + "{\"a\":2}" + end;
    ReadPlan plan = ndjson_plan_of(text);
    plan.row_bytes = 100;
    for (std::size_t target = 1; target < 400; ++target) {
      Reading got = read_ndjson(text, plan, target);
      EXPECT_EQ(got.error, "");
      EXPECT_EQ(got.shown(), "1@1 a=3:1|\n2@2 row-too-large\n3@3 a=3:2|\n") << target;
    }
  }
}

TEST(NdjsonFormat, ReadsAReportBack) {
  ReadPlan plan;
  plan.format = FormatKind::ndjson;
  plan.row_member = "row";
  plan.row_number_member = "rowNumber";
  Reading got = read_ndjson(
      "{\"jobId\":\"x\",\"rowNumber\":17,\"errors\":[\"\\u0000\"],\"row\":{\"a\":1}}\n"
      "{\"rowNumber\":18,\"raw\":\"a;b\"}\n"
      "{\"rowNumber\":19,\"row\":\"a;b\"}\n"
      "{\"row\":{\"a\":1}}\n"
      "{\"row\":{\"b\":2,\"b\":3},\"rowNumber\":21}\n"
      "{\"row\":{\"b\":\"\\ud800\"},\"rowNumber\":22}\n"
      "7\n"
      "{\"row\":{\"b\":2},\"rowNumber\":23}\n",
      plan);
  EXPECT_EQ(got.shown(),
            "17@1 a=3:1|\n18@2 syntax-error\n19@3 syntax-error\n4@4 syntax-error\n21@5 syntax-error\n22@6 "
            "encoding-error\n"
            "7@7 syntax-error\n23@8 b=3:2|\n");
  EXPECT_EQ(got.rows[0].raw, "{\"a\":1}");
}

}  // namespace
}  // namespace sluice
