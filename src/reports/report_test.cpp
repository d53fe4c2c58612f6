#include "reports/report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "reports/report_cells.h"
#include "reports/report_rows.h"

namespace sluice {
namespace {

using Table = std::vector<std::vector<std::string>>;

// The slow obvious reader: RFC 4180, one character at a time.
Table read_csv(const std::string& text) {
  Table table(1);
  std::string cell;
  bool quoted = false;
  for (std::size_t i = text.starts_with("\xEF\xBB\xBF") ? 3 : 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted) {
      if (c != '"')
        cell += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        cell += text[++i];
      else
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',' || c == '\n') {
      table.back().push_back(std::exchange(cell, ""));
      if (c == '\n') table.emplace_back();
    } else {
      cell += c;
    }
  }
  table.pop_back();
  return table;
}

class ReportTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-report-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, const Columns& columns, const std::vector<RejectedRow>& rows) {
    auto report = open_report(path(name), columns);
    EXPECT_TRUE(report) << report.error().message;
    for (const RejectedRow& row : rows) EXPECT_TRUE((*report)->row("job-1", row));
    EXPECT_TRUE((*report)->finish());
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string folder_;
};

RejectedRow rejected(std::string raw, std::uint64_t number = 7, std::uint64_t line = 9) {
  RejectedRow row{number, line, std::move(raw), {}};
  row.issues.push_back(
      {RejectCode::type_error, "day", 2, "", "2024-02-30", "'2024-02-30' is no date.", "2024-02-29"});
  return row;
}

TEST_F(ReportTest, csv) {
  RejectedRow row = rejected(R"({"id":"007","day":"2024-02-30","n":12.50})");
  row.issues.push_back(
      {RejectCode::constraint_error, "id", 1, "pattern", "007", "'007' does not match.", ""});
  EXPECT_EQ(write("r.csv", {"id", "day"}, {row}),
            "\xEF\xBB\xBFid,day,sluice_job,sluice_row,sluice_line,sluice_field,sluice_code,sluice_message,"
            "sluice_suggestion,sluice_more,sluice_raw\n"
            "007,2024-02-30,job-1,7,9,\"day; id\",\"type-error; constraint-error\",\"'2024-02-30' is no "
            "date.; '007' does not match.\","
            "\"2024-02-29; \",\"{\"\"n\"\":12.50}\",\n");
}

TEST_F(ReportTest, csv_of_any_text_reads_back_the_same) {
  std::mt19937_64 random(21);
  const std::string alphabet = "ab,;\"'\r\n\t =+-@#|0.1{\\";
  Columns columns = {"=first", "plain", "with, comma", "sluice_own"};
  std::vector<RejectedRow> rows;
  std::vector<std::vector<std::string>> values;
  for (int i = 0; i < 2000; ++i) {
    nlohmann::json object;
    values.emplace_back();
    for (const std::string& column : columns) {
      std::string text(random() % 8, ' ');
      for (char& c : text) c = alphabet[random() % alphabet.size()];
      object[column] = text;
      values.back().push_back(text);
    }
    rows.push_back(rejected(object.dump(), static_cast<std::uint64_t>(i) + 1));
  }
  Table table = read_csv(write("any.csv", columns, rows));
  ASSERT_EQ(table.size(), rows.size() + 1);
  auto found = find_report_columns(table[0]);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->own_names, (Columns{"=first", "plain", "with, comma"}));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& cells = table[i + 1];
    ASSERT_EQ(cells.size(), table[0].size());
    for (std::size_t column = 0; column < 3; ++column)
      ASSERT_EQ(restore_formula(cells[found->own[column]]), values[i][column]) << i;
    ASSERT_EQ(nlohmann::json::parse(cells[*found->more]), nlohmann::json({{"sluice_own", values[i][3]}}));
    ASSERT_EQ(cells[found->job], "job-1");
    ASSERT_EQ(cells[found->row], std::to_string(i + 1));
  }
}

TEST_F(ReportTest, values_of_every_kind) {
  auto cells_of = [&](const std::string& raw) {
    Table table = read_csv(write("kinds.csv", {"a", "b"}, {rejected(raw)}));
    return std::vector<std::string>{table[1][0], table[1][1], table[1][9], table[1][10]};
  };
  using Cells = std::vector<std::string>;
  EXPECT_EQ(cells_of(R"({"a":null,"b":true})"), (Cells{"", "true", "", ""}));
  EXPECT_EQ(cells_of(R"({"b":[1, {"x": 1.50}],"a":12345678901234567890.10})"),
            (Cells{"12345678901234567890.10", R"([1,{"x":1.50}])", "", ""}));
  EXPECT_EQ(cells_of(R"({"c":"x y", "d":{"e":[ ]}})"), (Cells{"", "", R"({"c":"x y","d":{"e":[]}})", ""}));
  EXPECT_EQ(cells_of("{}"), (Cells{"", "", "", ""}));
  EXPECT_EQ(cells_of(""), (Cells{"", "", "", ""}));
  EXPECT_EQ(cells_of(R"("a,\"b\nc")"), (Cells{"", "", "", "a,\"b\nc"}));
  EXPECT_EQ(cells_of(R"({"a":"x\u0000y"})"), (Cells{"x\\x00y", "", "", ""}));
  EXPECT_EQ(cells_of("no \xFF json"), (Cells{"", "", "", "no \\xFF json"}));
  // What cannot be told apart into columns stays whole.
  EXPECT_EQ(cells_of(R"({"a":1,"a":2})"), (Cells{"", "", "", R"({"a":1,"a":2})"}));
  EXPECT_EQ(cells_of(R"({"a":1)"), (Cells{"", "", "", R"({"a":1)"}));
}

TEST_F(ReportTest, ndjson) {
  RejectedRow unreadable{
      8, 0, R"("a,\"b")", {{RejectCode::syntax_error, "", 0, "", "", "The quote is never closed.", ""}}};
  RejectedRow not_kept{9, 12, "", {{RejectCode::blank_row, "", 0, "", "", "The row is blank.", ""}}};
  RejectedRow broken{10, 13, "{\xFF", {{RejectCode::encoding_error, "", 0, "", "\\xFF", "No text.", ""}}};
  std::string text = write("r.ndjson", {"id"},
                           {rejected("{\"z\": 1.50,\n \"day\":\"2024-02-30\",\"a\":12345678901234567890}"),
                            unreadable, not_kept, broken});
  EXPECT_EQ(
      text,
      R"({"jobId":"job-1","rowNumber":7,"line":9,"errors":[{"field":"day","fieldNumber":2,"code":"type-error","constraint":null,)"
      R"("value":"2024-02-30","message":"'2024-02-30' is no date.","suggestion":"2024-02-29"}],)"
      R"("row":{"z":1.50,"day":"2024-02-30","a":12345678901234567890}})"
      "\n"
      R"({"jobId":"job-1","rowNumber":8,"line":null,"errors":[{"field":null,"fieldNumber":null,"code":"syntax-error","constraint":null,)"
      R"("value":"","message":"The quote is never closed.","suggestion":null}],"raw":"a,\"b"})"
      "\n"
      R"({"jobId":"job-1","rowNumber":9,"line":12,"errors":[{"field":null,"fieldNumber":null,"code":"blank-row","constraint":null,)"
      R"("value":"","message":"The row is blank.","suggestion":null}]})"
      "\n"
      R"({"jobId":"job-1","rowNumber":10,"line":13,"errors":[{"field":null,"fieldNumber":null,"code":"encoding-error","constraint":null,)"
      R"("value":"\\xFF","message":"No text.","suggestion":null}],"raw":"{\\xFF"})"
      "\n");
}

TEST_F(ReportTest, appears_only_when_it_is_complete) {
  for (const char* name : {"part.csv", "part.ndjson", "part.xlsx"}) {
    auto report = open_report(path(name), {"id"});
    ASSERT_TRUE(report);
    ASSERT_TRUE((*report)->row("job-1", rejected("{}")));
    EXPECT_FALSE(std::filesystem::exists(path(name)));
    EXPECT_TRUE(std::filesystem::exists(path(name) + ".part"));
    ASSERT_TRUE((*report)->finish());
    EXPECT_TRUE(std::filesystem::exists(path(name)));
    EXPECT_FALSE(std::filesystem::exists(path(name) + ".part"));
    EXPECT_TRUE(open_report(path(name), {"id"}));  // opened and left: nothing appears, and nothing leaks
  }
}

TEST_F(ReportTest, wrong_places_are_told) {
  auto wrong = open_report(path("report.txt"), {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::usage);
  EXPECT_NE(wrong.error().message.find(".csv, .ndjson or .xlsx"), std::string::npos);
  for (const char* name : {"no/such/folder/r.csv", "no/such/folder/r.jsonl", "no/such/folder/R.XLSX"}) {
    auto missing = open_report(path(name), {});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::io);
    EXPECT_NE(missing.error().message.find(name), std::string::npos);
    EXPECT_NE(missing.error().message.find("No such file"), std::string::npos) << missing.error().message;
  }
}

TEST_F(ReportTest, places_are_tried_before_the_work) {
  EXPECT_TRUE(check_report_place(path("fine.csv")));
  EXPECT_FALSE(std::filesystem::exists(path("fine.csv")) || std::filesystem::exists(path("fine.csv.part")));
  std::ofstream(path("fine.csv.part")) << "another run's";
  EXPECT_TRUE(check_report_place(path("fine.csv")));
  EXPECT_EQ(std::filesystem::file_size(path("fine.csv.part")), 13u);
  std::filesystem::create_directory(path("folder.csv"));
  for (const char* name : {"no/such/folder/r.csv", "folder.csv", "report.txt"}) {
    auto wrong = check_report_place(path(name));
    ASSERT_FALSE(wrong) << name;
    EXPECT_EQ(wrong.error().kind, ErrorKind::usage);
    EXPECT_NE(wrong.error().message.find(name), std::string::npos) << wrong.error().message;
  }
}

TEST_F(ReportTest, a_file_that_is_no_report_is_told) {
  auto lost = find_report_columns({"id", "sluice_job"});
  ASSERT_FALSE(lost);
  EXPECT_NE(lost.error().message.find("'sluice_row'"), std::string::npos);
  EXPECT_NE(find_report_columns({"id", "sluice_row"}).error().message.find("'sluice_job'"),
            std::string::npos);
  auto found = find_report_columns({"sluice_row", "b", "sluice_job", "'=a", "sluice_else"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->row, 0u);
  EXPECT_EQ(found->job, 2u);
  EXPECT_EQ(found->own, (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(found->own_names, (Columns{"b", "=a"}));
  EXPECT_FALSE(found->more || found->raw);
}

TEST_F(ReportTest, the_cell_at_fault_is_found_by_number_then_by_name) {
  ReportCells cells({"a", "sluice_x", "b"});
  auto about = [&](std::string field, std::uint32_t number) {
    return cells.column_of({RejectCode::type_error, field, number, "", "", "", ""});
  };
  EXPECT_EQ(about("renamed", 1), 0u);
  EXPECT_EQ(about("b", 3), 1u);
  EXPECT_EQ(about("sluice_x", 2), std::nullopt);
  EXPECT_EQ(about("b", 0), 1u);
  EXPECT_EQ(about("b", 99), 1u);
  EXPECT_EQ(about("new", 0), std::nullopt);
}

}  // namespace
}  // namespace sluice
