// The published descriptors of the Frictionless projects (tests/data/frictionless, with their licences
// beside) with the verdicts of tableschema-js, and the published profiles: what they allow must be read.
#include <gtest/gtest.h>

#include <fstream>

#include "schema/field_rule.h"
#include "schema/table_schema.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

Json load(const std::string& name) {
  std::ifstream file("tests/data/frictionless/" + name);
  EXPECT_TRUE(file.good()) << name;
  return Json::parse(file);
}

bool compiles(const Json& descriptor) {
  auto schema = parse_table_schema(descriptor);
  if (!schema) return false;
  for (const Field& field : schema->fields)
    if (!FieldRule::compile(field, *schema, Normalise::yes)) return false;
  return true;
}

TEST(Frictionless, PublishedVerdicts) {
  EXPECT_TRUE(compiles(load("tableschema-js/schema.json")));
  EXPECT_TRUE(compiles(load("datapackage-py/table_schema.json")));
  EXPECT_TRUE(compiles(load("datapackage-py/cars.schema.json")));
  EXPECT_FALSE(compiles(load("tableschema-py/schema_invalid_multiple_errors.json")));
  // No verdict is published for these. The first has `"level": "Ratio"` among its constraints, which no
  // profile forbids; the second sits in a data package, with an empty groupChar.
  EXPECT_TRUE(compiles(load("tableschema-js/mathematics.json")));
  EXPECT_TRUE(compiles(load("datapackage-py/package_dialect_no_header.json")["resources"][0]["schema"]));
}

Json value_for(const std::string& constraint, const std::string& type) {
  if (constraint == "required" || constraint == "unique") return true;
  if (constraint == "minLength" || constraint == "maxLength") return 1;
  if (constraint == "pattern") return "[a-z]+";
  if (constraint == "jsonSchema") return {{"maxItems", 3}, {"maxProperties", 3}};
  const std::map<std::string, Json> values = {{"number", 1.5},
                                              {"integer", 1},
                                              {"year", 2024},
                                              {"yearmonth", "2024-02"},
                                              {"date", "2024-02-28"},
                                              {"time", "10:00:00"},
                                              {"datetime", "2024-02-28T10:00:00Z"},
                                              {"duration", "P1D"},
                                              {"boolean", true},
                                              {"string", "a@b.de"},
                                              {"any", "x"},
                                              {"object", Json::object()},
                                              {"array", Json::array()},
                                              {"geopoint", "90,45"},
                                              {"list", "a,b"},
                                              {"geojson", {{"type", "Point"}, {"coordinates", {1, 2}}}}};
  return constraint == "enum" ? Json::array({values.at(type)}) : values.at(type);
}

// Every type, format and constraint that a profile knows, one at a time.
TEST(Frictionless, EverythingOfTheProfiles) {
  std::size_t combinations = 0;
  for (const char* name : {"specs-profiles/tableschema-1.0.json", "specs-profiles/tableschema-2.0.json"}) {
    Json profile = load(name);
    for (const Json& kind : profile["properties"]["fields"]["items"]["oneOf"]) {
      const Json& properties = kind["properties"];
      std::string type = properties["type"]["enum"][0];
      Json field = {{"name", "f"}, {"type", type}};
      Json formats = properties.contains("format") && properties["format"].contains("enum")
                         ? properties["format"]["enum"]
                         : Json::array({"default"});
      for (const Json& format : formats) {
        field["format"] = format;
        EXPECT_TRUE(compiles({{"fields", {field}}})) << field;
        ++combinations;
      }
      field.erase("format");
      for (const auto& [constraint, unused] : properties["constraints"]["properties"].items()) {
        field["constraints"] = {{constraint, value_for(constraint, type)}};
        EXPECT_TRUE(compiles({{"fields", {field}}})) << field;
        ++combinations;
      }
    }
  }
  EXPECT_GT(combinations, 150u);
}

}  // namespace
}  // namespace sluice
