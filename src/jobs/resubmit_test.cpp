#include "jobs/resubmit.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

RowBatch report(const Columns& columns, const std::vector<std::vector<std::string>>& texts) {
  RowBatch rows(std::make_shared<Columns>(columns), columns.size());
  for (const auto& row_texts : texts) {
    std::size_t row = rows.add_row();
    rows.info(row).row_number = row + 1;
    rows.info(row).cell_count = static_cast<std::uint32_t>(row_texts.size());
    for (std::size_t i = 0; i < row_texts.size() && i < columns.size(); ++i)
      rows.cells(row)[i] = Cell::string(rows.arena().copy(row_texts[i]));
  }
  return rows;
}

TEST(Resubmit, RowsComeBackAsTheyWereSent) {
  RowBatch rows =
      restore_report_rows(report({"id", "sluice_job", "name", "sluice_row", "sluice_message"},
                                 {{"7", "j", "'=cmd()", "41", "bad"}, {"8", "j", "'it", "43", ""}}));
  EXPECT_EQ(*rows.columns(), (Columns{"id", "name"}));
  EXPECT_EQ(rows.info(0).row_number, 41u);
  EXPECT_EQ(rows.info(1).row_number, 43u);
  EXPECT_EQ(rows.info(0).cell_count, 2u);
  EXPECT_EQ(rows.cells(0)[0].text(), "7");
  EXPECT_EQ(rows.cells(0)[1].text(), "=cmd()");
  EXPECT_EQ(rows.cells(1)[1].text(), "'it");
  EXPECT_FALSE(rows.has_rejects());
}

TEST(Resubmit, ARowThatNobodyFilledInIsRejected) {
  RowBatch rows = restore_report_rows(
      report({"id", "name", "sluice_job", "sluice_row", "sluice_raw"}, {{"", " ", "j", "4", "1,\"Ann"}}));
  ASSERT_TRUE(rows.info(0).rejected());
  EXPECT_EQ(rows.issues(0)[0].code, RejectCode::blank_row);
}

TEST(Resubmit, ARowWithoutItsNumberIsRejected) {
  RowBatch rows =
      restore_report_rows(report({"id", "sluice_job", "sluice_row"}, {{"7", "j", ""}, {"8", "j", "4x"}}));
  for (std::size_t row : {0u, 1u}) {
    ASSERT_TRUE(rows.info(row).rejected());
    EXPECT_NE(rows.issues(row)[0].message.find("sluice_row"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice
