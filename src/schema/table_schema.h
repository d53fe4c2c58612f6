// TableSchema: a Frictionless Table Schema (v1 or v2) as published, parsed and checked. Made once per
// pipeline; plain data, read from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace sluice {

enum class FieldType : std::uint8_t {
  string,
  number,
  integer,
  boolean,
  object,
  array,
  list,
  date,
  time,
  datetime,
  year,
  yearmonth,
  duration,
  geopoint,
  geojson,
  any
};
std::string_view name_of(FieldType type);

struct Constraints {
  bool required = false, unique = false;
  std::optional<std::uint64_t> min_length, max_length;
  std::optional<nlohmann::json> minimum, maximum, exclusive_minimum, exclusive_maximum;
  std::optional<std::string> pattern;
  std::vector<nlohmann::json> enumeration;    // `enum`; empty: none
  std::optional<nlohmann::json> json_schema;  // v2 jsonSchema, for object and array fields
};

struct Field {
  std::string name;
  FieldType type = FieldType::string;
  std::string format = "default";
  Constraints constraints;
  std::optional<std::vector<std::string>> missing_values;  // v2: per field
  std::vector<std::string> true_values, false_values;      // boolean; empty: the published defaults
  bool bare_number = true;
  char decimal_char = '.';
  std::string group_char;            // "" : none
  std::string delimiter = ",";       // list
  std::string item_type = "string";  // list
  nlohmann::json categories;         // v2, as given; null where not given
  bool categories_ordered = false;   // v2
  std::string title, description;
  // Where the contract lets a whole column decide (03/04/2024): "" until found out, then "dmy" or "mdy".
  std::string date_order;
};

struct TableSchema {
  std::vector<Field> fields;
  std::vector<std::string> missing_values = {""};
  std::vector<std::string> primary_key;
  std::vector<std::vector<std::string>> unique_keys;  // v2
  enum class FieldsMatch : std::uint8_t { exact, equal, subset, superset, partial };
  std::optional<FieldsMatch> fields_match;  // v2; none: as the contract's extra_fields says

  const Field* find(std::string_view name) const;
};

// Reads a descriptor; every error says where in it (JSON pointer) and what would be right. foreignKeys are
// refused with a clear message. An unknown type is an error with the nearest known one.
// Unknown properties are allowed, as the profiles say (people keep their own there: `"level": "Ratio"` among
// constraints), unless one is a misspelt known one: "requierd" would be ignored in silence otherwise.
Result<TableSchema> parse_table_schema(const nlohmann::json& descriptor);
// The descriptor, with what was found out (`dateOrder`: "dmy" or "mdy", our one property beyond the
// standard); reads back the same.
nlohmann::json to_json(const TableSchema& schema);

}  // namespace sluice
