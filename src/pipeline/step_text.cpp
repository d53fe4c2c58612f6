// trim, lowercase, uppercase: [column, …]. Text only; numbers, booleans and JSON stay as they are.
#include "pipeline/steps.h"
#include "pipeline/text_case.h"
#include "pipeline/utf8.h"

namespace sluice {

Result<std::unique_ptr<Step>> compile_trim(const nlohmann::json& argument, const StepContext&) {
  return step_on_cells(TRY(column_list(argument)), [](Cell& cell, Slot, const std::string&, StepRow&) {
    if (!is_text(cell)) return;
    std::string_view text = trim_white_space(cell.text());
    cell.data = text.data();
    cell.size = static_cast<std::uint32_t>(text.size());
  });
}

Result<std::unique_ptr<Step>> compile_lowercase(const nlohmann::json& argument, const StepContext&) {
  return step_on_cells(TRY(column_list(argument)), [](Cell& cell, Slot, const std::string&, StepRow& row) {
    if (is_text(cell)) cell = Cell::string(lowercase(cell.text(), row.arena));
  });
}

Result<std::unique_ptr<Step>> compile_uppercase(const nlohmann::json& argument, const StepContext&) {
  return step_on_cells(TRY(column_list(argument)), [](Cell& cell, Slot, const std::string&, StepRow& row) {
    if (is_text(cell)) cell = Cell::string(uppercase(cell.text(), row.arena));
  });
}

}  // namespace sluice
