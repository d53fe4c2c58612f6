// The row as it was read, as RejectedRow::raw: an object column → value, or the text where the row could not
// be taken apart. Columns that the pipeline drops are left out; they are personal data more often than not.
#include <algorithm>

#include "pipeline/bound_pipeline.h"
#include "pipeline/jcs.h"
#include "pipeline/utf8.h"

namespace sluice {

namespace {

// A record over limits.row_bytes is kept only so far that its sender can find it.
constexpr std::size_t kOversizedRawBytes = 4096;

std::string raw_text(const BoundLayout& layout, const RowBatch& batch, std::size_t row) {
  // In text that was not taken apart, a dropped column cannot be told from the others.
  if (drops_columns(layout.compiled->spec)) return "";
  const RowInfo& info = batch.info(row);
  std::string_view text(info.raw, info.raw_size);
  for (const Issue& issue : batch.issues(row))
    if (issue.code == RejectCode::row_too_large) text = cut_utf8(text, kOversizedRawBytes);
  std::string out;
  append_raw_string(out, text);
  return out;
}

}  // namespace

bool drops_columns(const PipelineSpec& spec) {
  return std::any_of(spec.transform.begin(), spec.transform.end(),
                     [](const StepSpec& step) { return step.name == "drop" || step.name == "keep"; });
}

std::string extra_cell_name(const Columns& columns, std::size_t number) {
  std::string base = "column_" + std::to_string(number), name = base;
  for (int n = 2; std::find(columns.begin(), columns.end(), name) != columns.end(); ++n)
    name = base + "_" + std::to_string(n);
  return name;
}

std::string raw_row(const BoundLayout& layout, const RowBatch& batch, std::size_t row) {
  if (!layout.compiled->spec.keep_raw) return "";
  if (!batch.info(row).readable) return raw_text(layout, batch, row);
  const Columns& columns = *batch.columns();
  const Cell* cells = batch.cells(row);
  std::string out = "{";
  auto add = [&](std::string_view name, const Cell& cell) {
    if (out.size() > 1) out += ',';
    append_raw_string(out, name);
    out += ':';
    append_raw_value(out, cell);
  };
  for (std::size_t i = 0; i < columns.size(); ++i) {
    bool dropped = i < layout.dropped.size() && layout.dropped[i];
    if (!dropped && cells[i].kind != CellKind::missing) add(columns[i], cells[i]);
  }
  std::size_t number = columns.size();
  for (const Cell& cell : batch.extra_cells(row)) add(extra_cell_name(columns, ++number), cell);
  return out + "}";
}

}  // namespace sluice
