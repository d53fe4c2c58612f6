#include "jobs/resubmit.h"

#include <algorithm>
#include <charconv>

#include "formats/chunk_reader.h"
#include "formats/detect.h"
#include "formats/detect_content.h"
#include "reports/report_rows.h"

namespace sluice {
namespace {

constexpr std::string_view kJobColumn = "sluice_job", kRowColumn = "sluice_row";
constexpr std::string_view kRowNumberMember = "rowNumber", kJobMember = "jobId";

Error not_a_report(const std::string& name) {
  return {ErrorKind::usage,
          name +
              " is no error report of this program: it needs the columns sluice_job and sluice_row "
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

void reject(RowBatch& rows, std::size_t row, std::string_view column, std::string_view value,
            std::string message) {
  rows.reject(row, {RejectCode::syntax_error, std::string(column), 0, "", shown_value(value),
                    std::move(message), ""});
}

// One row: its number in the first job, and the sender's cells moved to the front as they were sent.
void restore_row(RowBatch& rows, std::size_t row, const ReportColumns& columns) {
  Cell* cells = rows.cells(row);
  RowInfo& info = rows.info(row);
  std::string_view text = cells[columns.row].text();
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number != 0)
    info.row_number = number;
  else
    reject(rows, row, kRowColumn, text,
           "sluice_row must hold the number of the row that this one corrects; leave that column as it was.");
  if (columns.more && !cells[*columns.more].text().empty())
    reject(rows, row, "sluice_more", cells[*columns.more].text(),
           "This row has more members than the report has columns; correct it in the NDJSON report instead.");
  const std::size_t width = rows.columns()->size(), own = columns.own.size();
  for (std::size_t i = 0; i < own; ++i) {
    Cell cell = cells[columns.own[i]];  // never left of i: the sender's columns keep their order
    if (cell.kind == CellKind::string && cell.text().starts_with('\'')) {
      std::string restored = restore_formula(cell.text());
      if (restored.size() != cell.size) cell = Cell::string(rows.arena().copy(restored));
    }
    cells[i] = cell;
  }
  auto is_blank = [](const Cell& cell) {
    return cell.text().find_first_not_of(" \t\r\n") == std::string_view::npos;
  };
  if (own != 0 && std::all_of(cells, cells + own, is_blank) && !info.rejected())
    rows.reject(row,
                {RejectCode::blank_row, "", 0, "", "",
                 "The columns of this row are empty; fill them in, sluice_raw shows what the row was.", ""});
  for (std::size_t i = own; i < width; ++i) cells[i] = Cell();
  // A spreadsheet may leave out blank cells at the end; too many cells stay too many.
  info.cell_count = static_cast<std::uint32_t>(own + (info.cell_count > width ? info.cell_count - width : 0));
}

// A report shows bytes that are no text as U+FFFD. A row that still has it was not corrected.
void reject_unread(RowBatch& rows, std::size_t row) {
  constexpr std::string_view kUnread = "\xEF\xBF\xBD";
  if (rows.info(row).rejected()) return;
  const Columns& columns = *rows.columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Cell& cell = rows.cells(row)[i];
    if (cell.kind == CellKind::missing || cell.text().find(kUnread) == std::string_view::npos) continue;
    rows.reject(
        row, {RejectCode::encoding_error, columns[i], static_cast<std::uint32_t>(i + 1), "",
              shown_value(cell.text()),
              "The cell still holds \xEF\xBF\xBD (U+FFFD), which the report shows for bytes that could not "
              "be read. Write what it should say.",
              ""});
  }
}

// How the report is to be read.
Result<SourceSpec> report_source(const Input& report, std::uint64_t row_bytes) {
  SourceSpec source;
  source.row_bytes = row_bytes;
  source.sheets_follow = true;
  bool ndjson = report.name.ends_with(".ndjson") || report.name.ends_with(".jsonl");
  source.format = ndjson                                 ? SourceFormat::ndjson
                  : name_ends_with(report.name, ".xlsx") ? SourceFormat::xlsx
                                                         : SourceFormat::csv;
  if (ndjson) return source;
  source.dialect.header = true;  // a spreadsheet may have changed the delimiter: that is found out
  return source;
}

}  // namespace

Restore restore_of(const ReadPlan& plan) {
  if (plan.row_number_member == kRowColumn) return &restore_report_rows;
  return plan.row_number_member == kRowNumberMember ? &check_report_objects : nullptr;
}

Result<LoadRequest> resubmission(Store& store, const Input& report, std::stop_token stop) {
  SourceSpec source = TRY(report_source(report, 64 << 20));
  ReadPlan plan = TRY(detect(source, report.name, report.opener, stop));
  auto rows = TRY(first_rows(plan, report, stop));
  if (!rows) return fail(ErrorKind::usage, report.name + " holds no rows: nothing to run again.");
  bool csv = plan.format == FormatKind::csv || plan.format == FormatKind::xlsx;
  auto job_column = index_of(*rows->columns(), csv ? kJobColumn : kJobMember);
  if (!job_column || !index_of(*rows->columns(), csv ? kRowColumn : kRowNumberMember) ||
      rows->info(0).rejected())
    return std::unexpected(not_a_report(report.name));
  std::string job_id(rows->cells(0)[*job_column].text());
  if (job_id.empty())
    return fail(
        ErrorKind::usage,
        report.name +
            " was written by a check (validate, --dry-run): its rows belong to no job, and the good rows "
            "around them are stored nowhere yet. Correct the file that was checked and load that, or "
            "load it as it is with --rejects and correct that report.");
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
  Result<ReportColumns> found = find_report_columns(*rows.columns());
  if (!found) {  // the report was checked before; a chunk cannot have other columns
    for (std::size_t row = 0; row < rows.size(); ++row)
      rows.reject(row, {RejectCode::syntax_error, "", 0, "", "", found.error().message, ""});
    return rows;
  }
  for (std::size_t row = 0; row < rows.size(); ++row) restore_row(rows, row, *found);
  rows.set_columns(std::make_shared<Columns>(std::move(found->own_names)));
  for (std::size_t row = 0; row < rows.size(); ++row) reject_unread(rows, row);
  return rows;
}

RowBatch check_report_objects(RowBatch rows) {
  for (std::size_t row = 0; row < rows.size(); ++row) reject_unread(rows, row);
  return rows;
}

}  // namespace sluice
