#include "schema/table_schema.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using Json = nlohmann::json;

std::string error_of(const char* descriptor) {
  auto schema = parse_table_schema(Json::parse(descriptor));
  return schema ? "" : schema.error().message;
}

TEST(TableSchema, ReadsAndWritesTheSame) {
  const Json descriptor = Json::parse(R"({
    "fields": [
      {"name": "id", "type": "integer", "title": "Id", "description": "d", "constraints": {"required": true, "unique": true, "minimum": 1, "maximum": "10"}},
      {"name": "s", "type": "string", "format": "email", "missingValues": ["", "x"], "constraints": {"minLength": 1, "maxLength": 5, "pattern": "a+", "enum": ["a"]}},
      {"name": "n", "type": "number", "decimalChar": ",", "groupChar": ".", "bareNumber": false, "constraints": {"exclusiveMinimum": 0, "exclusiveMaximum": 5}},
      {"name": "b", "type": "boolean", "trueValues": ["ja"], "falseValues": ["nein"]},
      {"name": "l", "type": "list", "delimiter": ";", "itemType": "integer"},
      {"name": "c", "type": "string", "categories": [{"value": "a", "label": "A"}], "categoriesOrdered": true},
      {"name": "d", "type": "date", "format": "any", "dateOrder": "dmy"}],
    "missingValues": ["", "NA"], "primaryKey": ["id", "s"], "uniqueKeys": [["n", "b"]], "fieldsMatch": "subset"})");
  auto schema = parse_table_schema(descriptor);
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  EXPECT_EQ(to_json(*schema), descriptor);
  EXPECT_EQ(schema->find("n")->group_char, ".");
  EXPECT_EQ(schema->find("nothing"), nullptr);
}

TEST(TableSchema, DefaultsAndSecondSpellings) {
  auto schema = parse_table_schema(
      Json::parse(R"({"fields": [{"name": "a"}], "primaryKey": "a", "fieldsMatch": ["equal"],
    "missingValues": [{"value": "-99", "label": "refused"}], "custom": 1})"));
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  EXPECT_EQ(schema->fields[0].type, FieldType::string);
  EXPECT_EQ(schema->fields[0].format, "default");
  EXPECT_EQ(schema->primary_key, std::vector<std::string>{"a"});
  EXPECT_EQ(schema->fields_match, TableSchema::FieldsMatch::equal);
  EXPECT_EQ(schema->missing_values, std::vector<std::string>{"-99"});
}

TEST(TableSchema, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(error_of(R"({"fields": [{"name": "a", "type": "interger"}]})").substr(0, 100),
            std::string("The table schema is wrong at /fields/0/type: there is no type 'interger': did you "
                        "mean 'integer'? Known: number")
                .substr(0, 100));
  EXPECT_EQ(error_of(R"({"fields": [{"name": "a", "constraints": {"requierd": true}}]})"),
            "The table schema is wrong at /fields/0/constraints/requierd: 'requierd' is not known; did you "
            "mean 'required'?");
  EXPECT_EQ(error_of(R"({"fields": [{"name": "a", "type": "integer", "constraints": {"minLength": 2}}]})"),
            "The table schema is wrong at /fields/0/constraints/minLength: minLength does not apply to a "
            "field of type integer.");
  EXPECT_EQ(
      error_of(R"({"fields": [{"name": "a"}, {"name": "a"}]})"),
      "The table schema is wrong at /fields/1/name: there is already a field 'a'; names have to differ.");
  EXPECT_EQ(error_of(R"({"fields": [{"name": "name"}], "primaryKey": "nmae"})"),
            "The table schema is wrong at /primaryKey: the schema has no field 'nmae'; did you mean 'name'?");
  for (
      const char* wrong :
      {"1",
       "[]",
       "{}",
       R"({"fields": {}})",
       R"({"fields": []})",
       R"({"fields": [1]})",
       R"({"fields": [{"type": "any"}]})",
       R"({"fields": [{"name": 1}]})",
       R"({"fields": [{"name": "a", "type": 1}]})",
       R"({"fields": [{"name": "a", "type": "string", "format": "phone"}]})",
       R"({"fields": [{"name": "a", "constraints": []}]})",
       R"({"fields": [{"name": "a", "constraints": {"required": "yes"}}]})",
       R"({"fields": [{"name": "a", "constraints": {"minLength": -1}}]})",
       R"({"fields": [{"name": "a", "constraints": {"enum": []}}]})",
       R"({"fields": [{"name": "a", "type": "object", "constraints": {"jsonSchema": {"type": "text"}}}]})",
       R"({"fields": [{"name": "a", "type": "string", "constraints": {"jsonSchema": {}}}]})",
       R"({"fields": [{"name": "a"}], "missingValues": "x"})",
       R"({"fields": [{"name": "a"}], "missingValues": [{"label": "x"}]})",
       R"({"fields": [{"name": "a"}], "fieldsMatch": "some"})",
       R"({"fields": [{"name": "a"}], "foreignKeys": [{"fields": "a", "reference": {"resource": "x", "fields": "y"}}]})",
       R"({"fields": [{"name": "a", "type": "number", "groupChar": "."}]})",
       R"({"fields": [{"name": "a", "type": "number", "decimalChar": "; "}]})",
       R"({"fields": [{"name": "a", "type": "boolean", "trueValues": ["x"], "falseValues": ["x"]}]})",
       R"({"fields": [{"name": "a", "type": "list", "itemType": "object"}]})",
       R"({"resources": []})",
       R"({"schema": {}})"}) {
    EXPECT_TRUE(error_of(wrong).starts_with("The table schema is wrong at "))
        << wrong << " " << error_of(wrong);
  }
  EXPECT_NE(error_of(R"({"fields": [{"name": "a"}], "foreignKeys": [1]})").find("take foreignKeys out"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice
