// The table of formats: one line for each FormatKind. Any thread.
#include "formats/format.h"

#include "formats/split_planner.h"

namespace sluice {

std::unique_ptr<RowFormat> make_csv_format(const ReadPlan& plan);
std::unique_ptr<RowFormat> make_json_format(const ReadPlan& plan);
std::unique_ptr<RowFormat> make_ndjson_format(const ReadPlan& plan);

std::unique_ptr<RowFormat> make_format(const ReadPlan& plan) {
  switch (plan.format) {
    case FormatKind::csv:
      return make_csv_format(plan);
    case FormatKind::json:
      return make_json_format(plan);
    case FormatKind::ndjson:
      return make_ndjson_format(plan);
  }
  return nullptr;
}

Result<PlannedInput> plan_ranges(const ReadPlan& plan, const Opener& opener, std::uint64_t split_bytes,
                                 std::stop_token stop) {
  return plan_ranges(plan, *make_format(plan), opener, split_bytes, stop);
}

}  // namespace sluice
