// Transform steps: what an entry of `transform:` does. A step is compiled once from its argument, bound to
// the columns of a batch (names become slots there), and then applied to row after row, from any thread at
// once. To add one: a file step_NAME.cpp with its compile function, its line in steps.cpp, a case in
// steps_test.cpp (docs/how-to/add-a-transform-step.md shows it).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/arena.h"
#include "base/result.h"
#include "pipeline/pipeline_spec.h"
#include "rows/cell.h"
#include "rows/columns.h"
#include "rows/issue.h"
#include "schema/table_schema.h"

namespace sluice {

using Slot = std::uint32_t;  // place of a cell in the working row

// Which name is in which slot while steps are bound one after the other. Renaming, dropping and keeping
// change only this, and so cost nothing per row.
class ColumnMap {
 public:
  // `fixed`: all rows of the input have these columns, so that a name that is not there is a mistake;
  // otherwise rows are objects, and a name that is not there is only a missing cell.
  ColumnMap(const Columns& columns, bool fixed);

  bool fixed() const { return fixed_; }
  std::size_t width() const { return width_; }               // slots in use, those of dropped columns too
  std::size_t input_width() const { return origin_count_; }  // the first slots are the columns as read
  std::optional<Slot> find(std::string_view name) const;
  // The slots of these columns. Not fixed: only of those that are there. Error: names the nearest column.
  Result<std::vector<Slot>> need(std::span<const std::string> names) const;
  Slot create(const std::string& name);  // a new column in a new slot
  void add(const std::string& name, Slot slot) { names_.emplace_back(name, slot); }  // one that was removed
  void remove(std::string_view name);  // not there any more, but not dropped: a step used it up
  void drop(std::string_view name);    // and rejects do not show it either
  void rename(std::string_view from, const std::string& to) { names_[position(from)].first = to; }
  const std::vector<std::pair<std::string, Slot>>& names() const { return names_; }
  bool is_dropped(Slot slot) const { return slot < dropped_.size() && dropped_[slot]; }
  Error unknown_column(std::string_view name) const;

 private:
  std::size_t position(std::string_view name) const;
  bool fixed_;
  std::size_t origin_count_, width_;
  std::vector<std::pair<std::string, Slot>> names_;
  std::vector<bool> dropped_;  // of the columns as read
};

// One row on its way through the steps. The cells are a copy; the row as read stays as it was.
struct StepRow {
  Cell* cells;           // by slot
  Arena& arena;          // for new text; lives as long as the batch
  std::string& scratch;  // for building text; its content is nobody's between calls
  std::vector<Issue>& issues;
  std::vector<Slot>& failed;  // slots that are not looked at any further in this row

  // The step could not be applied to this cell: the row is a reject, transform-error. The other steps still
  // run, so that a sender hears of everything at once. `what` goes on after the step's and the column's name.
  void fail(std::string_view step, std::string_view column, Slot slot, const std::string& what,
            std::string suggestion = "");
};

class BoundStep {
 public:
  virtual ~BoundStep() = default;
  virtual void apply(StepRow& row) const = 0;
};

class Step {
 public:
  virtual ~Step() = default;
  // Null: nothing to do per row. Errors (usage): a column that is not there, or one that is there already.
  virtual Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const = 0;
};

// What a step may know of the pipeline around it while it is compiled.
struct StepContext {
  const TableSchema* schema = nullptr;  // a date step asks it for the order of day and month
};

struct StepKind {
  std::string_view name;
  std::string_view argument;  // what it takes, for documentation and messages: "[column, …]"
  Result<std::unique_ptr<Step>> (*compile)(const nlohmann::json& argument, const StepContext& context);
};
std::span<const StepKind> step_kinds();  // the registration table

// Errors (usage) name the step: an unknown one with the nearest known, a wrong argument with what would be
// right.
Result<std::unique_ptr<Step>> compile_step(const StepSpec& spec, const StepContext& context);

// ---------------------------------------------------------------- for the files of the steps

// "[email, name]" or "email".
Result<std::vector<std::string>> column_list(const nlohmann::json& json);
// The members of a step's argument; unknown ones are errors that name the nearest.
Result<> check_members(const nlohmann::json& argument, std::span<const std::string_view> known);
// `fields: [a, b]` or `field: a` of an argument that has further members.
Result<std::vector<std::string>> fields_of(const nlohmann::json& argument);
// A scalar as the cell it makes; its text lives in `text`.
Result<Cell> scalar_cell(const nlohmann::json& json, std::string& text);
std::unexpected<Error> wrong_argument(std::string_view expected, const nlohmann::json& got);

// A step that treats each of some columns by itself: `apply(cell, slot, name, row)` sees cells that are not
// null.
template <class Function>
class CellStep final : public Step {
 public:
  CellStep(std::vector<std::string> columns, Function apply)
      : columns_(std::move(columns)), apply_(std::make_shared<const Function>(std::move(apply))) {}

  Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const override {
    TRY(columns.need(columns_));  // all of them, or the error
    auto bound = std::make_unique<Bound>();
    bound->apply_ = apply_;
    for (const std::string& name : columns_)
      if (auto slot = columns.find(name)) bound->targets_.emplace_back(*slot, name);
    if (bound->targets_.empty()) return nullptr;
    return bound;
  }

 private:
  struct Bound final : BoundStep {
    void apply(StepRow& row) const override {
      for (const auto& [slot, name] : targets_) {
        Cell& cell = row.cells[slot];
        if (!cell.is_null()) (*apply_)(cell, slot, name, row);
      }
    }
    std::shared_ptr<const Function> apply_;
    std::vector<std::pair<Slot, std::string>> targets_;
  };
  std::vector<std::string> columns_;
  std::shared_ptr<const Function> apply_;
};

template <class Function>
std::unique_ptr<Step> step_on_cells(std::vector<std::string> columns, Function apply) {
  return std::make_unique<CellStep<Function>>(std::move(columns), std::move(apply));
}

// The cells that a text step works on; others (numbers, booleans, JSON) it leaves as they are.
inline bool is_text(const Cell& cell) { return cell.kind == CellKind::string; }

}  // namespace sluice
