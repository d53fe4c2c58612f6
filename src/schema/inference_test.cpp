#include "schema/inference.h"

#include <gtest/gtest.h>

#include <random>

#include "schema/field_rule.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

// A batch of one column; rows are numbered from `first_row`.
RowBatch batch_of(const std::vector<std::string>& values, std::uint64_t first_row = 1) {
  RowBatch batch(std::make_shared<Columns>(Columns{"c"}), 1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t row = batch.add_row();
    batch.info(row).row_number = first_row + i;
    batch.cells(row)[0] = Cell::string(batch.arena().copy(values[i]));
  }
  return batch;
}

Json field_for(const std::vector<std::string>& values, CellSource source = CellSource::text) {
  SchemaInference inference(source);
  inference.observe(batch_of(values));
  Json field = to_json(inference.schema())["fields"][0];
  field.erase("name");
  return field;
}

std::string finding_for(const std::vector<std::string>& values) {
  SchemaInference inference;
  inference.observe(batch_of(values));
  std::vector<std::string> findings = inference.findings();
  return findings.empty() ? "" : findings.front();
}

#define EXPECT_FIELD(json, ...) EXPECT_EQ(field_for(std::vector<std::string>{__VA_ARGS__}), Json::parse(json))

TEST(Inference, Numbers) {
  EXPECT_FIELD(R"({"type": "integer"})", "1", "-2", "0", "", " 17 ");
  EXPECT_FIELD(R"({"type": "number"})", "1", "2.5", "1.234", ".5", "1.5e-7");
  EXPECT_FIELD(R"({"type": "string"})", "1", "1E5");
  EXPECT_FIELD(R"({"type": "string"})", "1", "007");
  EXPECT_FIELD(R"({"type": "string"})", "1", "+49");
  EXPECT_FIELD(R"({"type": "string"})", "1", "1234567890123456");
  EXPECT_FIELD(R"({"type": "integer", "groupChar": ","})", "1,234", "999", "1,234,567");
  EXPECT_FIELD(R"({"type": "number", "groupChar": ","})", "1,234", "999", "1,234.5");
  EXPECT_FIELD(R"({"type": "number", "decimalChar": ","})", "1,5", "12", "0,123", "3,141");
  EXPECT_FIELD(R"({"type": "number", "decimalChar": ",", "groupChar": "."})", "1.234,5", "12", "7.000");
  EXPECT_FIELD(R"({"type": "integer", "groupChar": "."})", "1.234.567", "12", "7.000");
  EXPECT_FIELD(R"({"type": "string"})", "1,234", "12");
  EXPECT_FIELD(R"({"type": "string"})", "1,5", "2.5");
}

TEST(Inference, WordsAndMissingValues) {
  EXPECT_FIELD(R"({"type": "boolean"})", "true", "False", "TRUE");
  EXPECT_FIELD(
      R"({"type": "boolean", "trueValues": ["yes", "Yes", "YES"], "falseValues": ["no", "No", "NO"]})", "yes",
      "No");
  EXPECT_FIELD(R"({"type": "string"})", "NO", "NO");  // Norway
  EXPECT_FIELD(R"({"type": "integer"})", "0", "1");
  EXPECT_FIELD(R"({"type": "integer", "missingValues": ["", "NA", "-"]})", "1", "NA", "-", "");
  EXPECT_FIELD(R"({"type": "string"})", "Anna", "NA");
  EXPECT_FIELD(R"({"type": "string"})", "NA", "NA");
  EXPECT_FIELD(R"({"type": "string"})", "", " ", "\xC2\xA0");
  EXPECT_FIELD(R"({"type": "string", "format": "email"})", "a@b.com", "c.d@e.org");
  EXPECT_FIELD(R"({"type": "string"})", "a@b.com", "none");
}

TEST(Inference, Dates) {
  EXPECT_FIELD(R"({"type": "date"})", "2024-02-28", "");
  EXPECT_FIELD(R"({"type": "string"})", "2024-02-28", "2024-02-30");
  EXPECT_FIELD(R"({"type": "date", "format": "%m/%d/%Y", "dateOrder": "mdy"})", "01/07/2018", "03/27/2017");
  EXPECT_FIELD(R"({"type": "date", "format": "%d/%m/%y", "dateOrder": "dmy"})", "1/7/18", "27/3/17");
  EXPECT_FIELD(R"({"type": "date", "format": "%d.%m.%Y"})", "01.07.2018");
  EXPECT_FIELD(R"({"type": "string"})", "1.2.10", "1.2.11");
  EXPECT_FIELD(R"({"type": "string"})", "01/07/2018", "02/03/2017");
  EXPECT_FIELD(R"({"type": "string"})", "01/27/2018", "27/03/2017");
  EXPECT_FIELD(R"({"type": "date", "format": "any"})", "Jan 1 2000", "Feb 28, 2000", "1 March 2001");
  EXPECT_FIELD(R"({"type": "date", "format": "any", "dateOrder": "mdy"})", "5/19/2006 0:00:00",
               "5/1/2006 0:00:00");
  EXPECT_FIELD(R"({"type": "datetime", "format": "any", "dateOrder": "mdy"})", "5/19/2006 0:00:00",
               "5/1/2006 10:30:00");
  EXPECT_FIELD(R"({"type": "datetime"})", "2016-12-28T15:05:00+00:00", "2016-12-28T15:05:00.5Z");
  EXPECT_FIELD(R"({"type": "datetime", "format": "%Y-%m-%d %H:%M:%S"})", "2016-12-28 15:05:00");
  EXPECT_FIELD(R"({"type": "time"})", "17:55:12");
  EXPECT_FIELD(R"({"type": "time", "format": "%H:%M"})", "17:55", "09:00");
  EXPECT_FIELD(R"({"type": "time", "format": "any"})", "5:55 PM", "09:00");
  EXPECT_FIELD(R"({"type": "string"})", "90:00", "17:55");
  EXPECT_FIELD(R"({"type": "string"})", "205-555-0100", "2055550101x", "12 May Street");
}

TEST(Inference, Sentences) {
  EXPECT_EQ(finding_for({"00501", "10001", "00544"}), "Column 'c' is text: 2 values have leading zeros.");
  EXPECT_EQ(finding_for({"1", "NA", "NA"}), "Column 'c': 'NA' (2 values) is read as no value.");
  EXPECT_EQ(finding_for({"01/07/2018", "03/27/2017"}),
            "Column 'c' has dates with the month first: '03/27/2017' in row 2 decides it.");
  EXPECT_EQ(finding_for({"01/27/2018", "27/03/2017"}),
            "Column 'c' is text: some dates have the day first ('27/03/2017' in row 2), others the month "
            "('01/27/2018' in row 1).");
  std::vector<std::string> ages(40, "17");
  ages[4] = "abc";
  EXPECT_EQ(finding_for(ages), "Column 'c' is text: 1 value of 40 is no integer ('abc' in row 5).");
}

TEST(Inference, KindsOfJson) {
  RowBatch batch(std::make_shared<Columns>(Columns{"i", "n", "b", "a", "o", "mix", "s", "d"}), 8);
  std::size_t row = batch.add_row();
  batch.info(row).row_number = 1;
  const Cell first[] = {Cell::number("1"),     Cell::number("1"),         Cell::boolean(true),
                        Cell::json("[1]"),     Cell::json("{}"),          Cell::number("1"),
                        Cell::string("00123"), Cell::string("2024-02-28")};
  std::copy(std::begin(first), std::end(first), batch.cells(row));
  row = batch.add_row();
  batch.info(row).row_number = 2;
  const Cell second[] = {Cell::null(), Cell::number("1.5"), Cell::null(),       Cell::null(),
                         Cell::null(), Cell::string("x"),   Cell::string("17"), Cell::null()};
  std::copy(std::begin(second), std::end(second), batch.cells(row));
  SchemaInference inference(CellSource::typed);
  inference.observe(batch);
  std::vector<std::string> types;
  for (const Field& field : inference.schema().fields) types.emplace_back(name_of(field.type));
  EXPECT_EQ(types, (std::vector<std::string>{"integer", "number", "boolean", "array", "object", "any",
                                             "string", "date"}));
  EXPECT_EQ(field_for({"17", "18"}, CellSource::typed), Json::parse(R"({"type": "string"})"));
}

// However the rows are spread over objects, and in whatever order they are merged: the same answer. And the
// schema takes every row it was made from.
TEST(Inference, SpreadAndOrderDoNotMatter) {
  const std::vector<std::string> pool = {"1",
                                         "12",
                                         "-3",
                                         "1.5",
                                         "1.234",
                                         "1,234",
                                         "1,5",
                                         "007",
                                         "",
                                         "NA",
                                         "-",
                                         "x",
                                         "true",
                                         "no",
                                         "yes",
                                         "2024-02-28",
                                         "03/04/2024",
                                         "28/02/2024",
                                         "02/28/2024",
                                         "Jan 5 2024",
                                         "10:30",
                                         "a@b.com",
                                         "2024-02-28T10:00:00Z",
                                         "5/19/2006 0:00:00",
                                         "01.02.2024",
                                         "1.234.567",
                                         "1,234.5"};
  std::uint32_t seed = 20240228;
  for (int round = 0; round < 2000; ++round, ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<std::string> few, values;
    for (std::size_t i = 0; i < 1 + random() % 4; ++i) few.push_back(pool[random() % pool.size()]);
    for (std::size_t i = 0; i < 1 + random() % 12; ++i) values.push_back(few[random() % few.size()]);
    SchemaInference whole;
    whole.observe(batch_of(values));
    std::vector<SchemaInference> parts(1 + random() % 3);
    std::vector<std::size_t> order(values.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    for (std::size_t i : order) parts[random() % parts.size()].observe(batch_of({values[i]}, i + 1));
    std::shuffle(parts.begin(), parts.end(), random);
    SchemaInference merged;
    for (SchemaInference& part : parts) merged.merge(std::move(part));
    ASSERT_EQ(to_json(merged.schema()), to_json(whole.schema()));
    ASSERT_EQ(merged.findings(), whole.findings());
    ASSERT_EQ(merged.date_order("c"), whole.date_order("c"));
    TableSchema schema = whole.schema();
    auto rule = FieldRule::compile(schema.fields[0], schema, Normalise::yes);
    ASSERT_TRUE(rule.has_value()) << rule.error().message;
    for (const std::string& value : values) {
      Arena arena;
      std::vector<Issue> issues;
      Cell cell = Cell::string(value);
      ASSERT_TRUE((*rule)->check(cell, arena, issues))
          << value << " " << to_json(schema).dump() << issues[0].message;
    }
  }
}

TEST(Inference, ColumnsKeepTheOrderOfTheFile) {
  auto batch = [](const Columns& names, std::uint64_t row_number) {
    RowBatch made(std::make_shared<Columns>(names), names.size());
    std::size_t row = made.add_row();
    made.info(row).row_number = row_number;
    for (std::size_t i = 0; i < names.size(); ++i) made.cells(row)[i] = Cell::string("x");
    return made;
  };
  SchemaInference first, second;
  first.observe(batch({"z", "a"}, 1));
  second.observe(batch({"m", "z", "a"}, 7));
  second.merge(std::move(first));
  std::vector<std::string> names;
  for (const Field& field : second.schema().fields) names.push_back(field.name);
  EXPECT_EQ(names, (std::vector<std::string>{"z", "a", "m"}));
}

}  // namespace
}  // namespace sluice
