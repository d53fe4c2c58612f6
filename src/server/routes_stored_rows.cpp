// GET /v1/pipelines/{p}/rows: stored rows a page at a time, and all of them as NDJSON or CSV, made while they
// are sent.
#include <algorithm>

#include "jobs/find_pipeline.h"
#include "reports/report.h"
#include "reports/report_cells.h"
#include "server/asked.h"
#include "server/audit.h"
#include "server/paged_body.h"
#include "server/report_download.h"
#include "server/routes_pipelines.h"
#include "server/scope.h"

namespace sluice {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct RowsQuestion {
  std::string tenant, pipeline;
  Fields equal;
};

constexpr std::size_t kRowsAtOnce = 500;

std::string row_json(const DataRow& row) {
  const Json tail = {{"contentHash", row.content_hash},
                     {"jobId", row.job_id},
                     {"rowNumber", row.row_number},
                     {"createdAt", text_or_null(row.created_at)},
                     {"updatedAt", text_or_null(row.updated_at)}};
  // The data as it is stored: through a parser its numbers would suffer.
  return "{\"id\":" + json_text(row.id) + ",\"data\":" + (row.data.empty() ? "null" : row.data) + "," +
         json_text(tail).substr(1);
}

// Rows as lines of text, asked for page by page.
class ExportBody : public PagedBody {
 public:
  ExportBody(QueryStore& queries, RowsQuestion question)
      : queries_(queries), question_(std::move(question)) {}

 protected:
  virtual void add(const DataRow& row) = 0;

 private:
  Result<Page> add_page() final {
    const auto rows =
        TRY(queries_.rows(question_.tenant, question_.pipeline, question_.equal, after_, kRowsAtOnce));
    for (const DataRow& row : rows) add(row);
    if (!rows.empty()) after_ = rows.back().id;
    return rows.size() < kRowsAtOnce ? Page::last : Page::more;
  }

  QueryStore& queries_;
  const RowsQuestion question_;
  std::string after_;
};

class NdjsonExport final : public ExportBody {
 public:
  using ExportBody::ExportBody;

 private:
  void add(const DataRow& row) override { text_ += row.data + "\n"; }
};

// The columns, then sluice_more for members that have none.
class CsvExport final : public ExportBody {
 public:
  CsvExport(QueryStore& queries, RowsQuestion question, const Columns& columns)
      : ExportBody(queries, std::move(question)) {
    text_ = "\xEF\xBB\xBF";  // spreadsheets take a file without it for the local 8-bit encoding
    for (const std::string& column : columns) {
      places_.emplace(column, cells_.size());
      cells_.push_back(column);
    }
    more_ = "sluice_more";
    add_line();
  }

 private:
  void add(const DataRow& row) override {
    for (std::string& cell : cells_) cell.clear();
    more_.clear();
    if (!take_apart(row.data, places_, cells_, more_)) more_ = row.data;
    add_line();
  }
  void add_line() {
    for (const std::string& cell : cells_) {
      append_csv_cell(text_, neutralise_formula(visible_text(cell)));
      text_ += ',';
    }
    append_csv_cell(text_, neutralise_formula(visible_text(more_)));
    text_ += '\n';
  }

  CellPlaces places_;
  std::vector<std::string> cells_;
  std::string more_;
};

// Those of the schema; without one, the members that the first rows have.
Result<Columns> columns_of(Api& api, const RowsQuestion& question) {
  Columns columns;
  const auto found = find_pipeline({.wanted = question.pipeline,
                                    .folder = api.service.pipelines_folder,
                                    .file_name = "",
                                    .tenant = question.tenant,
                                    .store = &api.service.store.queries(),
                                    .overrides = {},
                                    .paths = PipelinePaths::refused});
  if (found && found->spec.schema) {
    for (const Field& field : found->spec.schema->fields) columns.push_back(field.name);
    return columns;
  }
  const auto rows = TRY(
      api.service.store.queries().rows(question.tenant, question.pipeline, question.equal, "", kRowsAtOnce));
  for (const DataRow& row : rows) {
    const Json data = stored_json(row.data, Json::object());  // outlives the loop
    for (const auto& [name, value] : data.items())
      if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
  }
  return columns;
}

Result<RowsQuestion> question_of(const Request& request) {
  RowsQuestion question{request.principal.tenant, request.parameters.at("p"), asked_fields(request)};
  TRY(check_pipeline_word(question.pipeline));
  TRY(check_reach(request.principal, question.pipeline));
  return question;
}

enum class ExportKind : std::uint8_t { csv, ndjson };

Result<Response> export_rows(Api& api, const Request& request, ExportKind kind) {
  TRY(check_asked(request, {"where"}));
  RowsQuestion question = TRY(question_of(request));
  QueryStore& queries = api.service.store.queries();
  const bool csv = kind == ExportKind::csv;
  Response response;
  const std::string file = question.pipeline + (csv ? ".csv" : ".ndjson");
  response.headers.add("Content-Type",
                       std::string(media_type_of(csv ? ReportKind::csv : ReportKind::ndjson)));
  response.headers.add("Content-Disposition", attachment(file));
  TRY(note(api, request, "rows.export", question.pipeline, {{"format", csv ? "csv" : "ndjson"}}));
  if (csv) {
    const Columns columns = TRY(columns_of(api, question));
    response.stream = std::make_unique<CsvExport>(queries, std::move(question), columns);
  } else {
    response.stream = std::make_unique<NdjsonExport>(queries, std::move(question));
  }
  return response;
}

Result<Response> list(Api& api, const Request& request) {
  const std::string_view accept = request.headers.get("Accept");
  if (accept.starts_with("text/csv")) return export_rows(api, request, ExportKind::csv);
  if (accept.starts_with("application/x-ndjson")) return export_rows(api, request, ExportKind::ndjson);
  TRY(check_asked(request, {"where", "limit", "cursor"}));
  const RowsQuestion question = TRY(question_of(request));
  const Page page = TRY(asked_page(request, "data"));
  const auto rows = TRY(api.service.store.queries().rows(question.tenant, question.pipeline, question.equal,
                                                         page.after, page.limit));
  std::string json = "{\"items\":[";
  for (const DataRow& row : rows) json += (&row == &rows.front() ? "" : ",") + row_json(row);
  json += "],\"next\":";
  json += rows.size() == page.limit ? "\"" + cursor_of("data", rows.back().id) + "\"" : "null";
  Response response = json_response(200, json + "}\n");
  response.headers.add("Vary", "Accept");
  return response;
}

}  // namespace

void add_stored_row_routes(Routes& routes, Api& api) {
  auto as = [&api](ExportKind kind) {
    return [&api, kind](const Request& request) { return export_rows(api, request, kind); };
  };
  using enum Permission;
  const std::string rows = "/v1/pipelines/{p}/rows";
  routes.add({"GET",
              rows,
              read_data,
              [&api](const Request& request) { return list(api, request); },
              {},
              "listStoredRows",
              {}});
  routes.add({"GET", rows + ".csv", read_data, as(ExportKind::csv), {}, "exportRowsCsv", {}});
  routes.add({"GET", rows + ".ndjson", read_data, as(ExportKind::ndjson), {}, "exportRowsNdjson", {}});
}

}  // namespace sluice
