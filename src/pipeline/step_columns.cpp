// rename: {old: new}, drop: [column], keep: [column], select: {new: old}. They change which name means which
// slot, and nothing per row, but for this: where rows are objects, a renamed member can meet one that has the
// new name already; and one column can be selected twice.
#include <algorithm>

#include "pipeline/steps.h"

namespace sluice {

namespace {

// Moves a cell into a column that some rows have and others do not.
struct MoveCells final : BoundStep {
  struct Move {
    Slot from, to;
    std::string from_name, to_name;
  };
  void apply(StepRow& row) const override {
    for (const Move& move : moves) {
      const Cell& from = row.cells[move.from];
      if (from.kind == CellKind::missing) continue;
      if (row.cells[move.to].is_null()) {
        row.cells[move.to] = from;
      } else if (!from.is_null()) {
        row.fail("rename", move.from_name, move.from, "the row has a '" + move.to_name + "' as well.");
      }
    }
  }
  std::vector<Move> moves;
};

class Rename final : public Step {
 public:
  explicit Rename(std::vector<std::pair<std::string, std::string>> names) : names_(std::move(names)) {}

  Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const override {
    // All at once, so that two columns can change names.
    std::vector<std::pair<std::string, std::string>> present;
    for (const auto& [from, to] : names_) {
      if (columns.find(from))
        present.emplace_back(from, to);
      else if (columns.fixed())
        return std::unexpected(columns.unknown_column(from));
    }
    auto is_renamed = [&](std::string_view name) {
      return std::any_of(present.begin(), present.end(),
                         [&](const auto& pair) { return pair.first == name; });
    };
    auto step = std::make_unique<MoveCells>();
    for (auto& [from, to] : present) {
      auto there = columns.find(to);
      if (!there || is_renamed(to)) continue;
      if (columns.fixed())
        return fail(ErrorKind::usage, "'" + from + "' cannot become '" + to +
                                          "': there is such a column already; drop it first");
      step->moves.push_back({*columns.find(from), *there, from, to});
    }
    for (const auto& move : step->moves) columns.remove(move.from_name);
    for (auto& [from, to] : present)
      if (columns.find(from)) columns.rename(from, "\x01" + to);  // no real name begins so: swaps do not meet
    for (const auto& [from, to] : present)
      if (columns.find("\x01" + to)) columns.rename("\x01" + to, to);
    if (step->moves.empty()) return nullptr;
    return step;
  }

 private:
  std::vector<std::pair<std::string, std::string>> names_;
};

class Drop final : public Step {
 public:
  explicit Drop(std::vector<std::string> names) : names_(std::move(names)) {}
  Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const override {
    TRY(columns.need(names_));
    for (const std::string& name : names_) columns.drop(name);
    return nullptr;
  }

 private:
  std::vector<std::string> names_;
};

class Keep final : public Step {
 public:
  explicit Keep(std::vector<std::string> names) : names_(std::move(names)) {}
  Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const override {
    TRY(columns.need(names_));
    auto all = columns.names();
    for (const auto& [name, slot] : all)
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) columns.drop(name);
    return nullptr;
  }

 private:
  std::vector<std::string> names_;
};

// Gives one column's cell to further names.
struct CopyCells final : BoundStep {
  void apply(StepRow& row) const override {
    for (const auto& [from, to] : copies) row.cells[to] = row.cells[from];
  }
  std::vector<std::pair<Slot, Slot>> copies;
};

class Select final : public Step {
 public:
  explicit Select(std::vector<std::pair<std::string, std::string>> names) : names_(std::move(names)) {}

  Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const override {
    std::vector<std::pair<std::string, Slot>> selected;
    for (const auto& [name, from] : names_) {
      if (auto slot = columns.find(from))
        selected.emplace_back(name, *slot);
      else if (columns.fixed())
        return std::unexpected(columns.unknown_column(from));
    }
    const auto all = columns.names();
    for (const auto& [name, slot] : all) columns.remove(name);  // rejects show the row as it was read
    auto step = std::make_unique<CopyCells>();
    std::vector<Slot> taken;
    for (const auto& [name, slot] : selected) {
      if (std::ranges::find(taken, slot) == taken.end()) {
        columns.add(name, slot);
        taken.push_back(slot);
      } else {
        step->copies.emplace_back(slot, columns.create(name));
      }
    }
    if (step->copies.empty()) return nullptr;
    return step;
  }

 private:
  std::vector<std::pair<std::string, std::string>> names_;  // new, old
};

}  // namespace

Result<std::unique_ptr<Step>> compile_rename(const nlohmann::json& argument, const StepContext&) {
  if (!argument.is_object() || argument.empty())
    return wrong_argument("a mapping of old names to new ones", argument);
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& [from, to] : argument.items()) {
    if (!to.is_string() || to.get_ref<const std::string&>().empty())
      return wrong_argument("a new name for '" + from + "'", to);
    for (const auto& [other, taken] : names)
      if (taken == to.get<std::string>())
        return fail(ErrorKind::usage, "two columns cannot both become '" + taken + "'");
    names.emplace_back(from, to.get<std::string>());
  }
  return std::make_unique<Rename>(std::move(names));
}

Result<std::unique_ptr<Step>> compile_drop(const nlohmann::json& argument, const StepContext&) {
  return std::make_unique<Drop>(TRY(column_list(argument)));
}

Result<std::unique_ptr<Step>> compile_keep(const nlohmann::json& argument, const StepContext&) {
  return std::make_unique<Keep>(TRY(column_list(argument)));
}

Result<std::unique_ptr<Step>> compile_select(const nlohmann::json& argument, const StepContext&) {
  if (!argument.is_object() || argument.empty())
    return wrong_argument("a mapping of new names to the columns that they take", argument);
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& [name, from] : argument.items()) {
    if (!from.is_string() || from.get_ref<const std::string&>().empty())
      return wrong_argument("the column that '" + name + "' takes", from);
    names.emplace_back(name, from.get<std::string>());
  }
  return std::make_unique<Select>(std::move(names));
}

}  // namespace sluice
