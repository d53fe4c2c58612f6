// Reads a JSON Schema before the library does: refuses what the library would ignore or get wrong, and
// renames the keywords that are checked by our own means. See json_schema.h.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "schema/json_schema.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

// Keywords whose value is a schema, a list or a map of schemas. True: it is applied to the same value.
struct Applicator {
  std::string_view keyword;
  bool same_value;
};
constexpr std::array<Applicator, 9> kSchemas = {{{"not", true},
                                                 {"if", true},
                                                 {"then", true},
                                                 {"else", true},
                                                 {"contains", false},
                                                 {"additionalItems", false},
                                                 {"additionalProperties", false},
                                                 {"propertyNames", false},
                                                 {"items", false}}};  // or a list of them
constexpr std::array<std::string_view, 3> kLists = {"allOf", "anyOf", "oneOf"};
constexpr std::array<Applicator, 4> kMaps = {
    {{"properties", false}, {"definitions", false}, {"$defs", false}, {"dependencies", true}}};
// Assertions that would be passed over in silence.
constexpr std::array<std::string_view, 13> kRefused = {
    "patternProperties", "prefixItems", "unevaluatedItems", "unevaluatedProperties", "dependentRequired",
    "dependentSchemas",  "minContains", "maxContains",      "$dynamicRef",           "$recursiveRef",
    "divisibleBy",       "disallow",    "extends"};
// What describes and checks nothing; an id would only change how references are read.
constexpr std::array<std::string_view, 6> kDescriptive = {"$id",   "id",          "$schema",
                                                          "title", "description", "format"};

std::string escaped(std::string_view token) {
  std::string out;
  for (char c : token) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

std::string percent_decoded(std::string_view text) {
  auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  auto is_hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

class Preparation {
 public:
  explicit Preparation(std::string where) : where_(std::move(where)) {}

  Result<> run(Json& schema) {
    TRY(visit(schema, "", kDeepestJson));
    for (const auto& [at, target] : references_) {
      if (!same_value_.contains(target))
        return bad(at + "/$ref", "there is no schema at '#" + target + "' in it.");
      same_value_[at].push_back(target);
    }
    for (const auto& [at, unused] : same_value_) TRY(check_cycle(at));
    return {};
  }

 private:
  std::unexpected<Error> bad(const std::string& at, const std::string& what) const {
    return fail(ErrorKind::usage, where_ + at + ": " + what);
  }

  Result<> visit(Json& schema, const std::string& at, int room) {
    if (room == 0) return bad(at, "the JSON schema is nested too deeply.");
    same_value_[at];
    if (schema.is_boolean()) return {};
    if (!schema.is_object()) return bad(at, "a JSON schema is an object, or true or false.");
    for (std::string_view word : kRefused)
      if (schema.contains(word))
        return bad(at + "/" + escaped(word),
                   "the keyword " + std::string(word) + " is not supported" +
                       (word == "patternProperties" ? "; name the members under properties, or check their "
                                                      "names with propertyNames."
                                                    : " (JSON Schema is read as draft 7)."));
    for (std::string_view word : kDescriptive)
      if (auto found = schema.find(word); found != schema.end() && found->is_string()) schema.erase(found);
    TRY(visit_below(schema, at, room));
    if (auto found = schema.find("$ref"); found != schema.end()) TRY(read_reference(*found, at));
    return rename(schema, at);
  }

  Result<> visit_below(Json& schema, const std::string& at, int room) {
    for (const auto& [keyword, same] : kSchemas) {
      auto found = schema.find(keyword);
      if (found == schema.end()) continue;
      if (keyword == "items" && found->is_array())
        TRY(visit_list(*found, at + "/items", room));
      else
        TRY(visit_part(*found, at + "/" + std::string(keyword), room, same ? &at : nullptr));
    }
    for (std::string_view keyword : kLists) {
      auto found = schema.find(keyword);
      if (found == schema.end()) continue;
      std::string here = at + "/" + std::string(keyword);
      if (!found->is_array() || found->empty()) return bad(here, "it has to be a list of schemas.");
      for (std::size_t i = 0; i < found->size(); ++i)
        TRY(visit_part((*found)[i], here + "/" + std::to_string(i), room, &at));
    }
    for (const auto& [keyword, same] : kMaps) {
      auto found = schema.find(keyword);
      if (found == schema.end()) continue;
      std::string here = at + "/" + std::string(keyword);
      if (!found->is_object()) return bad(here, "it has to be an object.");
      for (auto& [name, part] : found->items())
        if (keyword != "dependencies" || !part.is_array())
          TRY(visit_part(part, here + "/" + escaped(name), room, same ? &at : nullptr));
    }
    return {};
  }

  Result<> visit_list(Json& list, const std::string& at, int room) {
    for (std::size_t i = 0; i < list.size(); ++i)
      TRY(visit_part(list[i], at + "/" + std::to_string(i), room, nullptr));
    return {};
  }

  Result<> visit_part(Json& part, const std::string& at, int room, const std::string* parent) {
    if (parent) same_value_[*parent].push_back(at);
    return visit(part, at, room - 1);
  }

  Result<> read_reference(const Json& value, const std::string& at) {
    if (!value.is_string()) return bad(at + "/$ref", "it has to be a text such as \"#/definitions/name\".");
    std::string text = value.get<std::string>();
    if (text != "#" && !text.starts_with("#/"))
      return bad(at + "/$ref",
                 "'" + text +
                     "' is outside of this schema; only references such as \"#/definitions/name\" "
                     "can be followed.");
    references_.emplace_back(at, percent_decoded(text.substr(1)));
    return {};
  }

  Result<> rename(Json& schema, const std::string& at) {
    if (auto found = schema.find("pattern"); found != schema.end()) {
      RE2::Options options;
      options.set_log_errors(false);
      if (!found->is_string()) return bad(at + "/pattern", "it has to be a text.");
      if (RE2 pattern(found->get<std::string>(), options); !pattern.ok())
        return bad(at + "/pattern", "this pattern cannot be used (" + pattern.error() +
                                        "); look-ahead and back references are not supported.");
      schema[kOwnPattern] = *found;
      schema.erase("pattern");
    }
    if (auto found = schema.find("multipleOf"); found != schema.end()) {
      if (!found->is_number() || found->get<double>() <= 0)
        return bad(at + "/multipleOf", "it has to be a number greater than 0.");
      schema[kOwnMultipleOf] = *found;
      schema.erase("multipleOf");
    }
    if (auto found = schema.find("uniqueItems"); found != schema.end()) {
      if (!found->is_boolean()) return bad(at + "/uniqueItems", "it has to be true or false.");
      if (found->get<bool>()) schema[kOwnUniqueItems] = true;
      schema.erase("uniqueItems");
    }
    return {};
  }

  // A schema that applies itself to the same value would never come to an end.
  Result<> check_cycle(const std::string& at) {
    int& state = states_[at];  // 1: on the way, 2: done
    if (state == 2) return {};
    if (state == 1) return bad(at, "this schema refers to itself for the same value, without end.");
    state = 1;
    for (const std::string& next : same_value_.at(at)) TRY(check_cycle(next));
    states_[at] = 2;
    return {};
  }

  std::string where_;
  std::map<std::string, std::vector<std::string>> same_value_;  // schema → schemas for the same value
  std::vector<std::pair<std::string, std::string>> references_;
  std::map<std::string, int> states_;
};

}  // namespace

bool unify_numbers(Json& value, int room) {
  constexpr double kExact = 9007199254740992;  // 2^53
  if (value.is_structured()) {
    if (room == 0) return false;
    return std::ranges::all_of(value, [&](Json& part) { return unify_numbers(part, room - 1); });
  }
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) value = value.get<double>();
  if (value.is_number_float()) {
    double number = value.get<double>();
    if (std::abs(number) <= kExact && number == std::trunc(number)) value = static_cast<std::int64_t>(number);
  }
  return true;
}

Result<Json> prepare_json_schema(Json schema, const std::string& where) {
  if (!unify_numbers(schema, kDeepestJson))
    return fail(ErrorKind::usage, where + ": the JSON schema is nested too deeply.");
  TRY(Preparation(where).run(schema));
  return schema;
}

}  // namespace sluice
