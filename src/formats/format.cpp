// The table of formats: one line for each FormatKind. Any thread.
#include "formats/format.h"

#include "formats/csv_format.h"
#include "formats/json_format.h"
#include "formats/ndjson_format.h"
#include "formats/xlsx_format.h"

namespace sluice {

std::unique_ptr<RowFormat> make_format(const ReadPlan& plan) {
  switch (plan.format) {
    case FormatKind::csv: return make_csv_format(plan);
    case FormatKind::json: return make_json_format(plan);
    case FormatKind::ndjson: return make_ndjson_format(plan);
    case FormatKind::xlsx: return make_xlsx_format(plan);
  }
  return nullptr;
}

}  // namespace sluice
