// The result as JSON and for people.
#include "cli/result_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sluice {
namespace {

FileResult loaded() {
  FileResult result;
  result.job_id = "j1";
  result.pipeline = "people";
  result.status = "COMPLETED";
  result.source = "people.csv";
  result.bytes = 36;
  result.counts = {.read = 1200, .inserted = 1000, .updated = 3, .duplicate = 190, .rejected = 7};
  result.columns = {{"id", "integer"}};
  result.seconds = 2;
  result.store = "sqlite:s.db";
  return result;
}

TEST(ResultText, JsonHasTheMembersOfTheContractInTheirOrder) {
  auto json = nlohmann::ordered_json::parse(json_text(loaded()));
  std::vector<std::string> names;
  for (const auto& [name, value] : json.items()) names.push_back(name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"jobId", "pipeline", "status", "source", "bytes", "rows", "columns",
                                      "rejectsFile", "seconds", "rowsPerSecond", "peakRssBytes"}));
  EXPECT_EQ(json["rows"].dump(), R"({"read":1200,"inserted":1000,"updated":3,"duplicate":190,"rejected":7})");
  EXPECT_EQ(json["columns"].dump(), R"([{"name":"id","type":"integer"}])");
  EXPECT_TRUE(json["rejectsFile"].is_null());
  EXPECT_EQ(json["rowsPerSecond"], 600);
  EXPECT_GT(json["peakRssBytes"], 1'000'000);
}

TEST(ResultText, SpeedIsOfThisRun) {
  FileResult result = loaded();
  result.rows_before = 1000;
  EXPECT_EQ(nlohmann::json::parse(json_text(result))["rowsPerSecond"], 100);
  EXPECT_NE(people_text(result).find("1,200 rows read, 200 of them now in 2.00 s (100 rows/s)"),
            std::string::npos)
      << people_text(result);
}

TEST(ResultText, ACheckInsertsNothing) {
  FileResult result = loaded();
  result.job_id = result.store = "";
  result.validated = true;
  auto json = nlohmann::json::parse(json_text(result));
  EXPECT_TRUE(json["jobId"].is_null());
  EXPECT_EQ(json["rows"]["valid"], 1193);
  EXPECT_EQ(json["rows"]["inserted"], 0);
  EXPECT_NE(people_text(result).find("checked as pipeline 'people', nothing was written"), std::string::npos);
}

TEST(ResultText, WhatIsNoTextDoesNotBreakTheJson) {
  FileResult result = loaded();
  result.source = "caf\xE9.csv";
  result.error = "line\n\"two\"";
  auto json = nlohmann::json::parse(json_text(result), nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["error"], "line\n\"two\"");
  EXPECT_EQ(std::ranges::count(json_text(result), '\n'), 1);
  EXPECT_EQ(nlohmann::json::parse(json_of_failure("\xFF", "gone"))["status"], "FAILED");
}

TEST(ResultText, ForPeopleWithTheMostFrequentReasons) {
  FileResult result = loaded();
  result.groups = {{"type-error", "day", "'x' is no date.", 5}, {"blank-row", "", "Blank.", 1}};
  result.rejects_file = "bad.csv";
  EXPECT_EQ(people_text(result),
            "people.csv: COMPLETED, pipeline 'people' into sqlite:s.db\n"
            "         1,200 rows read in 2.00 s (600 rows/s)\n"
            "         1,000 inserted\n"
            "             3 updated\n"
            "           190 duplicate (stored already)\n"
            "             7 rejected\n"
            "      5 × type-error in day, such as: 'x' is no date.\n"
            "      1 × blank-row, such as: Blank.\n"
            "  The rejected rows and why: bad.csv\n"
            "  Job j1\n");
}

TEST(RejectGroupsTest, CountByCodeAndFieldMostFrequentFirst) {
  RejectGroups groups;
  auto add = [&](RejectCode code, const char* field, const char* message) {
    groups.add({1, 2, "", {{code, field, 1, "", "", message, ""}}});
  };
  add(RejectCode::type_error, "a", "first");
  add(RejectCode::type_error, "b", "other field");
  add(RejectCode::type_error, "b", "again");
  add(RejectCode::blank_row, "", "blank");
  auto most = groups.most_frequent(2);
  ASSERT_EQ(most.size(), 2u);
  EXPECT_EQ(most[0].field + most[0].message + std::to_string(most[0].rows), "bother field2");
  EXPECT_EQ(most[1].message, "first");
}

}  // namespace
}  // namespace sluice
