// default: {country: US}. A value for cells that are empty; a column that is not there is made.
#include "pipeline/steps.h"

namespace sluice {

namespace {

struct Value {
  std::string column, text;
  Cell cell;  // looks at `text`
};

struct FillCells final : BoundStep {
  void apply(StepRow& row) const override {
    for (const auto& [slot, value] : values) {
      Cell& cell = row.cells[slot];
      if (!cell.is_null()) continue;
      // Into the batch's own memory: a batch may outlive its pipeline on the way to the store.
      cell = value->cell;
      if (cell.size != 0) cell.data = row.arena.copy(value->cell.text()).data();
    }
  }
  std::vector<std::pair<Slot, std::shared_ptr<const Value>>> values;
};

class Default final : public Step {
 public:
  explicit Default(std::vector<std::shared_ptr<const Value>> values) : values_(std::move(values)) {}
  Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const override {
    auto step = std::make_unique<FillCells>();
    for (const auto& value : values_) {
      auto slot = columns.find(value->column);
      step->values.emplace_back(slot ? *slot : columns.create(value->column), value);
    }
    return step;
  }

 private:
  std::vector<std::shared_ptr<const Value>> values_;
};

}  // namespace

Result<std::unique_ptr<Step>> compile_default(const nlohmann::json& argument, const StepContext&) {
  if (!argument.is_object() || argument.empty())
    return wrong_argument("a mapping of columns to values", argument);
  std::vector<std::shared_ptr<const Value>> values;
  for (const auto& [column, json] : argument.items()) {
    auto value = std::make_shared<Value>();
    value->column = column;
    value->cell = TRY(scalar_cell(json, value->text));
    if (value->cell.is_null()) return wrong_argument("a value for '" + column + "'", json);
    values.push_back(std::move(value));
  }
  return std::make_unique<Default>(std::move(values));
}

}  // namespace sluice
