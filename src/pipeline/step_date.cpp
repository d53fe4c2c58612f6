// date: {fields: [signup_date], formats: [any], type: date, order: dmy}. To ISO 8601; the first format that
// reads a value wins. Formats: any; iso (or default); dmy or mdy (any, with that order of day and month); or
// strptime patterns (%d.%m.%Y). type: date (default), time or datetime. Without `order` the schema's finding
// counts.
#include <array>

#include "pipeline/steps.h"
#include "schema/date_text.h"

namespace sluice {

namespace {

struct Formats {
  std::vector<std::string> names;
  Temporal kind = Temporal::date;
  DateOrder order = DateOrder::unknown;
};

Result<std::vector<DateFormat>> compile_formats(const Formats& formats, DateOrder order) {
  std::vector<DateFormat> compiled;
  for (const std::string& name : formats.names) {
    DateOrder own = name == "dmy" ? DateOrder::day_month : name == "mdy" ? DateOrder::month_day : order;
    std::string_view pattern = name;
    if (name == "dmy" || name == "mdy") pattern = "any";
    if (name == "iso") pattern = "default";
    auto format = DateFormat::compile(formats.kind, pattern, own);
    if (!format)
      return fail(ErrorKind::usage,
                  "'" + name + "' is no format; write any, iso, dmy, mdy, or a pattern such as %d.%m.%Y");
    compiled.push_back(std::move(*format));
  }
  return compiled;
}

DateOrder order_named(std::string_view name) {
  return name == "dmy" ? DateOrder::day_month : name == "mdy" ? DateOrder::month_day : DateOrder::unknown;
}

class Date final : public Step {
 public:
  struct Target {
    std::string column;
    std::shared_ptr<const std::vector<DateFormat>> formats;
  };
  explicit Date(std::vector<Target> targets) : targets_(std::move(targets)) {}

  Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const override {
    auto bound = std::make_unique<Bound>();
    for (const Target& target : targets_) {
      TRY(columns.need(std::span(&target.column, 1)));
      if (auto slot = columns.find(target.column)) bound->targets.emplace_back(*slot, target);
    }
    if (bound->targets.empty()) return nullptr;
    return bound;
  }

 private:
  struct Bound final : BoundStep {
    void apply(StepRow& row) const override {
      for (const auto& [slot, target] : targets) {
        Cell& cell = row.cells[slot];
        if (is_text(cell)) read(cell, slot, target, row);
      }
    }
    static void read(Cell& cell, Slot slot, const Target& target, StepRow& row) {
      auto worst = DateReading::Problem::not_a_date;
      for (const DateFormat& format : *target.formats) {
        IsoBuffer buffer;
        std::string_view iso;
        auto problem = format.read(cell.text(), buffer, iso);
        if (problem == DateReading::Problem::none) {
          if (iso.data() != cell.data) cell = Cell::string(row.arena.copy(iso));
          return;
        }
        worst = std::max(worst, problem);
      }
      std::string value = "'" + shown_value(cell.text(), 60) + "' ", suggestion;
      for (const DateFormat& format : *target.formats)
        if (suggestion.empty()) suggestion = format.suggest(cell.text());
      switch (worst) {
        case DateReading::Problem::ambiguous:
          value += "may mean two days; say `order: dmy` or `order: mdy` in the step.";
          break;
        case DateReading::Problem::no_such_day: value += "is a day that does not exist."; break;
        default: value += "is not a date in any of its formats.";
      }
      row.fail("date", target.column, slot, std::move(value), std::move(suggestion));
    }
    std::vector<std::pair<Slot, Target>> targets;
  };
  std::vector<Target> targets_;
};

Result<Formats> read_formats(const nlohmann::json& argument) {
  Formats formats{{"any"}};
  for (const char* key : {"formats", "format"})
    if (auto found = argument.find(key); found != argument.end()) {
      auto names = column_list(*found);  // the same shape: one, or a list
      if (!names) return wrong_argument("a list of formats such as [any]", *found);
      formats.names = std::move(*names);
    }
  if (auto type = argument.find("type"); type != argument.end()) {
    if (*type == "time")
      formats.kind = Temporal::time;
    else if (*type == "datetime")
      formats.kind = Temporal::datetime;
    else if (*type != "date")
      return wrong_argument("type: date, time or datetime", *type);
  }
  if (auto order = argument.find("order"); order != argument.end()) {
    if (*order != "dmy" && *order != "mdy") return wrong_argument("order: dmy or mdy", *order);
    formats.order = order_named(order->get<std::string>());
  }
  return formats;
}

}  // namespace

Result<std::unique_ptr<Step>> compile_date(const nlohmann::json& argument, const StepContext& context) {
  std::vector<std::string> columns;
  Formats formats{{"any"}};
  if (argument.is_object()) {
    constexpr std::string_view kKnown[] = {"fields", "field", "formats", "format", "type", "order"};
    TRY(check_members(argument, kKnown));
    columns = TRY(fields_of(argument));
    formats = TRY(read_formats(argument));
  } else {
    columns = TRY(column_list(argument));
  }
  std::vector<Date::Target> targets;
  for (const std::string& column : columns) {
    DateOrder order = formats.order;
    const Field* field = context.schema != nullptr ? context.schema->find(column) : nullptr;
    if (order == DateOrder::unknown && field != nullptr) order = order_named(field->date_order);
    auto compiled = std::make_shared<const std::vector<DateFormat>>(TRY(compile_formats(formats, order)));
    targets.push_back({column, std::move(compiled)});
  }
  return std::make_unique<Date>(std::move(targets));
}

}  // namespace sluice
