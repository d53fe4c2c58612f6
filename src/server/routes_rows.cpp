#include "server/routes_rows.h"

#include <algorithm>
#include <array>

#include "jobs/archive.h"
#include "jobs/job_plan.h"
#include "jobs/report_columns.h"
#include "reports/report.h"
#include "server/asked.h"
#include "server/audit.h"
#include "server/job_json.h"
#include "server/report_download.h"
#include "server/scope.h"

namespace sluice {
namespace {

// An archive has none: an empty answer would say that nothing was rejected.
Result<Job> job_with_rows(Service& service, const Request& request) {
  Job job = TRY(job_in_scope(service, request));
  if (!is_archive(job)) return job;
  return fail(ErrorKind::not_found,
              "job " + job.id +
                  " is an archive: each file in it is a job with rows, rejects and a plan "
                  "of its own (/v1/jobs?parent=" +
                  job.id + ").");
}

Result<std::optional<Outcome>> asked_outcome(const Request& request) {
  const auto name = request.asked("outcome");
  if (!name) return std::optional<Outcome>();
  for (Outcome outcome : {Outcome::inserted, Outcome::updated, Outcome::duplicate, Outcome::rejected})
    if (name_of(outcome) == *name) return std::optional(outcome);
  return fail(ErrorKind::usage, "outcome has to be inserted, updated, duplicate or rejected.");
}

Result<Response> list(Api& api, const Request& request) {
  TRY(check_asked(request, {"outcome", "limit", "cursor"}));
  const Page page = TRY(asked_page(request, "rows"));
  const auto only = TRY(asked_outcome(request));
  const auto from = static_cast<std::uint64_t>(TRY(number_after(page)).value_or(0)) + 1;
  const Job job = TRY(job_with_rows(api.service, request));
  const auto rows = TRY(api.service.store.queries().outcomes(job.id, from, only, page.limit));
  Json items = Json::array();
  for (const RowOutcome& row : rows)
    items.push_back({{"rowNumber", row.row_number}, {"outcome", name_of(row.outcome)}});
  const bool more = rows.size() == page.limit;
  return list_answer(std::move(items), more ? cursor_of("rows", std::to_string(rows.back().row_number)) : "");
}

Result<Response> get(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const Job job = TRY(job_with_rows(api.service, request));
  const std::string& number = request.parameters.at("n");
  constexpr std::size_t kMostDigits = 18;  // what every database counts to
  const bool digits = !number.empty() && number.size() <= kMostDigits &&
                      std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  Outcome outcome = Outcome::none;
  if (digits) outcome = TRY(api.service.store.queries().outcome(job.id, std::stoull(number)));
  if (outcome == Outcome::none)
    return fail(ErrorKind::not_found, "job " + job.id + " has no row " + number.substr(0, 50) +
                                          ", or has not come to it yet: rows are counted from 1.");
  Json links = {{"job", request.origin + "/v1/jobs/" + job.id}};
  if (outcome == Outcome::rejected)
    links["errors"] = request.origin + "/v1/jobs/" + job.id + "/errors?row=" + number;
  return json_answer(
      200, {{"rowNumber", std::stoull(number)}, {"outcome", name_of(outcome)}, {"links", std::move(links)}});
}

Result<Response> groups(Api& api, const Request& request) {
  TRY(check_asked(request, {"examples", "open"}));
  const bool examples = TRY(asked_flag(request, "examples"));
  const RejectFilter filter{.only_open = TRY(asked_flag(request, "open"))};
  const Job job = TRY(job_with_rows(api.service, request));
  Json items = Json::array();
  for (const RejectGroup& group : TRY(api.service.store.queries().reject_groups(job.id, filter))) {
    Json item = {{"code", group.code},
                 {"field", text_or_null(group.field)},
                 {"constraint", text_or_null(group.constraint)},
                 {"count", group.count}};
    if (examples) item["example"] = group.example;
    items.push_back(std::move(item));
  }
  return list_answer(std::move(items), "");
}

// How the job's file is read, as it was found out once for all of it. A finding may show a value.
Result<Response> plan(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const Job job = TRY(job_with_rows(api.service, request));
  Result<JobPlan> plan = job_plan_from_json(job.plan);
  if (!plan)
    return fail(ErrorKind::not_found,
                "job " + job.id + " is not planned yet: nobody has looked at its file.");
  const ReadPlan& read = plan->read;
  const bool table = read.format == FormatKind::csv;
  return json_answer(
      200, {{"format", name_of(read.format)},
            {"compression", read.compression == Compression::none ? Json() : Json(name_of(read.compression))},
            {"encoding", read.encoding},
            {"delimiter", table ? Json(std::string(1, read.csv.delimiter)) : Json()},
            {"columns", TRY(report_columns(api.service.store.queries(), job.id, *plan))},
            {"findings", read.findings}});
}

Result<RejectFilter> asked_filter(const Request& request) {
  RejectFilter filter;
  filter.code = request.asked("code").value_or("");
  if (!filter.code.empty() && !reject_code_named(filter.code))
    return fail(ErrorKind::usage, "'" + filter.code.substr(0, 100) +
                                      "' is no code of a reject; /errors/groups lists those of a job.");
  filter.field = request.asked("field").value_or("");
  filter.only_open = TRY(asked_flag(request, "open"));
  return filter;
}

Result<Response> download(Api& api, const Request& request, ReportKind kind) {
  TRY(check_asked(request, {"code", "field", "open"}));
  const RejectFilter filter = TRY(asked_filter(request));
  const Job job = TRY(job_with_rows(api.service, request));
  Response response = TRY(report_download(api.service.store, job, kind, filter, api.scratch_folder));
  TRY(note(api, request, "report.download", job.id, {{"format", name_of(kind)}}));
  return response;
}

// The first type of Accept that is one of ours; JSON where none is.
std::optional<ReportKind> accepted_kind(const Request& request) {
  std::string_view accept = request.headers.get("Accept");
  constexpr std::array<std::pair<std::string_view, ReportKind>, 4> kTypes = {
      {{"text/csv", ReportKind::csv},
       {"application/x-ndjson", ReportKind::ndjson},
       {"application/ndjson", ReportKind::ndjson},
       {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ReportKind::xlsx}}};
  while (!accept.empty()) {
    std::string_view type = accept.substr(0, accept.find(','));
    accept.remove_prefix(std::min(accept.size(), type.size() + 1));
    type = type.substr(0, type.find(';'));
    while (type.starts_with(' ')) type.remove_prefix(1);
    while (type.ends_with(' ')) type.remove_suffix(1);
    if (type == "application/json" || type == "*/*" || type == "application/*") return std::nullopt;
    for (const auto& [known, kind] : kTypes)
      if (type == known) return kind;
  }
  return std::nullopt;
}

Result<Response> errors(Api& api, const Request& request) {
  if (const auto kind = accepted_kind(request)) return download(api, request, *kind);
  TRY(check_asked(request, {"code", "field", "open", "row", "from", "limit", "cursor"}));
  const RejectFilter filter = TRY(asked_filter(request));
  Page page = TRY(asked_page(request, "errors"));
  auto after = static_cast<std::uint64_t>(TRY(number_after(page)).value_or(0));
  const auto row = TRY(asked_number(request, "row"));
  const auto from = TRY(asked_number(request, "from"));
  for (const auto& [name, number] : {std::pair("row", row), std::pair("from", from)})
    if (number == 0)
      return fail(ErrorKind::usage,
                  std::string(name) + " has to be the number of a row: they are counted from 1.");
  if ((row || after > 0) && from)
    return fail(ErrorKind::usage, "from says where a list begins; row and cursor are of one that has begun.");
  if (from) after = *from - 1;
  if (row) {
    after = *row - 1;
    page.limit = 1;
  }
  const Job job = TRY(job_with_rows(api.service, request));
  const auto rejects = TRY(api.service.store.queries().rejects(job.id, filter, after, page.limit));
  std::string json = "{\"items\":[";
  bool any = false;
  for (const StoredReject& reject : rejects) {
    if (row && reject.row.row_number != *row) continue;
    if (any) json += ',';
    any = true;
    json += report_row_json(job.id, reject.row);
    json.pop_back();  // its brace
    json += ",\"resolvedBy\":" + json_text(text_or_null(reject.resolved_by)) + "}";
  }
  // Whole rows, about as many as were asked for: nothing is left only where nothing came.
  const bool more = !row && !rejects.empty() && rejects.size() >= page.limit;
  json += "],\"next\":";
  json += more ? "\"" + cursor_of("errors", std::to_string(rejects.back().row.row_number)) + "\"" : "null";
  Response response = json_response(200, json + "}\n");
  response.headers.add("Vary", "Accept");
  return response;
}

}  // namespace

void add_row_routes(Routes& routes, Api& api) {
  auto on = [&api](Result<Response> (*handler)(Api&, const Request&)) {
    return [&api, handler](const Request& request) { return handler(api, request); };
  };
  auto report = [&api](ReportKind kind) {
    return [&api, kind](const Request& request) { return download(api, request, kind); };
  };
  using enum Permission;
  const std::string job = "/v1/jobs/{id}";
  routes.add({"GET", job + "/rows", read, on(list), {}, "listRows", {}});
  routes.add({"GET", job + "/rows/{n}", read, on(get), {}, "getRow", {}});
  routes.add({"GET", job + "/plan", read_data, on(plan), {}, "getPlan", {}});
  // An example's sentence has a value in it.
  routes.add(
      {"GET", job + "/errors/groups", read, on(groups), {}, "listErrorGroups", {{"examples", read_data}}});
  routes.add({"GET", job + "/errors", read_data, on(errors), {}, "listErrors", {}});
  routes.add({"GET", job + "/errors.csv", read_data, report(ReportKind::csv), {}, "getReportCsv", {}});
  routes.add(
      {"GET", job + "/errors.ndjson", read_data, report(ReportKind::ndjson), {}, "getReportNdjson", {}});
  routes.add({"GET", job + "/errors.xlsx", read_data, report(ReportKind::xlsx), {}, "getReportXlsx", {}});
}

}  // namespace sluice
