// JSON Schema (draft 7) for the constraint jsonSchema of object and array fields. Called by the reader of
// table schemas (to refuse a bad one at its place) and by the rules. Immutable; used from any thread at once.
// What of the standard is checked and what is refused: docs/decisions/0015-json-schema.md.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace sluice {

class JsonSchema {
 public:
  // Errors (usage) begin with `where`, which ends in the JSON pointer of the schema itself: the message goes
  // on with the pointer inside of it.
  static Result<std::unique_ptr<JsonSchema>> compile(const nlohmann::json& schema, const std::string& where);
  ~JsonSchema();

  // Nothing where `text` (JSON) fits; otherwise a sentence that names the place in it and what is wrong.
  std::optional<std::string> complaint(std::string_view text) const;

 private:
  struct Compiled;
  explicit JsonSchema(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

// json_schema_prepare.cpp, for json_schema.cpp only.

// The keywords that are not left to the library, renamed so that it does not see them.
inline constexpr const char* kOwnPattern = "sluice:pattern";
inline constexpr const char* kOwnMultipleOf = "sluice:multipleOf";
inline constexpr const char* kOwnUniqueItems = "sluice:uniqueItems";

// Checks the schema, renames those keywords and takes out what only describes. Errors as above.
Result<nlohmann::json> prepare_json_schema(nlohmann::json schema, const std::string& where);

// 1.0 becomes 1, as the standard has it, and what no int64 holds a double. False: nested too deeply.
bool unify_numbers(nlohmann::json& value, int room);
inline constexpr int kDeepestJson = 128;  // the check goes as deep as the value: the stack must hold it

}  // namespace sluice
