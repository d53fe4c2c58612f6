#include "jobs/date_order.h"

#include <algorithm>

#include "schema/date_text.h"

namespace sluice {
namespace {

// Which column of the input a name stands for, step by step.
class Names {
 public:
  std::string input_of(const std::string& name) const {
    auto found = input_.find(name);
    return found == input_.end() ? name : found->second;
  }
  void after(const StepSpec& step) {
    if (step.name != "rename" || !step.argument.is_object()) return;
    std::map<std::string, std::string> renamed;
    for (const auto& [from, to] : step.argument.items())
      if (to.is_string()) renamed[to.get<std::string>()] = input_of(from);
    for (auto& [to, input] : renamed) input_[to] = input;
  }

 private:
  std::map<std::string, std::string> input_;
};

std::vector<std::string> texts_of(const nlohmann::json& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.push_back(value);
  if (value.is_array())
    for (const auto& item : value)
      if (item.is_string()) texts.push_back(item);
  return texts;
}

std::vector<std::string> fields_of_step(const StepSpec& step) {
  if (!step.argument.is_object()) return texts_of(step.argument);
  return texts_of(step.argument.contains("fields") ? step.argument["fields"]
                                                   : step.argument.value("field", nlohmann::json()));
}

bool leaves_order_open(const StepSpec& step) {
  if (step.name != "date") return false;
  if (!step.argument.is_object()) return true;
  if (step.argument.contains("order")) return false;
  nlohmann::json formats = step.argument.contains("formats")
                               ? step.argument["formats"]
                               : step.argument.value("format", nlohmann::json("any"));
  return std::ranges::count(texts_of(formats), "any") != 0;
}

bool leaves_order_open(const Field& field) {
  bool day = field.type == FieldType::date || field.type == FieldType::datetime;
  return day && field.format == "any" && field.date_order.empty();
}

std::string decision(const OrderSeen& seen) {
  if (seen.day_first == seen.month_first) return "";
  return seen.day_first ? "dmy" : "mdy";
}

// One step for each field, because each column decides for itself.
std::vector<StepSpec> decided_steps(const StepSpec& step, const Names& names, const OrdersSeen& seen) {
  std::vector<StepSpec> steps;
  for (const std::string& field : fields_of_step(step)) {
    StepSpec one = step;
    if (!one.argument.is_object()) one.argument = nlohmann::json::object();
    one.argument.erase("field");
    one.argument["fields"] = {field};
    auto found = seen.find(names.input_of(field));
    std::string order = found == seen.end() ? "" : decision(found->second);
    if (!order.empty()) one.argument["order"] = order;
    steps.push_back(std::move(one));
  }
  return steps;
}

}  // namespace

std::vector<std::string> undecided_date_columns(const PipelineSpec& spec) {
  std::vector<std::string> columns;
  Names names;
  for (const StepSpec& step : spec.transform) {
    if (leaves_order_open(step))
      for (const std::string& field : fields_of_step(step)) columns.push_back(names.input_of(field));
    names.after(step);
  }
  if (spec.schema)
    for (const Field& field : spec.schema->fields)
      if (leaves_order_open(field)) columns.push_back(names.input_of(field.name));
  std::ranges::sort(columns);
  columns.erase(std::ranges::unique(columns).begin(), columns.end());
  return columns;
}

OrdersSeen orders_in(const RowBatch& rows, const std::vector<std::string>& columns) {
  OrdersSeen seen;
  for (const std::string& column : columns) {
    auto found = std::ranges::find(*rows.columns(), column);
    if (found == rows.columns()->end()) continue;
    auto slot = static_cast<std::size_t>(found - rows.columns()->begin());
    OrderSeen& orders = seen[column];
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const Cell& cell = rows.cells(row)[slot];
      if (rows.info(row).rejected() || cell.kind != CellKind::string) continue;
      switch (order_evidence(cell.text())) {
        case OrderEvidence::day_month: orders.day_first = true; break;
        case OrderEvidence::month_day: orders.month_first = true; break;
        case OrderEvidence::none: break;
      }
    }
  }
  return seen;
}

void merge(OrdersSeen& into, const OrdersSeen& more) {
  for (const auto& [column, orders] : more) {
    into[column].day_first |= orders.day_first;
    into[column].month_first |= orders.month_first;
  }
}

std::vector<std::string> decide_date_orders(PipelineSpec& spec, const OrdersSeen& seen) {
  Names names;
  std::vector<StepSpec> steps;
  for (const StepSpec& step : spec.transform) {
    if (leaves_order_open(step)) {
      for (StepSpec& one : decided_steps(step, names, seen)) steps.push_back(std::move(one));
    } else {
      steps.push_back(step);
    }
    names.after(step);
  }
  spec.transform = std::move(steps);
  if (spec.schema)
    for (Field& field : spec.schema->fields)
      if (leaves_order_open(field))
        if (auto found = seen.find(names.input_of(field.name)); found != seen.end())
          field.date_order = decision(found->second);
  std::vector<std::string> findings;
  for (const auto& [column, orders] : seen) {
    if (orders.day_first && orders.month_first)
      findings.push_back("Column '" + column +
                         "' holds dates with the day first and others with the month first; "
                         "where a date can be read both ways its row is rejected.");
    else if (orders.day_first || orders.month_first)
      findings.push_back("Dates in column '" + column + "' have the " + (orders.day_first ? "day" : "month") +
                         " first: some of them can be read no other way.");
  }
  return findings;
}

}  // namespace sluice
