// Reads Table Schema descriptors. See table_schema.h.
#include "schema/table_schema.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include "base/nearest.h"
#include "schema/json_schema.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 16> kTypes = {
    "string", "number",   "integer", "boolean",   "object",   "array",    "list",    "date",
    "time",   "datetime", "year",    "yearmonth", "duration", "geopoint", "geojson", "any"};
constexpr std::array<std::string_view, 11> kConstraints = {
    "required",         "unique",           "minLength", "maxLength", "minimum",   "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "pattern",   "enum",      "jsonSchema"};
constexpr std::array<std::string_view, 19> kFieldProperties = {
    "name",          "title",       "description",       "example",
    "type",          "format",      "constraints",       "rdfType",
    "missingValues", "categories",  "categoriesOrdered", "trueValues",
    "falseValues",   "decimalChar", "groupChar",         "bareNumber",
    "delimiter",     "itemType",    "dateOrder"};
constexpr std::array<std::string_view, 7> kSchemaProperties = {
    "$schema", "fields", "fieldsMatch", "primaryKey", "uniqueKeys", "foreignKeys", "missingValues"};

bool contains(const auto& range, std::string_view word) {
  return std::ranges::find(range, word) != range.end();
}

std::unexpected<Error> bad(const std::string& at, std::string what) {
  return fail(ErrorKind::usage,
              "The table schema is wrong at " + (at.empty() ? "its top" : at) + ": " + std::move(what));
}

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

std::string listed(std::span<const std::string_view> words) {
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i)
    list += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + std::string(words[i]);
  return list;
}

Result<std::string> text_of(const Json& value, const std::string& at) {
  if (!value.is_string()) return bad(at, "it has to be a text, and is " + shown(value) + ".");
  return value.get<std::string>();
}

Result<bool> bool_of(const Json& value, const std::string& at) {
  if (!value.is_boolean()) return bad(at, "it has to be true or false, and is " + shown(value) + ".");
  return value.get<bool>();
}

Result<std::vector<std::string>> texts_of(const Json& value, const std::string& at) {
  if (!value.is_array()) return bad(at, "it has to be a list of texts, and is " + shown(value) + ".");
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < value.size(); ++i)
    texts.push_back(TRY(text_of(value[i], at + "/" + std::to_string(i))));
  return texts;
}

// A misspelt word among the properties is an error, another unknown one is somebody's own and stays.
Result<> check_words(const Json& object, std::span<const std::string_view> known, const std::string& at) {
  for (const auto& [key, value] : object.items()) {
    if (contains(known, key)) continue;
    if (std::string meant = nearest(key, known); !meant.empty())
      return bad(at + "/" + key, "'" + key + "' is not known; did you mean '" + meant + "'?");
  }
  return {};
}

// v1: texts. v2: also {"value": …, "label": …}.
Result<std::vector<std::string>> missing_values_of(const Json& value, const std::string& at) {
  if (!value.is_array()) return bad(at, "missingValues has to be a list, and is " + shown(value) + ".");
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < value.size(); ++i) {
    std::string here = at + "/" + std::to_string(i);
    const Json& item = value[i];
    if (item.is_object() && !item.contains("value"))
      return bad(here, "an entry that is an object needs a \"value\".");
    texts.push_back(TRY(text_of(item.is_object() ? item["value"] : item, here)));
  }
  return texts;
}

std::optional<FieldType> type_named(std::string_view name) {
  auto found = std::ranges::find(kTypes, name);
  if (found == kTypes.end()) return std::nullopt;
  return static_cast<FieldType>(found - kTypes.begin());
}

std::span<const std::string_view> formats_of(FieldType type) {
  static constexpr std::array<std::string_view, 5> kString = {"default", "email", "uri", "binary", "uuid"};
  static constexpr std::array<std::string_view, 3> kGeopoint = {"default", "array", "object"};
  static constexpr std::array<std::string_view, 2> kGeojson = {"default", "topojson"};
  static constexpr std::array<std::string_view, 1> kDefault = {"default"};
  switch (type) {
    case FieldType::string: return kString;
    case FieldType::geopoint: return kGeopoint;
    case FieldType::geojson: return kGeojson;
    case FieldType::date:
    case FieldType::time:
    case FieldType::datetime:
    case FieldType::any: return {};  // patterns: FieldRule::compile checks them; any: nothing to check
    default: return kDefault;
  }
}

bool has_length(FieldType type) {
  switch (type) {
    case FieldType::string:
    case FieldType::object:
    case FieldType::array:
    case FieldType::list:
    case FieldType::geojson: return true;
    default: return false;
  }
}

bool has_order(FieldType type) {
  switch (type) {
    case FieldType::number:
    case FieldType::integer:
    case FieldType::date:
    case FieldType::time:
    case FieldType::datetime:
    case FieldType::year:
    case FieldType::yearmonth:
    case FieldType::duration: return true;
    default: return false;
  }
}

Result<std::uint64_t> length_of(const Json& value, const std::string& at) {
  if (value.is_number_integer() && value >= 0) return value.get<std::uint64_t>();
  if (value.is_number_float() && value.get<double>() >= 0 && value.get<double>() < 9e15 &&
      value.get<double>() == static_cast<double>(value.get<std::uint64_t>()))
    return value.get<std::uint64_t>();
  return bad(at, "a length has to be a whole number from 0, and is " + shown(value) + ".");
}

Result<std::vector<Json>> enum_of(const Json& value, const std::string& at) {
  if (!value.is_array() || value.empty())
    return bad(at, "enum has to be a list of at least one value, and is " + shown(value) + ".");
  return value.get<std::vector<Json>>();
}

Result<Constraints> constraints_of(const Json& value, FieldType type, const std::string& at) {
  Constraints result;
  if (!value.is_object()) return bad(at, "constraints has to be an object, and is " + shown(value) + ".");
  TRY(check_words(value, kConstraints, at));
  for (const auto& [key, given] : value.items()) {
    std::string here = at + "/" + key;
    bool length = key == "minLength" || key == "maxLength";
    std::optional<Json>* bound = key == "minimum"            ? &result.minimum
                                 : key == "maximum"          ? &result.maximum
                                 : key == "exclusiveMinimum" ? &result.exclusive_minimum
                                 : key == "exclusiveMaximum" ? &result.exclusive_maximum
                                                             : nullptr;
    if ((length && !has_length(type)) || (bound && !has_order(type)))
      return bad(here, key + " does not apply to a field of type " + std::string(name_of(type)) + ".");
    if (bound) {
      if (!given.is_string() && !given.is_number())
        return bad(here, "a bound has to be a number or a text, and is " + shown(given) + ".");
      *bound = given;
    } else if (key == "required") {
      result.required = TRY(bool_of(given, here));
    } else if (key == "unique") {
      result.unique = TRY(bool_of(given, here));
    } else if (key == "minLength") {
      result.min_length = TRY(length_of(given, here));
    } else if (key == "maxLength") {
      result.max_length = TRY(length_of(given, here));
    } else if (key == "pattern") {
      result.pattern = TRY(text_of(given, here));
    } else if (key == "enum") {
      result.enumeration = TRY(enum_of(given, here));
    } else if (key == "jsonSchema") {
      if (type != FieldType::object && type != FieldType::array)
        return bad(here, "jsonSchema does not apply to a field of type " + std::string(name_of(type)) + ".");
      TRY(JsonSchema::compile(given, "The table schema is wrong at " + here));
      result.json_schema = given;
    }
  }
  if (result.min_length && result.max_length && *result.min_length > *result.max_length)
    return bad(at, "minLength is greater than maxLength, so that no value could pass.");
  return result;
}

Result<> read_number_properties(const Json& value, Field& field, const std::string& at) {
  if (auto found = value.find("bareNumber"); found != value.end())
    field.bare_number = TRY(bool_of(*found, at + "/bareNumber"));
  if (auto found = value.find("groupChar"); found != value.end()) {
    field.group_char = TRY(text_of(*found, at + "/groupChar"));
    if (field.group_char.find_first_of("0123456789+-eE") != std::string::npos)
      return bad(at + "/groupChar", "digits, signs and the letter e cannot group digits.");
  }
  if (auto found = value.find("decimalChar"); found != value.end()) {
    std::string text = TRY(text_of(*found, at + "/decimalChar"));
    if (text.size() != 1 || std::string_view("0123456789+-eE").contains(text[0]))
      return bad(at + "/decimalChar",
                 "the decimal character has to be a single one such as \",\", and is " + shown(*found) + ".");
    field.decimal_char = text[0];
  }
  if (field.group_char == std::string_view(&field.decimal_char, 1))
    return bad(at + "/groupChar",
               "groupChar and decimalChar are the same, so that 1,234 could mean two things.");
  return {};
}

Result<> read_boolean_properties(const Json& value, Field& field, const std::string& at) {
  if (auto found = value.find("trueValues"); found != value.end())
    field.true_values = TRY(texts_of(*found, at + "/trueValues"));
  if (auto found = value.find("falseValues"); found != value.end())
    field.false_values = TRY(texts_of(*found, at + "/falseValues"));
  for (const std::string& text : field.true_values)
    if (contains(field.false_values, text))
      return bad(at + "/falseValues", "'" + text + "' is a trueValue and a falseValue at once.");
  return {};
}

Result<> read_list_properties(const Json& value, Field& field, const std::string& at) {
  static constexpr std::array<std::string_view, 7> kItemTypes = {"string",   "integer", "boolean", "number",
                                                                 "datetime", "date",    "time"};
  if (auto found = value.find("delimiter"); found != value.end())
    field.delimiter = TRY(text_of(*found, at + "/delimiter"));
  if (field.delimiter.empty()) return bad(at + "/delimiter", "the delimiter of a list cannot be empty.");
  if (auto found = value.find("itemType"); found != value.end())
    field.item_type = TRY(text_of(*found, at + "/itemType"));
  if (!contains(kItemTypes, field.item_type))
    return bad(at + "/itemType", "'" + field.item_type + "' is not a type of list items: " +
                                     suggest_known(field.item_type, kItemTypes));
  return {};
}

Result<> read_categories(const Json& value, Field& field, const std::string& at) {
  if (auto found = value.find("categoriesOrdered"); found != value.end() && found->is_boolean())
    field.categories_ordered = found->get<bool>();
  auto found = value.find("categories");
  if (found == value.end()) return {};
  if (!found->is_array() || found->empty())
    return bad(at + "/categories", "categories has to be a list of at least one value.");
  for (std::size_t i = 0; i < found->size(); ++i)
    if ((*found)[i].is_object() && !(*found)[i].contains("value"))
      return bad(at + "/categories/" + std::to_string(i), "a category that is an object needs a \"value\".");
  field.categories = *found;
  return {};
}

Result<> read_type(const Json& value, Field& field, const std::string& at) {
  if (auto found = value.find("type"); found != value.end()) {
    std::string name = TRY(text_of(*found, at + "/type"));
    auto type = type_named(name);
    if (!type) return bad(at + "/type", "there is no type '" + name + "': " + suggest_known(name, kTypes));
    field.type = *type;
  }
  if (auto found = value.find("format"); found != value.end()) {
    field.format = TRY(text_of(*found, at + "/format"));
    if (field.format.empty()) field.format = "default";
    auto formats = formats_of(field.type);
    if (!formats.empty() && !contains(formats, field.format))
      return bad(at + "/format", "type " + std::string(name_of(field.type)) + " has no format '" +
                                     field.format + "'; it has " + listed(formats) + ".");
  }
  if (auto found = value.find("dateOrder"); found != value.end()) {
    field.date_order = TRY(text_of(*found, at + "/dateOrder"));
    if (!field.date_order.empty() && field.date_order != "dmy" && field.date_order != "mdy")
      return bad(at + "/dateOrder", "dateOrder is dmy or mdy, not '" + field.date_order + "'.");
  }
  return {};
}

Result<Field> field_of(const Json& value, const std::string& at) {
  Field field;
  if (!value.is_object())
    return bad(at, "a field has to be an object with a name, and is " + shown(value) + ".");
  if (!value.contains("name")) return bad(at, "the field has no name.");
  field.name = TRY(text_of(value["name"], at + "/name"));
  TRY(check_words(value, kFieldProperties, at));
  TRY(read_type(value, field, at));
  if (value.contains("title") && value["title"].is_string()) field.title = value["title"];
  if (value.contains("description") && value["description"].is_string())
    field.description = value["description"];
  if (value.contains("missingValues"))
    field.missing_values = TRY(missing_values_of(value["missingValues"], at + "/missingValues"));
  if (field.type == FieldType::number || field.type == FieldType::integer)
    TRY(read_number_properties(value, field, at));
  if (field.type == FieldType::boolean) TRY(read_boolean_properties(value, field, at));
  if (field.type == FieldType::list) TRY(read_list_properties(value, field, at));
  TRY(read_categories(value, field, at));
  if (value.contains("constraints"))
    field.constraints = TRY(constraints_of(value["constraints"], field.type, at + "/constraints"));
  return field;
}

Result<std::vector<std::string>> key_of(const Json& value, const TableSchema& schema, const std::string& at) {
  std::vector<std::string> names;
  if (value.is_string())
    names.push_back(value.get<std::string>());
  else
    names = TRY(texts_of(value, at));
  std::vector<std::string> known;
  for (const Field& field : schema.fields) known.push_back(field.name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (schema.find(names[i]) == nullptr) {
      std::string meant = nearest(names[i], known);
      return bad(at, "the schema has no field '" + names[i] + "'" +
                         (meant.empty() ? "." : "; did you mean '" + meant + "'?"));
    }
    if (std::count(names.begin(), names.end(), names[i]) > 1)
      return bad(at, "the field '" + names[i] + "' is named twice.");
  }
  return names;
}

Result<TableSchema::FieldsMatch> fields_match_of(const Json& value, const std::string& at) {
  static constexpr std::array<std::string_view, 5> kWays = {"exact", "equal", "subset", "superset",
                                                            "partial"};
  // The published profile says it is a list, the text of the standard that it is one word: both are read.
  const Json& word = value.is_array() && value.size() == 1 ? value[0] : value;
  std::string name = TRY(text_of(word, at));
  auto found = std::ranges::find(kWays, name);
  if (found == kWays.end())
    return bad(at, "'" + name + "' is not a way to match fields: " + suggest_known(name, kWays));
  return static_cast<TableSchema::FieldsMatch>(found - kWays.begin());
}

Result<> read_keys(const Json& descriptor, TableSchema& schema) {
  if (auto found = descriptor.find("primaryKey"); found != descriptor.end() && !found->is_null())
    schema.primary_key = TRY(key_of(*found, schema, "/primaryKey"));
  if (auto found = descriptor.find("uniqueKeys"); found != descriptor.end()) {
    if (!found->is_array()) return bad("/uniqueKeys", "it has to be a list of lists of field names.");
    for (std::size_t i = 0; i < found->size(); ++i)
      schema.unique_keys.push_back(TRY(key_of((*found)[i], schema, "/uniqueKeys/" + std::to_string(i))));
  }
  if (auto found = descriptor.find("foreignKeys");
      found != descriptor.end() && !(found->is_array() && found->empty()))
    return bad("/foreignKeys",
               "references to other tables cannot be checked while one file is read; take foreignKeys out of "
               "the schema.");
  return {};
}

}  // namespace

std::string_view name_of(FieldType type) { return kTypes[static_cast<std::size_t>(type)]; }

const Field* TableSchema::find(std::string_view name) const {
  auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

Result<TableSchema> parse_table_schema(const Json& descriptor) {
  TableSchema schema;
  if (!descriptor.is_object())
    return bad("", "a schema is an object with a list of fields, and this is " + shown(descriptor) + ".");
  auto fields = descriptor.find("fields");
  if (fields == descriptor.end()) {
    if (descriptor.contains("resources"))
      return bad("",
                 "this is a data package; give the schema of one of its resources (/resources/0/schema).");
    if (descriptor.contains("schema"))
      return bad("", "this is a data resource; give what stands under its \"schema\".");
    return bad("", "the list of fields is missing.");
  }
  if (!fields->is_array()) return bad("/fields", "it has to be a list, and is " + shown(*fields) + ".");
  if (fields->empty()) return bad("/fields", "a schema has at least one field.");
  TRY(check_words(descriptor, kSchemaProperties, ""));
  std::set<std::string> names;
  for (std::size_t i = 0; i < fields->size(); ++i) {
    std::string at = "/fields/" + std::to_string(i);
    schema.fields.push_back(TRY(field_of((*fields)[i], at)));
    if (!names.insert(schema.fields.back().name).second)
      return bad(at + "/name",
                 "there is already a field '" + schema.fields.back().name + "'; names have to differ.");
  }
  if (descriptor.contains("missingValues"))
    schema.missing_values = TRY(missing_values_of(descriptor["missingValues"], "/missingValues"));
  if (descriptor.contains("fieldsMatch"))
    schema.fields_match = TRY(fields_match_of(descriptor["fieldsMatch"], "/fieldsMatch"));
  TRY(read_keys(descriptor, schema));
  return schema;
}

}  // namespace sluice
