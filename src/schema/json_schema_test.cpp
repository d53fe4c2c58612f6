#include "schema/json_schema.h"

#include <gtest/gtest.h>

#include "schema/field_rule.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

// "" where the value fits, its complaint, or the error of the schema.
std::string check(const char* schema, const std::string& value) {
  auto compiled = JsonSchema::compile(Json::parse(schema), "Wrong at ");
  if (!compiled) return compiled.error().message;
  return (*compiled)->complaint(value).value_or("");
}

constexpr const char* kOrder = R"({
  "$schema": "http://json-schema.org/draft-07/schema#", "title": "an order",
  "type": "object", "required": ["items"], "additionalProperties": false,
  "properties": {
    "id": {"type": "integer"},
    "items": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/item"}}
  },
  "definitions": {"item": {"type": "object", "properties": {
    "price": {"type": "number", "minimum": 0, "multipleOf": 0.01},
    "a/b": {"type": "string", "pattern": "^[A-Z]{2}$", "maxLength": 2}}}}
})";

TEST(JsonSchema, NamesThePlace) {
  EXPECT_EQ(check(kOrder, R"({"id": 1.0, "items": [{"price": 19.99, "a/b": "CA"}]})"), "");
  EXPECT_EQ(check(kOrder, R"({"items": [{"price": 1}, {"price": "1"}]})"),
            R"(At /items/1/price, "1" is of a type that is not allowed here.)");
  EXPECT_EQ(check(kOrder, R"({"items": [{"price": -1}]})"), "At /items/0/price, -1 is less than 0.");
  EXPECT_EQ(check(kOrder, R"({"items": [{"price": 0.005}]})"),
            "At /items/0/price, 0.005 is not a multiple of 0.01.");
  EXPECT_EQ(check(kOrder, R"({"items": [{"a/b": "ca"}]})"),
            R"(At /items/0/a~1b, "ca" does not have the expected form (^[A-Z]{2}$).)");
  EXPECT_EQ(check(kOrder, R"({"items": []})"), "At /items, [] has fewer than 1 items.");
  EXPECT_EQ(check(kOrder, R"({"id": 7})"), "The value has no member 'items'.");
  EXPECT_EQ(check(kOrder, R"({"items": [{}], "colour": 1})"),
            "The value has the member 'colour', which is not allowed.");
}

TEST(JsonSchema, CountsAsDecimalsDo) {
  EXPECT_EQ(check(R"({"items": {"multipleOf": 0.1}})", "[0.3, 0.7, 1.1, 3, 1e3]"), "");
  EXPECT_NE(check(R"({"items": {"multipleOf": 2}})", "[2.5]"), "");
  EXPECT_EQ(check(R"({"items": {"type": "integer", "minimum": 0}})", "[1.0, 9223372036854775807]"), "");
  EXPECT_EQ(check(R"({"items": {"minimum": 0}})", "[18446744073709551615, 1e400]"),
            "");  // more than an int64 holds
  EXPECT_EQ(check(R"({"enum": [[1.0]]})", "[1]"), "");
  EXPECT_EQ(check(R"({"uniqueItems": true})", R"([1, "1", [1], {"a": 1}, true])"), "");
  EXPECT_EQ(check(R"({"uniqueItems": true})", R"([{"a": 1, "b": 2}, 3, {"b": 2, "a": 1.0}])"),
            "The value has the same item twice (item 2, counted from 0).");
}

TEST(JsonSchema, Choices) {
  constexpr const char* kEither =
      R"({"items": {"anyOf": [{"type": "integer"}, {"maxLength": 2, "type": "string"}]}})";
  EXPECT_EQ(check(kEither, R"([1, "ab"])"), "");
  EXPECT_EQ(check(kEither, R"([1, "abc"])"), R"(At /1, "abc" has none of the forms that are allowed here.)");
  EXPECT_EQ(check(R"({"properties": {"a": {"enum": ["x"]}, "b": {"const": 1}}})", R"({"a": "y"})"),
            R"(At /a, "y" is none of the values that are allowed here.)");
  EXPECT_EQ(check(R"({"if": {"required": ["a"]}, "then": {"required": ["b"]}})", R"({"a": 1})"),
            "The value has no member 'b'.");
  EXPECT_NE(check(R"({"propertyNames": {"pattern": "^[a-z]+$"}})", R"({"A": 1})"), "");
  EXPECT_EQ(check(R"({"properties": {"format": {"format": "date"}}})", R"({"format": 1})"), "");
}

TEST(JsonSchema, HostileValues) {
  std::string many(200000, 'a');
  EXPECT_NE(check(R"({"items": {"pattern": "^(a|a)*(a+)+$"}})", "[\"" + many + "!\"]"), "");
  constexpr const char* kTree = R"({"items": {"$ref": "#"}, "type": "array"})";
  EXPECT_EQ(check(kTree, std::string(100, '[') + std::string(100, ']')), "");
  EXPECT_NE(check(kTree, std::string(100000, '[') + std::string(100000, ']')), "");
  std::string same = "[0";
  for (int i = 0; i < 100000; ++i) same += ",0";
  EXPECT_EQ(check(R"({"uniqueItems": true})", same + "]"),
            "The value has the same item twice (item 1, counted from 0).");
  EXPECT_NE(check(R"({"items": {"type": "string"}})", same + "]"), "");
}

TEST(JsonSchema, RefusesAtItsPlace) {
  auto error = [](const char* schema) { return check(schema, "{}"); };
  EXPECT_EQ(
      error(R"-({"properties": {"a": {"pattern": "(?=a)"}}})-").find("Wrong at /properties/a/pattern: "), 0u);
  EXPECT_EQ(error(R"({"patternProperties": {}})").find("Wrong at /patternProperties: "), 0u);
  EXPECT_EQ(error(R"({"items": [{"multipleOf": 0}]})").find("Wrong at /items/0/multipleOf: "), 0u);
  EXPECT_EQ(error(R"({"prefixItems": []})").find("Wrong at /prefixItems: "), 0u);
  EXPECT_EQ(error(R"({"$ref": "https://example.com/a.json"})").find("Wrong at /$ref: "), 0u);
  EXPECT_EQ(error(R"({"not": {"$ref": "#/definitions/none"}})").find("Wrong at /not/$ref: "), 0u);
  EXPECT_EQ(error(R"({"enum": {"pattern": 1}, "$ref": "#/enum"})").find("Wrong at /$ref: "), 0u);
  EXPECT_NE(error(R"({"allOf": [{"$ref": "#"}]})").find("without end"), std::string::npos);
  EXPECT_NE(error(R"({"$ref": "#"})").find("without end"), std::string::npos);
  EXPECT_EQ(error(R"({"type": "text"})").find("Wrong at : this is no JSON schema"), 0u);
  EXPECT_EQ(error("3").find("Wrong at : "), 0u);
}

TEST(JsonSchema, OfAField) {
  auto schema = parse_table_schema(Json::parse(R"({"fields": [{"name": "o", "type": "object",
    "constraints": {"jsonSchema": {"required": ["a"]}}}]})"));
  ASSERT_TRUE(schema);
  EXPECT_EQ(to_json(*schema)["fields"][0]["constraints"]["jsonSchema"],
            Json::parse(R"({"required": ["a"]})"));
  auto rule = FieldRule::compile(schema->fields[0], *schema, Normalise::yes);
  ASSERT_TRUE(rule);
  Arena arena;
  std::vector<Issue> issues;
  Cell good = Cell::string(R"( {"a": 1})"), bad = Cell::string(R"({"b": 1})");
  EXPECT_TRUE((*rule)->check(good, arena, issues));
  EXPECT_FALSE((*rule)->check(bad, arena, issues));
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues[0].constraint, "jsonSchema");
  EXPECT_EQ(issues[0].code, RejectCode::constraint_error);
  EXPECT_EQ(issues[0].message, "The value has no member 'a'.");
}

}  // namespace
}  // namespace sluice
