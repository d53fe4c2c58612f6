// SchemaInference: counts shapes per column and decides. See inference.h.
#include "schema/inference.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "schema/inference_decide.h"

namespace sluice {

struct SchemaInference::Impl {
  CellSource source = CellSource::text;
  std::map<std::string, ColumnShapes, std::less<>> columns;
  // The batch's columns, looked up once per list of names.
  SharedColumns bound;
  std::vector<ColumnShapes*> slots;

  void bind(const SharedColumns& names) {
    if (bound == names && names) return;
    bound = names;
    slots.clear();
    for (std::size_t i = 0; i < names->size(); ++i) slots.push_back(&columns[(*names)[i]]);
  }

  // In the order in which a reader of the file meets them.
  std::vector<std::pair<std::string, const ColumnShapes*>> ordered() const {
    std::vector<std::pair<std::string, const ColumnShapes*>> list;
    for (const auto& [name, column] : columns) list.emplace_back(name, &column);
    std::ranges::stable_sort(
        list, {}, [](const auto& entry) { return std::pair(entry.second->first_row, entry.second->place); });
    return list;
  }
};

SchemaInference::SchemaInference(CellSource source) : impl_(std::make_unique<Impl>()) {
  impl_->source = source;
}
SchemaInference::~SchemaInference() = default;
SchemaInference::SchemaInference(SchemaInference&&) noexcept = default;
SchemaInference& SchemaInference::operator=(SchemaInference&&) noexcept = default;

void SchemaInference::observe(const RowBatch& batch) {
  impl_->bind(batch.columns());
  bool typed = impl_->source == CellSource::typed;
  std::size_t count = std::min(impl_->slots.size(), batch.stride());
  for (std::size_t i = 0; i < impl_->slots.size(); ++i) impl_->slots[i]->seen_at(kNoRow, i);
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const RowInfo& info = batch.info(row);
    if (info.rejected() || !info.readable) continue;
    const Cell* cells = batch.cells(row);
    for (std::size_t i = 0; i < count; ++i) {
      ColumnShapes& column = *impl_->slots[i];
      if (info.row_number < column.first_row && cells[i].kind != CellKind::missing)
        column.seen_at(info.row_number, i);
      column.add(shape_of(cells[i], typed), cells[i].text(), info.row_number);
    }
  }
}

void SchemaInference::merge(SchemaInference&& other) {
  for (auto& [name, column] : other.impl_->columns) impl_->columns[name].merge(column);
}

TableSchema SchemaInference::schema() const {
  TableSchema schema;
  for (const auto& [name, column] : impl_->ordered()) schema.fields.push_back(decide(name, *column).field);
  return schema;
}

std::string SchemaInference::date_order(const std::string& column) const {
  auto found = impl_->columns.find(column);
  return found == impl_->columns.end() ? std::string() : found->second.date_order();
}

std::vector<std::string> SchemaInference::findings() const {
  std::vector<std::string> findings;
  for (const auto& [name, column] : impl_->ordered())
    for (std::string& finding : decide(name, *column).findings) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace sluice
