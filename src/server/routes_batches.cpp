// POST /v1/pipelines/{p}/batches: rows posted as JSON become a small file of their own, and a job.
#include "jobs/posted_rows.h"
#include "server/accept_file.h"
#include "server/api_json.h"
#include "server/job_json.h"
#include "server/multipart.h"
#include "server/room.h"
#include "server/routes_pipelines.h"

namespace sluice {
namespace {

Result<PostedRows> read_rows(const Request& request) {
  const std::string_view type = request.headers.get("Content-Type");
  const std::string kind = header_value(type);
  const bool lines = kind == "application/x-ndjson" || kind == "application/ndjson";
  if (!lines && !type.empty() && kind != "application/json")
    return refuse({.status = 415,
                   .name = "unsupported-media-type",
                   .title = "The body is of a type that is not taken here",
                   .detail = "This takes application/json or application/x-ndjson, not " +
                             std::string(type.substr(0, 100)) +
                             ". Files of other kinds go to …/jobs or /upload."});
  return lines ? posted_lines(request.body) : posted_rows(request.body);
}

Result<Response> post(Api& api, const Request& request) {
  FileRequest asked;
  asked.options = TRY(options_of(request, wall_now()));
  asked.options.pipeline = request.parameters.at("p");
  if (asked.options.file_name.empty()) asked.options.file_name = "batch";
  asked.request.headers = request.headers;
  asked.request.principal = request.principal;
  TRY(check_pipeline(api.service, request.principal, asked.options.pipeline));
  TRY(check_room_ahead(api.service, request));
  const PostedRows rows = TRY(read_rows(request));
  const Job job = TRY(submit_rows(api.service, asked, rows));
  return job_accepted(job, request, {{"accepted", rows.count}});
}

}  // namespace

void add_batch_routes(Routes& routes, Api& api) {
  routes.add({"POST",
              "/v1/pipelines/{p}/batches",
              Permission::submit,
              [&api](const Request& request) { return post(api, request); },
              {},
              "postBatch",
              {}});
}

}  // namespace sluice
