#include "formats/read_plan.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

ReadPlan full_plan() {
  ReadPlan plan;
  plan.format = FormatKind::xlsx;
  plan.compression = Compression::zstd;
  plan.encoding = "windows-1252";
  plan.csv = {.delimiter = '\t',
              .quote = '\0',
              .double_quote = false,
              .escape = '\\',
              .comment = '#',
              .skip_initial_space = true,
              .trailing_delimiter = true,
              .null_sequence = "",
              .comment_rows = {2, 7}};
  plan.sheet = {.number = 2, .name = "Übersicht", .first_column = 3, .more = {"Übersicht 2", "c"}};
  plan.pointer = "/a~1b/ü";
  plan.columns = {"", "x\"y", "b\xff", "naïve"};
  plan.rows_are_arrays = true;
  plan.item_keys = {"k"};
  plan.row_member = "row";
  plan.row_number_member = "rowNumber";
  plan.row_bytes = 77;
  plan.first_row = {.offset = 1ull << 60, .row = 3, .line = 9};
  plan.findings = {"one", "two"};
  return plan;
}

void expect_equal(const ReadPlan& a, const ReadPlan& b) {
  EXPECT_EQ(a.format, b.format);
  EXPECT_EQ(a.compression, b.compression);
  EXPECT_EQ(a.encoding, b.encoding);
  EXPECT_EQ(a.csv, b.csv);
  EXPECT_EQ(a.sheet, b.sheet);
  EXPECT_EQ(a.pointer, b.pointer);
  EXPECT_EQ(a.columns, b.columns);
  EXPECT_EQ(a.rows_are_arrays, b.rows_are_arrays);
  EXPECT_EQ(a.item_keys, b.item_keys);
  EXPECT_EQ(a.row_member, b.row_member);
  EXPECT_EQ(a.row_number_member, b.row_number_member);
  EXPECT_EQ(a.row_bytes, b.row_bytes);
  EXPECT_EQ(a.first_row, b.first_row);
  EXPECT_EQ(a.findings, b.findings);
}

TEST(ReadPlanJson, GoesThereAndBack) {
  for (const ReadPlan& plan : {ReadPlan(), full_plan()}) {
    auto back = read_plan_from_json(to_json(plan));
    ASSERT_TRUE(back) << back.error().message;
    expect_equal(plan, *back);
  }
}

// A member added to the struct and forgotten here would be lost on every resume (window_bytes is not of the
// plan: it comes from the process that reads).
TEST(ReadPlanJson, NoMemberIsForgotten) {
#if defined(__GLIBCXX__) && defined(__x86_64__)
  EXPECT_EQ(sizeof(ReadPlan), 400u) << "a new member? add it to read_plan.cpp and to full_plan()";
#endif
}

TEST(ReadPlanJson, EveryByteMayBeADelimiter) {
  for (int byte = 0; byte < 256; ++byte) {
    ReadPlan plan;
    plan.csv.delimiter = static_cast<char>(byte);
    auto back = read_plan_from_json(to_json(plan));
    ASSERT_TRUE(back) << byte;
    EXPECT_EQ(back->csv.delimiter, plan.csv.delimiter);
  }
}

TEST(ReadPlanJson, WhatIsNotUnderstoodIsRefused) {
  std::string good = to_json(ReadPlan());
  std::string unknown = good;
  unknown.insert(1, "\"newer\":1,");
  std::string missing = good;
  missing.replace(missing.find("\"encoding\""), 10, "\"encodinG\"");
  std::string other_kind = good;
  other_kind.replace(other_kind.find("\"csv\""), 5, "\"xls\"");
  for (const std::string& bad :
       {std::string(), std::string("{"), std::string("[]"), unknown, missing, other_kind}) {
    auto plan = read_plan_from_json(bad);
    ASSERT_FALSE(plan) << bad;
    EXPECT_NE(plan.error().message.find("reading plan"), std::string::npos);
  }
}

TEST(ReadPlanNames, AreThoseOfThePipelineFile) {
  EXPECT_EQ(name_of(FormatKind::ndjson), "ndjson");
  EXPECT_EQ(name_of(FormatKind::xlsx), "xlsx");
  EXPECT_EQ(name_of(Compression::none), "none");
}

}  // namespace
}  // namespace sluice
