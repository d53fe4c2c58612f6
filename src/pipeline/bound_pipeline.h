// The pipeline bound to one list of columns: what is known before the first row, laid out for the row loop.
// Built by bind.cpp, run by bound_pipeline.cpp; immutable afterwards. Internal to pipeline/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/compiled.h"
#include "pipeline/row_json.h"

namespace sluice {

// Text that means "no value" in a column.
struct MissingValues {
  bool empty_text = true;
  std::vector<std::string> others;  // besides ""

  explicit MissingValues(const std::vector<std::string>& values);
  bool contains(std::string_view text) const;
};

// A field of the schema, and where its value stands.
struct BoundField {
  const FieldRule* rule = nullptr;
  Slot slot = 0;                           // BoundLayout::absent_slot where no column has it
  const MissingValues* missing = nullptr;  // only with normalise: false, for fields that are no text
  bool checked = true;                     // false: always null and not required
};

struct ExtraColumn {
  std::string name, message;
  Slot slot = 0;
};

// A number that an aggregate sums up.
struct SummedField {
  Slot slot = 0;
  std::string name, aggregate;
};

struct BoundLayout {
  std::shared_ptr<const CompiledPipeline> compiled;
  SharedColumns columns;
  bool fixed = true;
  std::size_t input_width = 0;
  Slot absent_slot = 0;  // always missing; the working row ends with it
  std::vector<std::unique_ptr<BoundStep>> steps;
  std::vector<MissingValues> missing_lists;   // not touched once `missing` points into it
  std::vector<const MissingValues*> missing;  // by input slot
  std::vector<BoundField> fields;             // in the order of the schema
  std::vector<RowMember> members;             // the row's JSON, sorted
  std::vector<std::string> member_names;      // likewise
  std::vector<ExtraColumn> extra;             // columns the schema does not know
  std::vector<RowMember> metadata;            // likewise, where they are kept; sorted
  std::vector<std::string> metadata_names;    // likewise
  std::vector<Slot> key;                      // identity: a list of fields
  std::vector<std::vector<Slot>> unique;      // per constraint
  std::vector<SummedField> summed;
  std::vector<bool> dropped;            // by input slot
  bool absent_is_missing_cell = false;  // rows are objects and the schema wants every field there
};

class BoundRows final : public BoundPipeline {
 public:
  explicit BoundRows(BoundLayout layout) : layout_(std::move(layout)) {}
  PreparedBatch prepare(RowBatch batch) const override;
  std::string raw_of(const RowBatch& batch, std::size_t row) const override;

 private:
  BoundLayout layout_;
};

// bound_raw.cpp: the row as read, for rejects.
std::string raw_row(const BoundLayout& layout, const RowBatch& batch, std::size_t row);
// Does it leave columns out? Then text that was not taken apart, in which they cannot be told from the
// others, is not shown either.
bool drops_columns(const PipelineSpec& spec);
// The name that the cell beyond the columns in place `number` (1-based) gets: column_N, or column_N_2 where
// a column has that name by itself.
std::string extra_cell_name(const Columns& columns, std::size_t number);

}  // namespace sluice
