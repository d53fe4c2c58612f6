// What all rules share: missing values, constraints, messages. See rule.h.
#include "schema/rule.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/nearest.h"
#include "schema/json_schema.h"
#include "schema/number_text.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kNearBytes = 3;      // of a value for which a near one is worth suggesting
constexpr std::size_t kMendedBytes = 200;  // of a value for which readings are tried
constexpr std::size_t kLostZeros = 6;      // before a number that a program took for a quantity
constexpr std::size_t kShownBytes = 60;    // of a value in a message: enough to find it, short enough to read

std::uint64_t code_points(std::string_view text) {
  std::uint64_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

std::string count_of(std::uint64_t count, std::string_view unit) {
  return std::to_string(count) + " " + std::string(count == 1 ? unit.substr(0, unit.size() - 1) : unit);
}

Cell cell_of(const Json& value, std::string& storage) {
  if (value.is_string()) {
    storage = value.get<std::string>();
    return Cell::string(storage);
  }
  if (value.is_boolean()) return Cell::boolean(value.get<bool>());
  storage = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (value.is_null()) return Cell::null();
  return value.is_number() ? Cell::number(storage) : Cell::json(storage);
}

// XML Schema's classes of name characters, which RE2 does not know (its \C would even be any byte).
std::string from_xml_schema(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    if (c != '\\' || i + 1 == pattern.size()) {
      out += c;
      continue;
    }
    char escaped = pattern[++i];
    std::string_view set = (escaped | 0x20) == 'i' ? "\\pL_:" : "\\pL\\pN_:.\\-";
    if (escaped == 'i' || escaped == 'c')
      out += in_class ? std::string(set) : "[" + std::string(set) + "]";
    else if (!in_class && (escaped == 'I' || escaped == 'C'))
      out += "[^" + std::string(set) + "]";
    else
      (out += c) += escaped;
  }
  return out;
}

// The likelier a reading, the earlier it stands.
std::vector<std::string> mended_texts(std::string_view text) {
  auto mapped = [&](auto change) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), change);
    return out;
  };
  auto is_letter = [](char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; };
  std::vector<std::string> texts = {
      std::string(text), mapped([&](char c) { return is_letter(c) ? static_cast<char>(c & ~0x20) : c; }),
      mapped([&](char c) { return is_letter(c) ? static_cast<char>(c | 0x20) : c; })};
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos)
    for (std::size_t zeros = 1; zeros <= kLostZeros; ++zeros)
      texts.push_back(std::string(zeros, '0') + std::string(text));
  std::string close;  // without the blanks inside, the no-break space among them
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\u00A0"))
      ++i;
    else if (text[i] != ' ' && text[i] != '\t')
      close += text[i];
  }
  texts.push_back(std::move(close));
  if (std::string number = mend_number(text, false); !number.empty()) texts.push_back(std::move(number));
  return texts;
}

}  // namespace

std::string shown(const Cell& cell) {
  std::string text = shown_value(cell.text(), kShownBytes);
  return cell.kind == CellKind::string ? "'" + text + "'" : text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  std::size_t first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

Issue make_issue(RejectCode code, const Field& field, const Cell& cell, std::string message,
                 std::string suggestion, std::string_view constraint) {
  Issue issue;
  issue.code = code;
  issue.field = field.name;
  issue.constraint = constraint;
  issue.value = shown_value(cell.text());
  issue.message = std::move(message);
  issue.suggestion = std::move(suggestion);
  return issue;
}

Rule::Rule(const Field& field, Normalise normalise) : field_(field), normalise_(normalise) {}
Rule::~Rule() = default;

bool Rule::type_error(const Cell& cell, std::string message, std::string suggestion,
                      std::vector<Issue>& issues) const {
  issues.push_back(
      make_issue(RejectCode::type_error, field_, cell, std::move(message), std::move(suggestion)));
  return false;
}

bool Rule::kind_error(const Cell& cell, std::string_view wanted, std::vector<Issue>& issues) const {
  const char* is = "a text";
  if (cell.kind == CellKind::number) is = "a number";
  if (cell.kind == CellKind::boolean) is = "true or false";
  if (cell.kind == CellKind::json) is = cell.size > 0 && cell.data[0] == '[' ? "a list" : "an object";
  return type_error(cell, shown(cell) + " is " + is + ", but this field holds " + std::string(wanted) + ".",
                    {}, issues);
}

std::uint64_t Rule::length(const Cell& cell) const { return code_points(cell.text()); }

bool Rule::is_missing(std::string_view text) const {
  return std::ranges::find(missing_values_, text) != missing_values_.end();
}

bool Rule::check(Cell& cell, Arena& arena, std::vector<Issue>& issues) const {
  bool missing = cell.kind == CellKind::string && cell.size <= longest_missing_ && is_missing(cell.text());
  if (missing || cell.is_null()) {
    if (field_.constraints.required) {
      std::string message = missing && cell.size > 0
                                ? shown(cell) + " means that there is no value, but this field must have one."
                                : "This field must have a value, but it is blank.";
      issues.push_back(
          make_issue(RejectCode::constraint_error, field_, cell, std::move(message), {}, "required"));
      return false;
    }
    if (missing && (normalise_ == Normalise::yes || !keeps_missing_text())) cell = Cell::null();
    return true;
  }
  const Cell written = cell;
  if (!cast(cell, arena, issues)) return false;
  bool good = only_required_ || check_constraints(written, cell, issues);
  if (normalise_ == Normalise::no && keeps_spelling()) cell = written;
  return good;
}

bool Rule::check_constraints(const Cell& written, const Cell& cell, std::vector<Issue>& issues) const {
  const std::size_t before = issues.size();
  if (check_each(written, cell, issues)) [[likely]]
    return true;
  suggest(written, std::span(issues).subspan(before));
  return false;
}

bool Rule::check_each(const Cell& written, const Cell& cell, std::vector<Issue>& issues) const {
  bool good = check_lengths(written, cell, issues);
  good &= check_bounds(written, cell, issues);
  good &= check_members(written, cell, issues);
  if (pattern_ && !RE2::FullMatch(re2::StringPiece(written.data, written.size), *pattern_)) {
    std::string message =
        shown(written) + " does not have the expected form (" + *field_.constraints.pattern + ").";
    issues.push_back(
        make_issue(RejectCode::constraint_error, field_, written, std::move(message), {}, "pattern"));
    good = false;
  }
  if (json_schema_ && cell.kind == CellKind::json) {
    if (auto complaint = json_schema_->complaint(cell.text())) {
      issues.push_back(
          make_issue(RejectCode::constraint_error, field_, written, *std::move(complaint), {}, "jsonSchema"));
      good = false;
    }
  }
  return good;
}

bool Rule::passes(const std::string& text) const {
  Arena arena;
  std::vector<Issue> unseen;
  Cell written = Cell::string(text), cell = written;
  return !is_missing(text) && cast(cell, arena, unseen) && check_each(written, cell, unseen);
}

// What programs and people do to a code on its way through a spreadsheet is undone, one thing at a time; what
// then passes everything the field asks for is worth suggesting.
void Rule::suggest(const Cell& written, std::span<Issue> issues) const {
  static constexpr std::string_view kMendable[] = {"pattern", "minLength", "maxLength", "enum", "categories"};
  auto mendable = [](const Issue& issue) {
    return std::ranges::find(kMendable, issue.constraint) != std::end(kMendable);
  };
  if (written.kind != CellKind::string || written.size > kMendedBytes ||
      !std::ranges::all_of(issues, mendable))
    return;
  for (std::string& text : mended_texts(trimmed(written.text()))) {
    if (text == written.text() || !passes(text)) continue;
    for (Issue& issue : issues) issue.suggestion = text;
    return;
  }
}

bool Rule::check_lengths(const Cell& written, const Cell& cell, std::vector<Issue>& issues) const {
  const auto& [least, most] = std::tie(field_.constraints.min_length, field_.constraints.max_length);
  if (!least && !most) return true;
  std::uint64_t size = length(cell);
  bool few = least && size < *least;
  if (!few && !(most && size > *most)) return true;
  std::uint64_t limit = few ? *least : *most;
  std::string message = shown(written) + " has " + count_of(size, length_unit()) + "; " +
                        (few ? "at least " : "at most ") + std::to_string(limit) +
                        (limit == 1 ? " is " : " are ") + (few ? "needed." : "allowed.");
  issues.push_back(make_issue(RejectCode::constraint_error, field_, written, std::move(message), {},
                              few ? "minLength" : "maxLength"));
  return false;
}

bool Rule::check_bounds(const Cell& written, const Cell& cell, std::vector<Issue>& issues) const {
  for (const Bound& bound : bounds_) {
    auto [least, most] = compare(cell.text(), bound.text);
    int margin = bound.lower ? least : -most;  // how far on the right side it is at the worst
    if (margin > 0 || (margin == 0 && !bound.exclusive)) continue;
    std::string message =
        shown(written) + (bound.lower ? " is too small; it must be " : " is too large; it must be ");
    if (least != most)
      message = shown(written) + " does not keep within the limit in every month; it must be ";
    message += bound.exclusive ? (bound.lower ? "greater than " : "less than ")
                               : (bound.lower ? "at least " : "at most ");
    message += bound.shown + ".";
    issues.push_back(
        make_issue(RejectCode::constraint_error, field_, written, std::move(message), {}, bound.constraint));
    return false;
  }
  return true;
}

bool Rule::check_members(const Cell& written, const Cell& cell, std::vector<Issue>& issues) const {
  if (members_constraint_.empty()) return true;
  if (cell.kind == CellKind::json) {
    Json value = Json::parse(cell.text(), nullptr, false);
    if (std::ranges::find(json_members_, value) != json_members_.end()) return true;
  } else if (std::binary_search(members_.begin(), members_.end(), cell.text(),
                                std::less<std::string_view>())) {
    return true;
  }
  std::string list;
  for (std::size_t i = 0; i < members_shown_.size() && i < 6; ++i)
    list += (i == 0 ? "" : ", ") + members_shown_[i];
  if (members_shown_.size() > 6) list += ", … (" + std::to_string(members_shown_.size()) + " in all)";
  // Of numbers and of codes of a letter or two every one is near every other: nothing is evident there.
  std::string suggestion;
  if (cell.kind == CellKind::string && cell.size >= kNearBytes)
    suggestion = nearest(trimmed(written.text()), members_);
  issues.push_back(make_issue(RejectCode::constraint_error, field_, written,
                              shown(written) + " is not one of the allowed values: " + list + ".",
                              std::move(suggestion), members_constraint_));
  return false;
}

Result<> Rule::compile_constraints(const TableSchema& schema) {
  missing_values_ = field_.missing_values.value_or(schema.missing_values);
  for (const std::string& text : missing_values_) longest_missing_ = std::max(longest_missing_, text.size());
  if (missing_values_.empty()) missing_values_.shrink_to_fit();
  const Constraints& c = field_.constraints;
  TRY(add_bound("minimum", c.minimum, true, false));
  TRY(add_bound("exclusiveMinimum", c.exclusive_minimum, true, true));
  TRY(add_bound("maximum", c.maximum, false, false));
  TRY(add_bound("exclusiveMaximum", c.exclusive_maximum, false, true));
  if (!c.enumeration.empty()) {
    TRY(add_members("enum", c.enumeration));
  } else if (field_.categories.is_array()) {
    std::vector<Json> values;
    for (const Json& category : field_.categories)
      values.push_back(category.is_object() ? category.at("value") : category);
    TRY(add_members("categories", values));
  }
  TRY(compile_pattern());
  if (c.json_schema)
    json_schema_ = TRY(JsonSchema::compile(
        *c.json_schema, "Field '" + field_.name + "' is wrong at /constraints/jsonSchema"));
  only_required_ = bounds_.empty() && members_constraint_.empty() && !pattern_ && !c.min_length &&
                   !c.max_length && !json_schema_;
  return {};
}

Result<> Rule::add_bound(std::string_view constraint, const std::optional<Json>& value, bool lower,
                         bool exclusive) {
  if (!value) return {};
  Arena arena;
  std::vector<Issue> issues;
  std::string storage;
  Cell cell = cell_of(*value, storage);
  Bound bound{constraint, {}, std::string(cell.text()), lower, exclusive};
  if (!cast_bound(cell, arena, issues))
    return fail(ErrorKind::usage, "Field '" + field_.name + "': " + std::string(constraint) +
                                      " is no value of type " + std::string(name_of(field_.type)) + ": " +
                                      issues.front().message);
  bound.text = cell.text();
  bounds_.push_back(std::move(bound));
  return {};
}

Result<> Rule::add_members(std::string_view constraint, const std::vector<Json>& values) {
  members_constraint_ = constraint;
  for (const Json& value : values) {
    Arena arena;
    std::vector<Issue> issues;
    std::string storage;
    Cell cell = cell_of(value, storage);
    members_shown_.emplace_back(shown(cell));
    if (cell.is_null() || !cast_bound(cell, arena, issues))
      return fail(ErrorKind::usage, "Field '" + field_.name + "': " + std::string(constraint) +
                                        " has a value that is none of type " +
                                        std::string(name_of(field_.type)) + ": " +
                                        (issues.empty() ? "it is null." : issues.front().message));
    if (cell.kind == CellKind::json)
      json_members_.push_back(Json::parse(cell.text(), nullptr, false));
    else
      members_.emplace_back(cell.text());
  }
  std::sort(members_.begin(), members_.end());
  return {};
}

Result<> Rule::compile_pattern() {
  if (!field_.constraints.pattern) return {};
  RE2::Options options;
  options.set_log_errors(false);
  pattern_ = std::make_unique<RE2>(from_xml_schema(*field_.constraints.pattern), options);
  if (pattern_->ok()) return {};
  return fail(ErrorKind::usage, "Field '" + field_.name + "': the pattern " + *field_.constraints.pattern +
                                    " cannot be used (" + pattern_->error() +
                                    "); look-ahead and back references are not supported.");
}

Result<std::unique_ptr<FieldRule>> FieldRule::compile(const Field& field, const TableSchema& schema,
                                                      Normalise normalise) {
  auto make = [&]() -> RuleResult {
    switch (field.type) {
      case FieldType::string: return make_string_rule(field, normalise);
      case FieldType::number:
      case FieldType::integer:
      case FieldType::year: return make_number_rule(field, normalise);
      case FieldType::boolean: return make_boolean_rule(field, normalise);
      case FieldType::date:
      case FieldType::time:
      case FieldType::datetime: return make_date_rule(field, normalise);
      case FieldType::yearmonth: return make_yearmonth_rule(field, normalise);
      case FieldType::duration: return make_duration_rule(field, normalise);
      case FieldType::object:
      case FieldType::array:
      case FieldType::any: return make_json_rule(field, normalise);
      case FieldType::list: return make_list_rule(field, schema, normalise);
      case FieldType::geopoint:
      case FieldType::geojson: return make_geo_rule(field, normalise);
    }
    return fail(ErrorKind::internal, "Field '" + field.name + "' has an unknown type.");
  };
  std::unique_ptr<Rule> rule = TRY(make());
  TRY(rule->compile_constraints(schema));
  return rule;
}

}  // namespace sluice
