// Whether 03/04/2024 is March or April is decided by the whole column, where nothing declares it (contract,
// section 4). Planning looks at every value of such columns and freezes the answer into the plan.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pipeline/pipeline_spec.h"
#include "rows/row_batch.h"

namespace sluice {

// What a column's values say: `day_first` once a value can only be read day first (25/04/2024), likewise
// `month_first`. Both, or neither: nothing is decided, and ambiguous values are rejects.
struct OrderSeen {
  bool day_first = false, month_first = false;
};
using OrdersSeen = std::map<std::string, OrderSeen>;

// The input's columns whose order of day and month the pipeline leaves open: fields of the schema and `date`
// steps with the format `any` and no order. A column that was renamed before is named as in the input.
std::vector<std::string> undecided_date_columns(const PipelineSpec& spec);

OrdersSeen orders_in(const RowBatch& rows, const std::vector<std::string>& columns);
void merge(OrdersSeen& into, const OrdersSeen& more);

// Writes what was decided into the pipeline; the findings say so in sentences.
std::vector<std::string> decide_date_orders(PipelineSpec& spec, const OrdersSeen& seen);

}  // namespace sluice
