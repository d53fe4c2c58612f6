#include "jobs/resubmit.h"

#include <algorithm>
#include <charconv>

#include "formats/chunk_reader.h"
#include "formats/detect.h"
#include "reports/report.h"

namespace sluice {
namespace {

constexpr std::string_view kJobColumn = "sluice_job", kRowColumn = "sluice_row";
constexpr std::string_view kRowMember = "row", kRowNumberMember = "rowNumber", kJobMember = "jobId";

Error not_a_report(const std::string& name) {
  return {ErrorKind::usage, name + " is no error report of this program: it needs the columns sluice_job and sluice_row "
                                   "(or, as NDJSON, jobId and rowNumber), as --rejects writes them."};
}

// The first row of an input, parsed.
Result<std::optional<RowBatch>> first_rows(const ReadPlan& plan, const Input& input, std::stop_token stop) {
  auto format = make_format(plan);
  ChunkSize size{64 * 1024, 1};
  auto reader = TRY(ChunkReader::open(plan, *format, input.opener, {plan.first_row, {}}, size, {}, stop));
  auto chunk = TRY(reader->next(stop));
  if (!chunk) return std::optional<RowBatch>();
  ParseResult parsed = format->parse(std::move(*chunk));
  if (parsed.batches.empty() || parsed.batches.front().size() == 0) return std::optional<RowBatch>();
  return std::optional<RowBatch>(std::move(parsed.batches.front()));
}

std::optional<std::size_t> index_of(const Columns& columns, std::string_view name) {
  auto found = std::ranges::find(columns, name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

// How the report is to be read.
Result<SourceSpec> report_source(const Input& report, std::uint64_t row_bytes) {
  SourceSpec source;
  source.row_bytes = row_bytes;
  bool ndjson = report.name.ends_with(".ndjson") || report.name.ends_with(".jsonl");
  source.format = ndjson ? SourceFormat::ndjson : SourceFormat::csv;
  if (ndjson) return source;
  source.dialect.header = true;  // a spreadsheet may have changed the delimiter: that is found out
  return source;
}

}  // namespace

bool is_csv_report(const ReadPlan& plan) {
  return plan.format == FormatKind::csv && plan.row_number_member == kRowColumn;
}

Result<LoadRequest> resubmission(Store& store, const Input& report, std::stop_token stop) {
  SourceSpec source = TRY(report_source(report, 64 << 20));
  ReadPlan plan = TRY(detect(source, report.name, report.opener, stop));
  auto rows = TRY(first_rows(plan, report, stop));
  if (!rows) return fail(ErrorKind::usage, report.name + " holds no rows: nothing to run again.");
  bool csv = plan.format == FormatKind::csv;
  auto job_column = index_of(*rows->columns(), csv ? kJobColumn : kJobMember);
  if (!job_column || !index_of(*rows->columns(), csv ? kRowColumn : kRowNumberMember))
    return std::unexpected(not_a_report(report.name));
  std::string job_id(rows->cells(0)[*job_column].text());
  Result<Job> parent = store.jobs().get(job_id);
  if (!parent)
    return fail(ErrorKind::usage, "the store has no job " + shown_value(job_id) + ", which " + report.name +
                                      " belongs to; name the store that it was loaded into with --to.");
  JobPlan parent_plan = TRY(job_plan_from_json(parent->plan));
  FoundPipeline pipeline;
  pipeline.spec = std::move(parent_plan.pipeline);
  pipeline.spec.source = source;
  pipeline.report = true;
  return LoadRequest{store, report, std::move(pipeline), job_id, {}, "cli"};
}

RowBatch restore_report_rows(RowBatch rows) {
  const Columns& columns = *rows.columns();
  auto number_column = index_of(columns, kRowColumn);
  std::vector<std::size_t> kept;
  auto names = std::make_shared<Columns>();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (is_report_column(columns[i])) continue;
    kept.push_back(i);
    names->push_back(columns[i]);
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Cell* cells = rows.cells(row);
    RowInfo& info = rows.info(row);
    std::uint64_t number = 0;
    std::string_view text = number_column ? cells[*number_column].text() : std::string_view();
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number == 0)
      rows.reject(row, {RejectCode::syntax_error, std::string(kRowColumn), 0, "", shown_value(text),
                        "sluice_row must hold the number of the row it stands for; leave that column as it was.", ""});
    else info.row_number = number;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      Cell cell = cells[kept[i]];
      if (cell.kind == CellKind::string && cell.text().starts_with('\'')) {
        std::string restored = restore_formula(cell.text());
        if (restored != cell.text()) cell = Cell::string(rows.arena().copy(restored));
      }
      cells[i] = cell;
    }
    for (std::size_t i = kept.size(); i < columns.size(); ++i) cells[i] = Cell();
    // A sender's columns are all there, or cut off at the end where a spreadsheet left out blank cells.
    info.cell_count = info.cell_count > columns.size() ? static_cast<std::uint32_t>(kept.size() + info.cell_count - columns.size())
                                                       : static_cast<std::uint32_t>(kept.size());
  }
  rows.set_columns(std::move(names));
  return rows;
}

}  // namespace sluice
