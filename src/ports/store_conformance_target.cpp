// Conformance: target tables, where rows go into typed columns and ingested_data keeps identity only.
#include <stdexcept>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

const std::vector<TargetColumn> kAllTypes = {{"a text", ColumnType::text},     {"whole", ColumnType::integer},
                                             {"amount", ColumnType::number},   {"yes", ColumnType::boolean},
                                             {"day", ColumnType::date},        {"at", ColumnType::time},
                                             {"moment", ColumnType::datetime}, {"rest", ColumnType::json}};

TestRow typed(std::uint64_t number, const std::string& key, std::vector<Cell> cells) {
  std::string all;
  for (const Cell& cell : cells) all += std::string(cell.text()) + "|";
  return {
      .number = number,
      .data = "{\"id\":\"" + key + "\",\"all\":\"" + std::to_string(std::hash<std::string>{}(all)) + "\"}",
      .key = key,
      .typed = std::move(cells)};
}

TEST_P(StoreConformance, ATargetTableHoldsEveryTypeWithoutLoss) {
  Job job = create();
  WriteSpec wanted = spec(job);
  wanted.target = {"people \"2024\"", kAllTypes};
  run(job, wanted,
      {typed(1, "A",
             {Cell::string("007 ' \" é"), Cell::number("-9223372036854775808"), Cell::number("0.1"),
              Cell::boolean(true), Cell::string("2024-02-29"), Cell::string("09:30:00"),
              Cell::string("2024-02-29T09:30:00Z"), Cell::json("{\"a\":[1]}")}),
       typed(2, "B",
             {Cell::string("+1"), Cell::number("12345678901234567890123"),
              Cell::number("3.14159265358979323846264338"), Cell::boolean(false), Cell::null(), Cell::null(),
              Cell::null(), Cell::null()}),
       typed(3, "C",
             {Cell::null(), Cell::null(), Cell::null(), Cell::null(), Cell::null(), Cell::null(),
              Cell::null(), Cell::null()})});
  auto rows = database_->query(
      "SELECT \"a text\", whole, amount, yes, day, at, moment, rest, sluice_id "
      "FROM \"people \"\"2024\"\"\" JOIN ingested_data d ON d.id = sluice_id ORDER BY row_number");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0][0], "007 ' \" é");
  EXPECT_EQ(rows[0][1], "-9223372036854775808");
  EXPECT_EQ(rows[0][2], "0.1");
  EXPECT_TRUE(rows[0][3] == "1" || rows[0][3] == "t") << rows[0][3];
  EXPECT_EQ(rows[0][4], "2024-02-29");
  EXPECT_EQ(rows[0][5], "09:30:00");
  EXPECT_EQ(rows[0][7].find("{\"a\":"), 0u);
  EXPECT_EQ(rows[1][0], "+1") << "text stays text";
  EXPECT_EQ(rows[1][1], "12345678901234567890123");
  EXPECT_EQ(rows[1][2], "3.14159265358979323846264338");
  EXPECT_EQ(rows[2], (std::vector<std::string>{"∅", "∅", "∅", "∅", "∅", "∅", "∅", "∅", rows[2][8]}));
  auto stored = database_->rows();
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(stored[i].id, rows[i][8]);
    EXPECT_FALSE(stored[i].data) << "data is in the table, ingested_data keeps identity only";
    EXPECT_EQ(stored[i].content_hash.size(), 64u);
  }
}

TEST_P(StoreConformance, ATargetRowIsReplacedWithItsKey) {
  Job first = create(), second = create();
  TargetTable target{"animals", {{"name", ColumnType::text}, {"legs", ColumnType::integer}}};
  WriteSpec one = spec(first, IdentityKind::key, OnDuplicate::update),
            two = spec(second, IdentityKind::key, OnDuplicate::update);
  one.target = two.target = target;
  run(first, one,
      {typed(1, "A", {Cell::string("ant"), Cell::number("6")}),
       typed(2, "B", {Cell::string("bee"), Cell::number("6")})});
  run(second, two,
      {typed(1, "A", {Cell::string("ape"), Cell::null()}),
       typed(2, "C", {Cell::string("cat"), Cell::number("4")}),
       typed(3, "C", {Cell::string("cow"), Cell::number("4")})});
  EXPECT_EQ(database_->query("SELECT name, legs FROM animals ORDER BY name"),
            (std::vector<std::vector<std::string>>{{"ape", "∅"}, {"bee", "6"}, {"cow", "4"}}));
  EXPECT_EQ(number("SELECT count(*) FROM animals JOIN ingested_data d ON d.id = sluice_id"), "3");
}

TEST_P(StoreConformance, ATargetTableGrowsNewColumnsAndKeepsOldOnes) {
  Job first = create(), second = create();
  WriteSpec one = spec(first), two = spec(second);
  one.target = {"animals", {{"name", ColumnType::text}, {"legs", ColumnType::integer}}};
  two.target = {"animals", {{"name", ColumnType::text}, {"colour", ColumnType::text}}};
  run(first, one, {typed(1, "A", {Cell::string("ant"), Cell::number("6")})});
  run(second, two, {typed(1, "B", {Cell::string("bee"), Cell::string("yellow")})});
  EXPECT_EQ(database_->query("SELECT name, legs, colour FROM animals ORDER BY name"),
            (std::vector<std::vector<std::string>>{{"ant", "6", "∅"}, {"bee", "∅", "yellow"}}));
}

TEST_P(StoreConformance, ATableThatDoesNotFitIsRefusedWithItsReason) {
  Job job = create();
  WriteSpec wanted = spec(job);
  auto refused = [&](const std::string& table, std::vector<TargetColumn> columns, const std::string& why) {
    wanted.target = {table, std::move(columns)};
    auto opened = store_->open_writer(wanted);
    ASSERT_FALSE(opened) << table;
    EXPECT_EQ(opened.error().kind, ErrorKind::usage);
    EXPECT_NE(opened.error().message.find(why), std::string::npos) << opened.error().message;
    EXPECT_NE(opened.error().message.find(table), std::string::npos) << opened.error().message;
  };
  database_->query("CREATE TABLE theirs (name TEXT)");
  refused("theirs", {{"name", ColumnType::text}}, "sluice_id");
  wanted.target = {"animals", {{"name", ColumnType::text}, {"legs", ColumnType::integer}}};
  ASSERT_TRUE(store_->open_writer(wanted));
  refused("animals", {{"name", ColumnType::text}, {"legs", ColumnType::date}}, "legs");
  refused("ingested_data", {{"name", ColumnType::text}}, "store itself");
  refused("plants", {{"sluice_id", ColumnType::text}}, "sluice_id");
  EXPECT_EQ(database_->query("SELECT * FROM theirs").size(), 0u) << "and left as it is";
}

TEST_P(StoreConformance, AFailedTargetWriteChangesNothing) {
  Job job = create();
  WriteSpec wanted = spec(job);
  wanted.target = {"numbered", {{"row_number", ColumnType::integer}}};
  auto writing = writer(wanted);
  Lease held = lease(job);
  database_->fail_at("numbered", 2);
  std::string before = everything();
  EXPECT_FALSE(try_commit(*writing, wanted, held,
                          {typed(1, "A", {Cell::number("1")}), typed(2, "B", {Cell::number("2")})}));
  database_->heal();
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(number("SELECT count(*) FROM numbered"), "0");
}

}  // namespace
}  // namespace sluice
