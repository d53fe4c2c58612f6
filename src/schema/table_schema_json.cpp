// Writes Table Schema descriptors: the other half of table_schema.cpp.
#include "schema/table_schema.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

Json constraints_to_json(const Constraints& constraints) {
  Json json = Json::object();
  if (constraints.required) json["required"] = true;
  if (constraints.unique) json["unique"] = true;
  if (constraints.min_length) json["minLength"] = *constraints.min_length;
  if (constraints.max_length) json["maxLength"] = *constraints.max_length;
  if (constraints.minimum) json["minimum"] = *constraints.minimum;
  if (constraints.maximum) json["maximum"] = *constraints.maximum;
  if (constraints.exclusive_minimum) json["exclusiveMinimum"] = *constraints.exclusive_minimum;
  if (constraints.exclusive_maximum) json["exclusiveMaximum"] = *constraints.exclusive_maximum;
  if (constraints.pattern) json["pattern"] = *constraints.pattern;
  if (!constraints.enumeration.empty()) json["enum"] = constraints.enumeration;
  if (constraints.json_schema) json["jsonSchema"] = *constraints.json_schema;
  return json;
}

Json field_to_json(const Field& field) {
  Json json = {{"name", field.name}, {"type", name_of(field.type)}};
  if (field.format != "default") json["format"] = field.format;
  if (!field.title.empty()) json["title"] = field.title;
  if (!field.description.empty()) json["description"] = field.description;
  if (field.missing_values) json["missingValues"] = *field.missing_values;
  if (!field.true_values.empty()) json["trueValues"] = field.true_values;
  if (!field.false_values.empty()) json["falseValues"] = field.false_values;
  if (!field.bare_number) json["bareNumber"] = false;
  if (field.decimal_char != '.') json["decimalChar"] = std::string(1, field.decimal_char);
  if (!field.group_char.empty()) json["groupChar"] = field.group_char;
  if (field.type == FieldType::list) {
    if (field.delimiter != ",") json["delimiter"] = field.delimiter;
    if (field.item_type != "string") json["itemType"] = field.item_type;
  }
  if (!field.categories.is_null()) json["categories"] = field.categories;
  if (field.categories_ordered) json["categoriesOrdered"] = true;
  if (!field.date_order.empty()) json["dateOrder"] = field.date_order;
  if (Json constraints = constraints_to_json(field.constraints); !constraints.empty())
    json["constraints"] = std::move(constraints);
  return json;
}

}  // namespace

Json to_json(const TableSchema& schema) {
  static constexpr const char* kFieldsMatch[] = {"exact", "equal", "subset", "superset", "partial"};
  Json json = {{"fields", Json::array()}};
  for (const Field& field : schema.fields) json["fields"].push_back(field_to_json(field));
  if (schema.missing_values != std::vector<std::string>{""}) json["missingValues"] = schema.missing_values;
  if (!schema.primary_key.empty()) json["primaryKey"] = schema.primary_key;
  if (!schema.unique_keys.empty()) json["uniqueKeys"] = schema.unique_keys;
  if (schema.fields_match) json["fieldsMatch"] = kFieldsMatch[static_cast<std::size_t>(*schema.fields_match)];
  return json;
}

}  // namespace sluice
