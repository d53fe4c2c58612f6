// map: {state: {Texas: TX}}, or {fields: [state], values: {Texas: TX}, else: XX} or strict: true.
// What is not listed stays as it is, becomes `else`, or (strict) makes the row a reject. Compared exactly.
#include <unordered_map>

#include "base/nearest.h"
#include "pipeline/steps.h"

namespace sluice {

namespace {

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

struct Target {
  CellKind kind = CellKind::null;
  std::string text;
};

struct Mapping {
  std::vector<std::string> columns;
  std::unordered_map<std::string, Target, Hash, std::equal_to<>> values;
  std::optional<Target> otherwise;
  bool strict = false;
};

Cell cell_of(const Target& target, Arena& arena) { return Cell::of(target.kind, arena.copy(target.text)); }

void apply_mapping(const Mapping& mapping, Cell& cell, Slot slot, const std::string& name, StepRow& row) {
  if (cell.kind == CellKind::json) return;
  if (auto found = mapping.values.find(cell.text()); found != mapping.values.end()) {
    cell = cell_of(found->second, row.arena);
  } else if (mapping.otherwise) {
    cell = cell_of(*mapping.otherwise, row.arena);
  } else if (mapping.strict) {
    std::vector<std::string_view> known;
    for (const auto& [from, to] : mapping.values) known.push_back(from);
    row.fail("map", name, slot, "'" + shown_value(cell.text(), 60) + "' is not among the values it knows.",
             nearest(cell.text(), known));
  }
}

class Map final : public Step {
 public:
  explicit Map(std::vector<std::shared_ptr<const Mapping>> mappings) : mappings_(std::move(mappings)) {}

  Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const override {
    auto bound = std::make_unique<Bound>();
    for (const auto& mapping : mappings_) {
      TRY(columns.need(mapping->columns));
      for (const std::string& name : mapping->columns)
        if (auto slot = columns.find(name)) bound->targets.push_back({*slot, name, mapping});
    }
    if (bound->targets.empty()) return nullptr;
    return bound;
  }

 private:
  struct Bound final : BoundStep {
    struct Target {
      Slot slot;
      std::string name;
      std::shared_ptr<const Mapping> mapping;
    };
    void apply(StepRow& row) const override {
      for (const Target& target : targets) {
        Cell& cell = row.cells[target.slot];
        if (!cell.is_null()) apply_mapping(*target.mapping, cell, target.slot, target.name, row);
      }
    }
    std::vector<Target> targets;
  };
  std::vector<std::shared_ptr<const Mapping>> mappings_;
};

Result<Target> target_of(const nlohmann::json& json) {
  Target target;
  Cell cell = TRY(scalar_cell(json, target.text));
  target.kind = cell.kind;
  target.text = cell.text();
  return target;
}

Result<> read_values(const nlohmann::json& json, Mapping& mapping) {
  if (!json.is_object() || json.empty())
    return wrong_argument("a mapping of values, as in {Texas: TX}", json);
  for (const auto& [from, to] : json.items()) mapping.values[from] = TRY(target_of(to));
  return {};
}

Result<std::shared_ptr<const Mapping>> read_long_form(const nlohmann::json& argument) {
  constexpr std::string_view kKnown[] = {"fields", "field", "values", "else", "strict"};
  TRY(check_members(argument, kKnown));
  auto mapping = std::make_shared<Mapping>();
  mapping->columns = TRY(fields_of(argument));
  if (!argument.contains("values")) return fail(ErrorKind::usage, "`values:` is missing: what becomes what?");
  TRY(read_values(argument.at("values"), *mapping));
  if (argument.contains("else")) mapping->otherwise = TRY(target_of(argument.at("else")));
  if (argument.contains("strict")) {
    if (!argument.at("strict").is_boolean())
      return wrong_argument("strict: true or false", argument.at("strict"));
    mapping->strict = argument.at("strict").get<bool>();
  }
  if (mapping->strict && mapping->otherwise)
    return fail(ErrorKind::usage, "strict: and else: exclude each other");
  return mapping;
}

// {fields: …, values: …} has a list or a name where the short form has a mapping.
bool is_long_form(const nlohmann::json& argument) {
  for (const char* key : {"fields", "field"})
    if (auto found = argument.find(key); found != argument.end() && !found->is_object()) return true;
  return false;
}

}  // namespace

Result<std::unique_ptr<Step>> compile_map(const nlohmann::json& argument, const StepContext&) {
  if (!argument.is_object() || argument.empty())
    return wrong_argument("a mapping of columns to their values", argument);
  std::vector<std::shared_ptr<const Mapping>> mappings;
  if (is_long_form(argument)) {
    mappings.push_back(TRY(read_long_form(argument)));
  } else {
    for (const auto& [column, values] : argument.items()) {
      auto mapping = std::make_shared<Mapping>();
      mapping->columns = {column};
      TRY(read_values(values, *mapping));
      mappings.push_back(std::move(mapping));
    }
  }
  return std::make_unique<Map>(std::move(mappings));
}

}  // namespace sluice
