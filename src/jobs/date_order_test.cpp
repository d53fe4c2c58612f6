#include "jobs/date_order.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

PipelineSpec pipeline(const std::string& yaml) {
  auto spec = parse_pipeline(yaml, "test.yaml");
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().message);
  return std::move(*spec);
}

RowBatch column(const std::string& name, const std::vector<std::string>& values) {
  RowBatch rows(std::make_shared<Columns>(Columns{name}), 1);
  for (const std::string& value : values) {
    std::size_t row = rows.add_row();
    rows.cells(row)[0] = Cell::string(rows.arena().copy(value));
  }
  return rows;
}

constexpr const char* kRenamed =
    "name: t\ntransform:\n  - rename: {Signed up: signup}\n  - date: {fields: [signup, left]}\n"
    "schema: {fields: [{name: born, type: date, format: any}, {name: signup, type: date}]}\n";

TEST(DateOrder, NamesTheColumnsThatAreOpen) {
  EXPECT_EQ(undecided_date_columns(pipeline(kRenamed)),
            (std::vector<std::string>{"Signed up", "born", "left"}));
  EXPECT_TRUE(
      undecided_date_columns(pipeline("name: t\ntransform:\n  - date: {fields: [a], order: dmy}\n")).empty());
  EXPECT_TRUE(undecided_date_columns(
                  pipeline("name: t\ntransform:\n  - date: {fields: [a], formats: ['%d/%m/%Y']}\n"))
                  .empty());
}

TEST(DateOrder, OneValueDecidesItsColumn) {
  PipelineSpec spec = pipeline(kRenamed);
  OrdersSeen seen =
      orders_in(column("Signed up", {"03/04/2024", "25/04/2024", ""}), undecided_date_columns(spec));
  merge(seen, orders_in(column("born", {"03/04/2024", "12/31/1999"}), undecided_date_columns(spec)));
  EXPECT_EQ(decide_date_orders(spec, seen).size(), 2u);
  ASSERT_EQ(spec.transform.size(), 3u);  // rename, and a date step for each field
  EXPECT_EQ(spec.transform[1].argument["fields"][0], "signup");
  EXPECT_EQ(spec.transform[1].argument["order"], "dmy");
  EXPECT_FALSE(spec.transform[2].argument.contains("order"));
  EXPECT_EQ(spec.schema->fields[0].date_order, "mdy");
}

TEST(DateOrder, ContradictionDecidesNothing) {
  PipelineSpec spec = pipeline(kRenamed);
  OrdersSeen seen = orders_in(column("born", {"25/04/2024", "12/31/1999"}), {"born"});
  std::vector<std::string> findings = decide_date_orders(spec, seen);
  EXPECT_EQ(spec.schema->fields[0].date_order, "");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].find("rejected"), std::string::npos);
}

}  // namespace
}  // namespace sluice
