// POST /v1/pipelines/{p}/batches: rows posted as JSON become a small file of their own, and a job.
#include <simdjson.h>

#include <optional>

#include "base/uuid.h"
#include "jobs/upload_keys.h"
#include "server/accept_file.h"
#include "server/api_json.h"
#include "server/job_json.h"
#include "server/room.h"
#include "server/routes_pipelines.h"

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;

struct Rows {
  std::string json;  // as the job reads them
  SourceFormat format = SourceFormat::json;
  std::uint64_t count = 0;
};

std::unexpected<Error> wrong(const std::string& what) {
  return fail(ErrorKind::usage,
              what +
                  " Send an array of objects, {\"rows\": [ … ]}, or NDJSON with Content-Type "
                  "application/x-ndjson.");
}

// Counts and checks: every row has to be an object or, under a header row, an array.
Result<std::uint64_t> count_rows(ondemand::array& rows) {
  std::uint64_t count = 0;
  for (simdjson::simdjson_result<ondemand::value> item : rows) {
    ++count;
    ondemand::value row;
    ondemand::object object;
    ondemand::array array;
    std::string_view ignored;
    if (std::move(item).get(row))
      return wrong("after row " + std::to_string(count - 1) + " the JSON is broken.");
    const bool is_row = row.get_object().get(object)
                            ? !row.get_array().get(array) && !array.raw_json().get(ignored)
                            : !object.raw_json().get(ignored);
    if (!is_row) return wrong("row " + std::to_string(count) + " is no JSON object.");
  }
  return count;
}

Result<Rows> read_array(const std::string& body) {
  ondemand::parser parser;
  const simdjson::padded_string padded(body);
  ondemand::document document;
  ondemand::json_type type;
  if (parser.iterate(padded).get(document) || document.type().get(type)) return wrong("the body is no JSON.");
  Rows rows;
  ondemand::array array;
  std::string_view text;
  const bool wrapped = type == ondemand::json_type::object;
  if (wrapped ? static_cast<bool>(document["rows"].get_array().get(array))
              : static_cast<bool>(document.get_array().get(array)))
    return wrong("the body holds no rows.");
  if (array.raw_json().get(text)) return wrong("the body is no JSON.");
  rows.json = text;
  if (!wrapped && document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return wrong("something comes after the array.");
  const simdjson::padded_string once_more(rows.json);
  if (parser.iterate(once_more).get(document) || document.get_array().get(array))
    return wrong("the body is no JSON.");
  rows.count = TRY(count_rows(array));
  return rows;
}

Rows read_lines(const std::string& body) {
  Rows rows{.json = body, .format = SourceFormat::ndjson};
  bool blank = true;
  for (char c : body) {
    if (c == '\n' && !blank) ++rows.count;
    if (c == '\n')
      blank = true;
    else if (c != ' ' && c != '\t' && c != '\r')
      blank = false;
  }
  if (!blank) ++rows.count;
  return rows;
}

Result<Rows> read_rows(const Request& request) {
  const std::string_view type = request.headers.get("Content-Type");
  const bool lines = type.starts_with("application/x-ndjson") || type.starts_with("application/ndjson");
  if (!lines && !type.empty() && !type.starts_with("application/json"))
    return refuse({.status = 415,
                   .name = "unsupported-media-type",
                   .title = "The body is of a type that is not taken here",
                   .detail = "This takes application/json or application/x-ndjson, not " +
                             std::string(type.substr(0, 100)) +
                             ". Files of other kinds go to …/jobs or /upload."});
  Rows rows = lines ? read_lines(request.body) : TRY(read_array(request.body));
  if (rows.count == 0) return wrong("the body holds no rows.");
  return rows;
}

Result<ReceivedFile> keep(Service& service, const Rows& rows) {
  ReceivedFile file;
  file.id = new_uuid();
  file.blob_key = upload_key(file.id);
  file.sha256 = to_hex(Sha256().of(rows.json));
  file.content_type = rows.format == SourceFormat::json ? "application/json" : "application/x-ndjson";
  file.size = rows.json.size();
  auto blob = TRY(service.blobs.create(file.blob_key));
  TRY(blob->write(rows.json));
  TRY(blob->commit());
  return file;
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
  const Rows rows = TRY(read_rows(request));
  asked.format = rows.format;
  const ReceivedFile file = TRY(keep(api.service, rows));
  const Job job = TRY(submit_file(api.service, asked, file));
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
