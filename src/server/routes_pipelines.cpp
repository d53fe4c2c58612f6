#include "server/routes_pipelines.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>

#include "jobs/file_name.h"
#include "jobs/find_pipeline.h"
#include "jobs/preview.h"
#include "pipeline/config_node.h"
#include "reports/report.h"
#include "server/asked.h"
#include "server/audit.h"
#include "server/job_json.h"
#include "server/scope.h"
#include "server/sent_pipeline.h"
#include "server/sent_sample.h"

namespace sluice {
namespace {

constexpr std::string_view kYaml = "application/yaml";  // RFC 9512

struct ShownPipeline {
  KeptPipeline kept;
  bool file = false;  // of the server's folder of pipelines, which goes before what is kept
};

std::unexpected<Error> no_such(const std::string& name) {
  return fail(ErrorKind::not_found, "there is no pipeline '" + name + "'.");
}

Result<std::string> name_of_route(const Request& request) {
  const std::string& name = request.parameters.at("p");
  TRY(check_pipeline_word(name));
  TRY(check_reach(request.principal, name));
  return name;
}

Result<std::optional<ShownPipeline>> find_shown(Api& api, const Request& request, const std::string& name) {
  ShownPipeline shown;
  if (auto path = pipeline_file(api.service.pipelines_folder, name)) {
    std::ifstream file(*path, std::ios::binary);
    shown.kept = {.name = name, .text = std::string(std::istreambuf_iterator<char>(file), {})};
    if (!file) return fail(ErrorKind::io, *path + " cannot be read: " + std::strerror(errno));
    shown.file = true;
    return std::optional(shown);
  }
  auto kept = TRY(api.service.store.queries().pipeline(request.principal.tenant, name));
  if (!kept) return std::optional<ShownPipeline>();
  shown.kept = std::move(*kept);
  return std::optional(shown);
}

Json summary_json(const std::string& name, const ShownPipeline& shown, const Request& request) {
  const std::string self = request.origin + "/v1/pipelines/" + name;
  return {{"name", name},
          {"origin", shown.file ? "file" : "store"},
          {"inferred", shown.kept.inferred},
          {"updatedAt", text_or_null(shown.kept.updated_at)},
          {"links",
           {{"self", self},
            {"rows", self + "/rows"},
            {"preview", self + "/preview"},
            {"batches", self + "/batches"}}}};
}

Json pipeline_json(const ShownPipeline& shown, const Request& request) {
  Json json = summary_json(shown.kept.name, shown, request);
  json["text"] = shown.kept.text;
  auto tree = read_yaml(shown.kept.text, shown.kept.name, Secrets::keep);
  json["definition"] = tree ? Json(to_json(*tree)) : Json();
  return json;
}

Result<Response> list(Api& api, const Request& request) {
  TRY(check_asked(request, {"limit", "cursor"}));
  const Page page = TRY(asked_page(request, "pipelines"));
  std::map<std::string, ShownPipeline> all;
  for (KeptPipeline& kept : TRY(api.service.store.queries().pipelines(request.principal.tenant)))
    all[kept.name].kept = std::move(kept);
  for (const std::string& name : pipelines_in(api.service.pipelines_folder))
    all[name] = {.kept = {.name = name}, .file = true};
  Json items = Json::array();
  std::string last;
  for (auto at = all.upper_bound(page.after); at != all.end(); ++at) {
    const auto& [name, shown] = *at;
    if (!reaches_pipeline(request.principal, name)) continue;
    if (items.size() == page.limit) return list_answer(std::move(items), cursor_of("pipelines", last));
    items.push_back(summary_json(name, shown, request));
    last = name;
  }
  return list_answer(std::move(items), "");
}

Result<Response> get(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const std::string name = TRY(name_of_route(request));
  auto shown = TRY(find_shown(api, request, name));
  if (!shown) return no_such(name);
  Response response;
  const std::string etag = etag_of(shown->kept.text);
  if (request.headers.get("If-None-Match") == etag) {
    response.status = 304;
  } else if (request.headers.get("Accept").starts_with(kYaml)) {
    response.headers.add("Content-Type", std::string(kYaml));
    response.body = shown->kept.text;
  } else {
    response = json_answer(200, pipeline_json(*shown, request));
  }
  response.headers.add("ETag", etag);
  response.headers.add("Vary", "Accept");
  return response;
}

// If-Match and If-None-Match (RFC 9110): what the sender believes to be there.
Result<> check_preconditions(const Request& request, const std::optional<ShownPipeline>& there) {
  const std::string_view match = request.headers.get("If-Match");
  const std::string_view none = request.headers.get("If-None-Match");
  const std::string etag = there ? etag_of(there->kept.text) : "";
  const bool fits = (match.empty() || (there && (match == "*" || match == etag))) &&
                    (none.empty() || !there || (none != "*" && none != etag));
  if (fits) return {};
  return refuse({.status = 412,
                 .name = "precondition-failed",
                 .title = "It is not what the sender believes",
                 .detail = there ? "The pipeline has been changed meanwhile; read it again."
                                 : "There is no such pipeline any more."});
}

Result<> check_not_file(const std::optional<ShownPipeline>& there, const std::string& name) {
  if (!there || !there->file) return {};
  return fail(
      ErrorKind::conflict,
      "the pipeline '" + name + "' is a file in the server's folder of pipelines, and is changed there.");
}

Result<Response> put(Api& api, const Request& request) {
  TRY(check_asked(request, {"dryRun"}));
  const std::string name = TRY(name_of_route(request));
  const bool dry = TRY(asked_flag(request, "dryRun"));
  const KeptPipeline sent =
      TRY(read_sent_pipeline(request.body, request.headers.get("Content-Type"), name)).kept;
  const std::lock_guard lock(api.changing_pipelines);
  const auto there = TRY(find_shown(api, request, name));
  TRY(check_not_file(there, name));
  TRY(check_preconditions(request, there));
  if (dry) return json_answer(200, pipeline_json({.kept = sent}, request));
  TRY(api.service.store.queries().keep_pipeline(request.principal.tenant, sent));
  const std::string etag = etag_of(sent.text);
  TRY(note(api, request, "pipeline.put", name, {{"etag", etag}}));
  const auto now = TRY(find_shown(api, request, name));
  if (!now) return no_such(name);
  Response response = json_answer(there ? 200 : 201, pipeline_json(*now, request));
  response.headers.add("ETag", etag);
  if (!there) response.headers.add("Location", "/v1/pipelines/" + name);
  return response;
}

Result<Response> remove(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const std::string name = TRY(name_of_route(request));
  const std::lock_guard lock(api.changing_pipelines);
  const auto there = TRY(find_shown(api, request, name));
  if (!there) return no_such(name);
  TRY(check_not_file(there, name));
  TRY(check_preconditions(request, there));
  TRY(api.service.store.queries().remove_pipeline(request.principal.tenant, name));
  TRY(note(api, request, "pipeline.delete", name));
  return Response{.status = 204};
}

// With `inferred`, the pipeline itself: what a first file of this name would keep.
std::string preview_json(const Preview& made, bool inferred) {
  const PipelineSpec& spec = made.plan.pipeline;
  Json head = {{"pipeline", spec.name},
               {"inferred", inferred},
               {"text", inferred ? Json(to_yaml(spec)) : Json()},
               {"findings", made.plan.read.findings}};
  head["columns"] = made.plan.read.columns;
  Json fields = Json::array();
  if (spec.schema)
    for (const Field& field : spec.schema->fields)
      fields.push_back({{"name", field.name}, {"type", name_of(field.type)}});
  head["fields"] = std::move(fields);
  std::string json = json_text(head);
  json.pop_back();
  json += ",\"rows\":[";
  for (const PreviewRow& row : made.rows) {
    json += &row == &made.rows.front() ? "" : ",";
    json += "{\"rowNumber\":" + std::to_string(row.row_number) +
            ",\"line\":" + (row.line == 0 ? "null" : std::to_string(row.line)) +
            ",\"duplicate\":" + (row.duplicate ? "true" : "false") + ",\"data\":" + row.data + "}";
  }
  json += "],\"rejects\":[";
  for (const RejectedRow& row : made.rejects)
    json += (&row == &made.rejects.front() ? "" : ",") + report_row_json("", row);
  return json + "]}\n";
}

// What the sample goes through. `wanted`: the pipeline's name; "": by the name of the file, as for a file
// that is sent without one. What came with the sample goes before what is kept under its name.
Result<FoundPipeline> pipeline_of(Api& api, const Request& request, const SentSample& sample,
                                  const std::string& wanted, const std::string& file_name) {
  if (sample.definition) {
    if (wanted.empty())
      return fail(ErrorKind::usage,
                  "a `definition` is tried out under the name that it has: POST /v1/pipelines/NAME/preview.");
    SentPipeline sent = TRY(read_sent_pipeline(*sample.definition, sample.definition_type, wanted));
    return FoundPipeline{.spec = std::move(sent.spec)};
  }
  return find_pipeline({.wanted = wanted,
                        .folder = api.service.pipelines_folder,
                        .file_name = clean_file_name(file_name),
                        .tenant = request.principal.tenant,
                        .store = &api.service.store.queries(),
                        .overrides = {},
                        .paths = PipelinePaths::refused});
}

Result<Response> preview_answer(Api& api, const Request& request, const std::string& wanted) {
  constexpr std::uint64_t kRows = 20, kMostRows = 1000;
  TRY(check_asked(request, {"rows", "fileName"}));
  PreviewQuestion question;
  question.most_rows = TRY(asked_number(request, "rows")).value_or(kRows);
  if (question.most_rows < 1 || question.most_rows > kMostRows)
    return fail(ErrorKind::usage, "rows has to be from 1 to " + std::to_string(kMostRows) + ".");
  SentSample sample = TRY(read_sent_sample(request));
  question.name = request.asked("fileName").value_or(sample.file_name);
  if (question.name.empty()) question.name = "sample";
  FoundPipeline found = TRY(pipeline_of(api, request, sample, wanted, question.name));
  TRY(check_reach(request.principal, found.spec.name));
  question.pipeline = std::move(found.spec);
  question.infer = found.infer;
  question.pipeline.source.row_bytes = api.service.row_bytes;
  question.sample = std::move(sample.bytes);
  const bool inferred = question.infer;
  return json_response(200, preview_json(TRY(preview(std::move(question), {})), inferred));
}

Result<Response> try_out(Api& api, const Request& request) {
  return preview_answer(api, request, TRY(name_of_route(request)));
}

Result<Response> try_file(Api& api, const Request& request) { return preview_answer(api, request, ""); }

}  // namespace

void add_pipeline_routes(Routes& routes, Api& api) {
  auto on = [&api](Result<Response> (*handler)(Api&, const Request&)) {
    return [&api, handler](const Request& request) { return handler(api, request); };
  };
  using enum Permission;
  const std::string one = "/v1/pipelines/{p}";
  routes.add({"GET", "/v1/pipelines", read, on(list), {}, "listPipelines", {}});
  routes.add({"GET", one, read, on(get), {}, "getPipeline", {}});
  routes.add({"PUT", one, operate, on(put), {}, "putPipeline", {}});
  routes.add({"DELETE", one, operate, on(remove), {}, "deletePipeline", {}});
  routes.add({"POST", one + "/preview", submit, on(try_out), {}, "previewPipeline", {}});
  routes.add({"POST", "/v1/preview", submit, on(try_file), {}, "previewFile", {}});
}

}  // namespace sluice
