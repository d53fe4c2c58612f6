// require: [column, …]. A row where one of them is empty is a reject, whatever becomes of the column after
// that: a schema can only require what is stored.
#include "pipeline/steps.h"

namespace sluice {

namespace {

struct RequireCells final : BoundStep {
  void apply(StepRow& row) const override {
    for (const auto& [name, slot] : columns) {
      if (slot && !row.cells[*slot].is_null()) continue;
      Issue issue{RejectCode::constraint_error};
      issue.field = name;
      issue.constraint = "required";
      issue.message = "This field must have a value, but it is blank.";
      if (slot) {
        issue.field_number = *slot + 1;
        row.failed.push_back(*slot);
      }
      row.issues.push_back(std::move(issue));
    }
  }
  std::vector<std::pair<std::string, std::optional<Slot>>> columns;  // none: no row of the batch has it
};

class Require final : public Step {
 public:
  explicit Require(std::vector<std::string> names) : names_(std::move(names)) {}
  Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const override {
    TRY(columns.need(names_));
    auto step = std::make_unique<RequireCells>();
    for (const std::string& name : names_) step->columns.emplace_back(name, columns.find(name));
    return step;
  }

 private:
  std::vector<std::string> names_;
};

}  // namespace

Result<std::unique_ptr<Step>> compile_require(const nlohmann::json& argument, const StepContext&) {
  return std::make_unique<Require>(TRY(column_list(argument)));
}

}  // namespace sluice
