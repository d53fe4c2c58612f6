#include "rows/row_batch.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace sluice {
namespace {

static_assert(!std::is_copy_constructible_v<Arena> && !std::is_copy_constructible_v<Buffer>);

SharedColumns columns(std::initializer_list<std::string> names) {
  return std::make_shared<const Columns>(names);
}
Issue issue(std::string message) { return {RejectCode::type_error, "a", 1, "", "", std::move(message), ""}; }

TEST(RowBatch, new_rows_have_missing_cells) {
  RowBatch batch(columns({"a", "b"}), 3);
  EXPECT_EQ(batch.add_row(), 0u);
  batch.cells(0)[2] = Cell::string("x");
  EXPECT_EQ(batch.add_row(), 1u);
  ASSERT_EQ(batch.size(), 2u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(batch.cells(1)[i].kind, CellKind::missing);
  EXPECT_EQ(batch.cells(0)[2].text(), "x");
  EXPECT_FALSE(batch.info(1).rejected());
  EXPECT_TRUE(batch.info(1).readable);
}

TEST(RowBatch, widening_keeps_every_cell) {
  RowBatch batch(columns({"a", "b"}), 2);
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.push_back(std::to_string(i));
  for (std::size_t row = 0; row < 100; ++row) {
    batch.add_row();
    batch.cells(row)[0] = Cell::string(texts[2 * row]);
    batch.cells(row)[1] = Cell::number(texts[2 * row + 1]);
  }
  batch.widen(2);
  batch.widen(1);  // never narrower
  EXPECT_EQ(batch.stride(), 2u);
  batch.widen(5);
  ASSERT_EQ(batch.stride(), 5u);
  std::size_t last = batch.add_row();
  for (std::size_t row = 0; row < 100; ++row) {
    EXPECT_EQ(batch.cells(row)[0].text(), texts[2 * row]);
    EXPECT_EQ(batch.cells(row)[1].text(), texts[2 * row + 1]);
    EXPECT_EQ(batch.cells(row)[1].kind, CellKind::number);
    for (std::size_t i = 2; i < 5; ++i) EXPECT_EQ(batch.cells(row)[i].kind, CellKind::missing);
  }
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(batch.cells(last)[i].kind, CellKind::missing);
  RowBatch none(columns({}), 0);
  none.add_row();
  none.widen(2);
  EXPECT_EQ(none.cells(0)[1].kind, CellKind::missing);
}

TEST(RowBatch, a_row_keeps_so_many_reasons) {
  RowBatch batch(columns({"a"}), 1);
  for (int row = 0; row < 3; ++row) batch.add_row();
  EXPECT_FALSE(batch.has_rejects());
  for (std::size_t i = 0; i < kIssuesPerRow + 5; ++i) batch.reject(2, issue(std::to_string(i)));
  batch.reject(0, issue("only"));
  EXPECT_TRUE(batch.has_rejects());
  EXPECT_TRUE(batch.info(0).rejected() && !batch.info(1).rejected() && batch.info(2).rejected());
  EXPECT_TRUE(batch.issues(1).empty());
  ASSERT_EQ(batch.issues(2).size(), kIssuesPerRow);
  EXPECT_EQ(batch.issues(2).front().message, "0");
  EXPECT_EQ(batch.issues(2).back().message, std::to_string(kIssuesPerRow - 1));
  EXPECT_EQ(batch.take_issues(0).at(0).message, "only");
  EXPECT_TRUE(batch.info(0).rejected());
  EXPECT_TRUE(batch.take_issues(1).empty());
}

TEST(RowBatch, extra_cells_of_long_records) {
  RowBatch batch(columns({"a"}), 1);
  batch.add_row();
  batch.add_row();
  EXPECT_TRUE(batch.extra_cells(0).empty());
  batch.set_extra_cells(1, {Cell::string("x"), Cell::string("y")});
  EXPECT_TRUE(batch.extra_cells(0).empty());
  ASSERT_EQ(batch.extra_cells(1).size(), 2u);
  EXPECT_EQ(batch.extra_cells(1)[1].text(), "y");
}

TEST(RowBatch, moving_keeps_every_view_valid) {
  RowBatch batch(columns({"a", "b"}), 2);
  Buffer chunk("first,second");
  const char* bytes = chunk.data();
  batch.own(std::move(chunk));
  batch.add_row();
  batch.cells(0)[0] = Cell::string({bytes, 5});
  batch.cells(0)[1] = Cell::string(batch.arena().copy("made on the way"));
  batch.info(0).raw = bytes;
  batch.info(0).raw_size = 12;
  RowBatch moved = std::move(batch);
  moved.own(Buffer("another chunk"));
  for (int i = 0; i < 1000; ++i) moved.arena().copy("more and more of it");
  EXPECT_EQ(moved.cells(0)[0].text(), "first");
  EXPECT_EQ(moved.cells(0)[1].text(), "made on the way");
  EXPECT_EQ(std::string_view(moved.info(0).raw, moved.info(0).raw_size), "first,second");
}

TEST(RowBatch, releasing_the_input_frees_it_and_keeps_the_arena) {
  RowBatch batch(columns({"a"}), 1);
  batch.own(Buffer(std::string(1'000'000, 'x')));
  std::string_view kept = batch.arena().copy("kept");
  for (int i = 0; i < 10'000; ++i) batch.add_row();
  batch.reject(0, issue("why"));
  std::size_t before = batch.bytes();
  EXPECT_GE(before, 1'000'000 + 10'000 * (sizeof(RowInfo) + sizeof(Cell)));
  batch.release_input();
  EXPECT_EQ(kept, "kept");
  EXPECT_EQ(batch.bytes(), batch.arena().bytes());
  EXPECT_LT(batch.bytes(), 100'000u);
}

}  // namespace
}  // namespace sluice
