// Checks values against a JSON Schema with valijson (a file by itself: its headers compile slowly). Three
// keywords are ours, because the library's own would be unsafe or wrong for hostile or decimal values:
// pattern (RE2 instead of std::regex, which takes exponential time and overflows the stack), multipleOf (its
// rounding) and uniqueItems (its square of the number of items). See json_schema.h.
#include "schema/json_schema.h"

#include <re2/re2.h>

#define VALIJSON_USE_EXCEPTIONS 1  // without, it ends the process where a schema is wrong
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <cmath>
#include <new>

#include "rows/issue.h"

namespace sluice {
namespace {

using Json = nlohmann::json;
using valijson::adapters::Adapter;
using valijson::adapters::NlohmannJsonAdapter;

constexpr std::size_t kExplainedBytes = 1 << 20;  // beyond, a value is refused without saying where: the
                                                  // library's list of mistakes would outgrow it many times
constexpr std::size_t kQuotedBytes = 60;

template <class Derived>
class OwnConstraint : public valijson::constraints::PolyConstraint {
 public:
  bool validate(const Adapter& target, const std::vector<std::string>& context,
                valijson::ValidationResults* results) const override {
    std::string wrong = static_cast<const Derived*>(this)->mistake(target);
    if (wrong.empty()) return true;
    if (results) results->pushError(context, wrong);
    return false;
  }

 private:
  Constraint* cloneInto(void* place) const override {
    return new (place) Derived(*static_cast<const Derived*>(this));
  }
  std::size_t sizeOf() const override { return sizeof(Derived); }
};

class PatternConstraint : public OwnConstraint<PatternConstraint> {
 public:
  explicit PatternConstraint(const Adapter& value)
      : pattern_(std::make_shared<const RE2>(value.asString(), RE2::Quiet)) {}
  std::string mistake(const Adapter& target) const {
    if (!target.isString() || RE2::PartialMatch(target.asString(), *pattern_)) return {};
    return "does not have the expected form (" + pattern_->pattern() + ")";
  }

 private:
  std::shared_ptr<const RE2> pattern_;
};

class MultipleConstraint : public OwnConstraint<MultipleConstraint> {
 public:
  explicit MultipleConstraint(const Adapter& value)
      : divisor_(value.asDouble()), whole_(value.isInteger() ? value.asInteger() : 0) {}
  std::string mistake(const Adapter& target) const {
    if (!target.isNumber()) return {};
    bool good =
        whole_ != 0 && target.isInteger() ? target.asInteger() % whole_ == 0 : is_multiple(target.asDouble());
    return good ? "" : "is not a multiple of " + Json(divisor_).dump();
  }

 private:
  // As decimals would have it: 19.99 is a multiple of 0.01, although neither is a binary fraction.
  bool is_multiple(double number) const {
    double ratio = number / divisor_;
    return std::abs(ratio - std::round(ratio)) <=
           4 * std::numeric_limits<double>::epsilon() * std::abs(ratio);
  }
  double divisor_;
  std::int64_t whole_;
};

// The value as a text that two equal values share.
void append_key(std::string& key, const Adapter& value) {
  if (value.isArray()) {
    key += '[';
    value.applyToArray([&](const Adapter& item) { return append_key(key, item), key += ',', true; });
    key += ']';
  } else if (value.isObject()) {
    key += '{';
    value.applyToObject([&](const std::string& name, const Adapter& member) {
      (key += std::to_string(name.size())) += ':';
      key += name;
      append_key(key, member);
      key += ',';
      return true;
    });
    key += '}';
  } else if (value.isString()) {
    std::string text = value.asString();
    (key += '"' + std::to_string(text.size())) += ':';
    key += text;
  } else if (value.isNull()) {
    key += 'n';
  } else if (value.isBool()) {
    key += value.asBool() ? 't' : 'f';
  } else {
    key += value.isInteger() ? std::to_string(value.asInteger()) : Json(value.asDouble()).dump();
  }
}

class UniqueConstraint : public OwnConstraint<UniqueConstraint> {
 public:
  explicit UniqueConstraint(const Adapter&) {}
  std::string mistake(const Adapter& target) const {
    if (!target.isArray()) return {};
    std::set<std::string> seen;
    std::size_t index = 0, repeated = 0;
    bool unique = target.applyToArray([&](const Adapter& item) {
      std::string key;
      append_key(key, item);
      repeated = index++;
      return seen.insert(std::move(key)).second;
    });
    return unique ? "" : "has the same item twice (item " + std::to_string(repeated) + ", counted from 0)";
  }
};

template <class Constraint>
struct Builder final : valijson::ConstraintBuilder {
  valijson::constraints::Constraint* make(const Adapter& value) const override {
    return new Constraint(value);
  }
};

// "<root>", "[items]", "[0]" → /items/0
std::string pointer_of(const std::vector<std::string>& context) {
  nlohmann::json_pointer<std::string> pointer;
  for (std::size_t i = 1; i < context.size(); ++i)
    pointer.push_back(context[i].substr(1, context[i].size() - 2));
  return pointer.to_string();
}

// The library's findings in our words; the value stands before them.
std::string in_words(const std::string& finding) {
  static const std::pair<std::string_view, const char*> kWords[] = {
      {"Value type not permitted", "is of a type that is not allowed here"},
      {"Failed to match expected value", "is not the one value that is allowed here"},
      {"Failed to match against any enum", "is none of the values that are allowed here"},
      {"Failed to validate against any schemas allowed by anyOf",
       "has none of the forms that are allowed here"},
      {"Failed to validate against any child schemas allowed by oneOf",
       "has none of the forms that are allowed here"},
      {"Failed to validate against exactly one", "has more than one of the forms of which it may have one"},
      {"Target should not validate", "has a form that is not allowed here"},
      {"Failed to any values", "has no item of the form that one must have"},
      {"Failed to validate against a conditional", "does not go with the rest (if, then, else)"},
      {"Array contains more items", "has more items than allowed"},
  };
  for (const auto& [begin, words] : kWords)
    if (finding.starts_with(begin)) return words;
  static const std::tuple<std::string_view, const char*, const char*> kNumbers[] = {
      {"Expected number less than or equal to ", "is greater than ", ""},
      {"Expected number less than ", "is not less than ", ""},
      {"Expected number greater than or equal to ", "is less than ", ""},
      {"Expected number greater than ", "is not greater than ", ""},
      {"Array should contain no more than ", "has more than ", " items"},
      {"Array should contain no fewer than ", "has fewer than ", " items"},
      {"String should be no more than ", "is longer than ", " characters"},
      {"String should be no fewer than ", "is shorter than ", " characters"},
      {"Object should have no more than ", "has more than ", " members"},
      {"Object should have no fewer than ", "has fewer than ", " members"},
  };
  for (const auto& [begin, before, after] : kNumbers)
    if (finding.starts_with(begin)) {
      std::string number = finding.substr(begin.size());
      number.resize(std::min(number.find(' '), number.size()));
      if (number.contains('.')) number.erase(number.find_last_not_of('0') + 1);
      if (number.ends_with('.')) number.pop_back();
      return before + number + after;
    }
  std::size_t quote = finding.find('\'');
  if (finding.starts_with("Missing required property "))
    return "has no member " +
           shown_value(finding.substr(quote, finding.rfind('\'') + 1 - quote), kQuotedBytes);
  if (finding.starts_with("Object contains a property")) {
    quote = finding.find(": '");
    return "has the member " +
           shown_value(finding.substr(quote + 2, finding.rfind('\'') - quote - 1), kQuotedBytes) +
           ", which is not allowed";
  }
  return {};
}

std::string sentence(const Json& value, const valijson::ValidationResults& results) {
  const valijson::ValidationResults::Error* chosen = nullptr;
  std::string wrong;
  for (const auto& error : results) {
    bool choice = error.description.contains("anyOf") || error.description.contains("oneOf");
    std::string words = in_words(error.description);
    if (words.empty() && (error.description.starts_with("is ") || error.description.starts_with("has ") ||
                          error.description.starts_with("does ")))
      words = error.description;  // a keyword of ours
    // The first is the innermost, but within a choice of forms it may belong to a form that was not meant.
    if (!words.empty() && (!chosen || choice)) chosen = &error, wrong = std::move(words);
    if (choice) break;
  }
  if (!chosen) return "The value does not fit the JSON schema of this field.";
  std::string pointer = pointer_of(chosen->context);
  Json::json_pointer place(pointer);
  std::string shown =
      value.contains(place) || pointer.empty()
          ? shown_value(value.at(place).dump(-1, ' ', false, Json::error_handler_t::replace), kQuotedBytes)
          : "the value";
  return pointer.empty() ? "The value " + wrong + "." : "At " + pointer + ", " + shown + " " + wrong + ".";
}

}  // namespace

struct JsonSchema::Compiled {
  valijson::Schema schema;
};

JsonSchema::JsonSchema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
JsonSchema::~JsonSchema() = default;

Result<std::unique_ptr<JsonSchema>> JsonSchema::compile(const Json& schema, const std::string& where) {
  Json prepared = TRY(prepare_json_schema(schema, where));
  auto compiled = std::make_unique<Compiled>();
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.addConstraintBuilder(kOwnPattern, new Builder<PatternConstraint>);
    parser.addConstraintBuilder(kOwnMultipleOf, new Builder<MultipleConstraint>);
    parser.addConstraintBuilder(kOwnUniqueItems, new Builder<UniqueConstraint>);
    parser.populateSchema(NlohmannJsonAdapter(prepared), compiled->schema);
  } catch (const std::exception& error) {
    return fail(ErrorKind::usage, where + ": this is no JSON schema of draft 7 (" + error.what() + ").");
  }
  return std::unique_ptr<JsonSchema>(new JsonSchema(std::move(compiled)));
}

std::optional<std::string> JsonSchema::complaint(std::string_view text) const {
  Json value = Json::parse(text, nullptr, false);
  if (!unify_numbers(value, kDeepestJson))
    return "The value is nested deeper than " + std::to_string(kDeepestJson) +
           " levels, which is more than a JSON schema is applied to.";
  try {
    NlohmannJsonAdapter target(value);
    if (valijson::Validator().validate(compiled_->schema, target, nullptr)) return std::nullopt;
    valijson::ValidationResults results;
    if (text.size() <= kExplainedBytes) valijson::Validator().validate(compiled_->schema, target, &results);
    return sentence(value, results);
  } catch (const std::exception& error) {
    return std::string("The value could not be checked against the JSON schema (") + error.what() + ").";
  }
}

}  // namespace sluice
