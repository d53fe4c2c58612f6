#include "jobs/plan_job.h"

#include "engine/scan_rows.h"
#include "formats/chunk_reader.h"
#include "formats/detect.h"
#include "jobs/date_order.h"
#include "pipeline/pipeline.h"
#include "schema/inference.h"

namespace sluice {
namespace {

Result<SchemaInference> look_at_rows(const ReadPlan& read, const Input& input, ComputePool& pool,
                                     const MemoryPlan& memory, std::stop_token stop) {
  auto format = make_format(read);
  // A cell of a sheet is text, too: as its spreadsheet shows it.
  const bool is_text = read.format == FormatKind::csv || read.format == FormatKind::xlsx;
  const CellSource cells = is_text ? CellSource::text : CellSource::typed;
  SchemaInference all(cells);
  std::function<SchemaInference(const RowBatch&)> look = [cells](const RowBatch& batch) {
    SchemaInference seen(cells);
    seen.observe(batch);
    return seen;
  };
  std::function<void(SchemaInference)> merge = [&all](SchemaInference seen) { all.merge(std::move(seen)); };
  TRY(scan_rows<SchemaInference>(read, *format, input.opener, pool, memory, look, merge, stop));
  return all;
}

// A header and no rows: nothing is known of the columns but their names.
std::optional<TableSchema> schema_without_rows(const Columns& columns) {
  if (columns.empty()) return std::nullopt;
  TableSchema schema;
  for (const std::string& name : columns) schema.fields.emplace_back().name = name;
  return schema;
}

// That a file has no header holds for the next one of its name, whatever its first row looks like. (With
// title lines above the rows nothing can be declared that would skip them.)
void declare_no_header(PipelineSpec& spec, const ReadPlan& read) {
  Dialect& dialect = spec.source.dialect;
  const bool open = !dialect.header && dialect.header_rows.empty();
  const bool has_lines = read.format == FormatKind::csv || read.format == FormatKind::xlsx;
  if (!open || !has_lines || read.first_row.line != 1) return;
  // A header alone, without a line end, leaves the rows on the first line too, but names its columns.
  for (std::size_t i = 0; i < read.columns.size(); ++i)
    if (read.columns[i] != "column_" + std::to_string(i + 1)) return;
  dialect.header = false;
}

Result<> decide_dates(JobPlan& plan, const Input& input, ComputePool& pool, const MemoryPlan& memory,
                      std::stop_token stop) {
  std::vector<std::string> columns = undecided_date_columns(plan.pipeline);
  if (columns.empty() || input.streaming) return {};
  auto format = make_format(plan.read);
  OrdersSeen all;
  std::function<OrdersSeen(const RowBatch&)> look = [&](const RowBatch& rows) {
    return orders_in(rows, columns);
  };
  std::function<void(OrdersSeen)> join = [&all](const OrdersSeen& seen) { merge(all, seen); };
  TRY(scan_rows<OrdersSeen>(plan.read, *format, input.opener, pool, memory, look, join, stop));
  for (std::string& finding : decide_date_orders(plan.pipeline, all))
    plan.read.findings.push_back(std::move(finding));
  return {};
}

// A name that no column has is a mistake in the pipeline, to be told before there is a job.
Result<> check_columns(const JobPlan& plan) {
  auto pipeline = TRY(Pipeline::compile(plan.pipeline, {}));
  if (!plan.read.columns.empty()) TRY(pipeline->bind(std::make_shared<Columns>(plan.read.columns), true));
  return {};
}

Result<std::vector<Split>> split_input(JobPlan& plan, const Input& input, const PlanOptions& options,
                                       std::stop_token stop) {
  std::vector<ReadRange> ranges = {{plan.read.first_row, {}}};
  bool count_rows = plan.pipeline.max_rejects.share.has_value();  // a share of how many?
  // A sheet is one split, whatever its size; nothing is gained by reading it for borders.
  bool worth_splits = options.splitting == Splitting::splits && input.size > options.split_bytes &&
                      plan.read.format != FormatKind::xlsx;
  if (!input.streaming && (count_rows || worth_splits)) {
    PlannedInput planned = TRY(plan_ranges(plan.read, input.opener, options.split_bytes, stop));
    plan.rows = planned.rows;
    if (!planned.ranges.empty()) ranges = std::move(planned.ranges);
  }
  std::vector<Split> splits;
  for (const ReadRange& range : ranges) {
    Split split;
    split.number = static_cast<std::uint32_t>(splits.size() + 1);
    split.begin = range.begin;
    split.end = range.end;
    split.checkpoint.position = range.begin;
    splits.push_back(std::move(split));
  }
  return splits;
}

}  // namespace

Result<PlannedJob> plan_job(PipelineSpec spec, const Input& input, const PlanOptions& options,
                            ComputePool& pool, const MemoryPlan& memory, std::stop_token stop) {
  PlannedJob planned;
  JobPlan& plan = planned.plan;
  if (spec.schema && spec.source.schema_fields.empty())
    for (const Field& field : spec.schema->fields) spec.source.schema_fields.push_back(field.name);
  spec.source.sheets_follow = options.report;
  plan.read = TRY(detect(spec.source, input.name, input.opener, stop));
  if (options.report) {
    bool csv = plan.read.format == FormatKind::csv || plan.read.format == FormatKind::xlsx;
    plan.read.row_member = csv ? "" : "row";  // as reports/report.h says
    plan.read.row_number_member = csv ? "sluice_row" : "rowNumber";
  }
  plan.pipeline = std::move(spec);
  plan.input_place = input.place;
  plan.input_version = input.version;
  if (options.infer_schema && !plan.pipeline.schema) {
    SchemaInference seen = TRY(look_at_rows(plan.read, input, pool, memory, stop));
    plan.pipeline.schema = seen.schema();
    declare_no_header(plan.pipeline, plan.read);
    if (plan.pipeline.schema->fields.empty()) plan.pipeline.schema = schema_without_rows(plan.read.columns);
    for (std::string& finding : seen.findings()) plan.read.findings.push_back(std::move(finding));
  }
  TRY(decide_dates(plan, input, pool, memory, stop));
  if (!options.report) TRY(check_columns(plan));
  planned.splits = TRY(split_input(plan, input, options, stop));
  return planned;
}

}  // namespace sluice
