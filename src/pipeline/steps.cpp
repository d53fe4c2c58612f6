#include "pipeline/steps.h"

#include <algorithm>

#include "base/nearest.h"

namespace sluice {

using CompileStep = Result<std::unique_ptr<Step>>(const nlohmann::json&, const StepContext&);
CompileStep compile_trim, compile_lowercase, compile_uppercase, compile_rename, compile_drop, compile_keep,
    compile_select, compile_require, compile_default, compile_map, compile_date, compile_number,
    compile_split, compile_replace;

namespace {

constexpr StepKind kSteps[] = {
    {"trim", "[column, …]", compile_trim},
    {"lowercase", "[column, …]", compile_lowercase},
    {"uppercase", "[column, …]", compile_uppercase},
    {"rename", "{old: new, …}", compile_rename},
    {"drop", "[column, …]", compile_drop},
    {"keep", "[column, …]", compile_keep},
    {"select", "{new: old, …}", compile_select},
    {"require", "[column, …]", compile_require},
    {"default", "{column: value, …}", compile_default},
    {"map", "{column: {from: to, …}, …}, or {fields: […], values: {…}, else: value, strict: true}",
     compile_map},
    {"date", "{fields: […], formats: [any], type: date, order: dmy}", compile_date},
    {"number", "[column, …], or {fields: […], decimal: \",\", group: \".\"}", compile_number},
    {"split", "{field: column, into: [column, …], separator: \" \"}", compile_split},
    {"replace", "{fields: […], text: old, with: new}, or pattern: in place of text:", compile_replace},
};

}  // namespace

std::span<const StepKind> step_kinds() { return kSteps; }

Result<std::unique_ptr<Step>> compile_step(const StepSpec& spec, const StepContext& context) {
  std::vector<std::string_view> known;
  for (const StepKind& kind : kSteps) {
    known.push_back(kind.name);
    if (kind.name != spec.name) continue;
    auto step = kind.compile(spec.argument, context);
    if (!step)
      return fail(ErrorKind::usage, "transform." + spec.name + ": " + step.error().message + "; it takes " +
                                        std::string(kind.argument));
    return step;
  }
  return fail(ErrorKind::usage,
              "transform: unknown step '" + spec.name + "'; " + suggest_known(spec.name, known));
}

// ---------------------------------------------------------------- columns

ColumnMap::ColumnMap(const Columns& columns, bool fixed)
    : fixed_(fixed), origin_count_(columns.size()), width_(columns.size()), dropped_(columns.size()) {
  for (std::size_t i = 0; i < columns.size(); ++i) names_.emplace_back(columns[i], static_cast<Slot>(i));
}

std::size_t ColumnMap::position(std::string_view name) const {
  auto found =
      std::find_if(names_.begin(), names_.end(), [&](const auto& entry) { return entry.first == name; });
  return static_cast<std::size_t>(found - names_.begin());
}

std::optional<Slot> ColumnMap::find(std::string_view name) const {
  std::size_t at = position(name);
  if (at == names_.size()) return std::nullopt;
  return names_[at].second;
}

Result<std::vector<Slot>> ColumnMap::need(std::span<const std::string> names) const {
  std::vector<Slot> slots;
  for (const std::string& name : names) {
    if (auto slot = find(name)) {
      slots.push_back(*slot);
    } else if (fixed_) {
      return std::unexpected(unknown_column(name));
    }
  }
  return slots;
}

Slot ColumnMap::create(const std::string& name) {
  names_.emplace_back(name, static_cast<Slot>(width_));
  return static_cast<Slot>(width_++);
}

void ColumnMap::remove(std::string_view name) {
  if (std::size_t at = position(name); at < names_.size())
    names_.erase(names_.begin() + static_cast<std::ptrdiff_t>(at));
}

void ColumnMap::drop(std::string_view name) {
  if (auto slot = find(name); slot && *slot < origin_count_) dropped_[*slot] = true;
  remove(name);
}

Error ColumnMap::unknown_column(std::string_view name) const {
  std::vector<std::string_view> known;
  for (const auto& [column, slot] : names_) known.push_back(column);
  constexpr std::size_t kListed = 40;
  std::string message = "there is no column '" + std::string(name) + "' at this point; ";
  if (known.size() <= kListed) {
    message += suggest_known(name, known);
  } else {
    std::string meant = nearest(name, known);
    message += meant.empty() ? "the file has " + std::to_string(known.size()) + " others."
                             : "did you mean '" + meant + "'?";
  }
  return Error{ErrorKind::usage, std::move(message)};
}

// ---------------------------------------------------------------- rows

void StepRow::fail(std::string_view step, std::string_view column, Slot slot, const std::string& what,
                   std::string suggestion) {
  Issue issue{RejectCode::transform_error};
  issue.field = column;
  issue.field_number = slot + 1;  // the caller of the steps blanks it for columns that were not read
  issue.value = shown_value(cells[slot].text());
  issue.message =
      "The step '" + std::string(step) + "' could not be applied to '" + std::string(column) + "': " + what;
  issue.suggestion = std::move(suggestion);
  issues.push_back(std::move(issue));
  failed.push_back(slot);
}

// ---------------------------------------------------------------- arguments

std::unexpected<Error> wrong_argument(std::string_view expected, const nlohmann::json& got) {
  return fail(ErrorKind::usage,
              "expected " + std::string(expected) + ", not " +
                  shown_value(got.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), 60));
}

Result<std::vector<std::string>> column_list(const nlohmann::json& json) {
  std::vector<std::string> columns;
  auto add = [&](const nlohmann::json& name) {
    if (!name.is_string() || name.get_ref<const std::string&>().empty()) return false;
    columns.push_back(name.get<std::string>());
    return true;
  };
  if (json.is_string() && add(json)) return columns;
  if (!json.is_array() || json.empty()) return wrong_argument("a list of columns", json);
  for (const auto& name : json)
    if (!add(name)) return wrong_argument("the name of a column", name);
  return columns;
}

Result<> check_members(const nlohmann::json& argument, std::span<const std::string_view> known) {
  if (!argument.is_object()) return wrong_argument("a mapping", argument);
  for (const auto& [key, value] : argument.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      return fail(ErrorKind::usage, "unknown key '" + key + "'; " + suggest_known(key, known));
  return {};
}

Result<std::vector<std::string>> fields_of(const nlohmann::json& argument) {
  for (const char* key : {"fields", "field"})
    if (auto found = argument.find(key); found != argument.end()) return column_list(*found);
  return fail(ErrorKind::usage, "`fields:` is missing: which columns?");
}

Result<Cell> scalar_cell(const nlohmann::json& json, std::string& text) {
  if (json.is_null()) return Cell::null();
  if (json.is_boolean()) return Cell::boolean(json.get<bool>());
  if (json.is_string()) return Cell::string(text = json.get<std::string>());
  if (json.is_number()) return Cell::number(text = json.dump());
  return wrong_argument("text, a number, true, false or null", json);
}

}  // namespace sluice
