#include "server/routes_uploads.h"

#include "jobs/file_name.h"
#include "server/form_upload.h"
#include "server/multipart.h"
#include "server/raw_upload.h"
#include "server/room.h"
#include "server/scope.h"
#include "server/tus_uploads.h"

namespace sluice {
namespace {

// Name and options as every single request may give them.
Result<FileRequest> asked_of(const Request& request) {
  FileRequest asked;
  asked.options = TRY(options_of(request, wall_now()));
  TRY(idempotency_key(request));
  if (asked.options.file_name.empty()) {
    const std::string_view disposition = request.headers.get("Content-Disposition");
    const auto sent = header_parameter(disposition, "filename");
    if (sent && header_value(disposition) != "form-data") asked.options.file_name = clean_file_name(*sent);
  }
  asked.request = request;
  return asked;
}

class UploadRoutes {
 public:
  UploadRoutes(Service& service, UploadRules rules) : service_(service), rules_(std::move(rules)) {}

  Result<std::unique_ptr<RequestSink>> form(const Request& request) {
    FileRequest asked = TRY(asked_of(request));
    TRY(check_room_ahead(service_, request));
    TRY(multipart_boundary(request.headers.get("Content-Type")));
    return take(std::move(asked));
  }

  Result<std::unique_ptr<RequestSink>> file(const Request& request) {
    FileRequest asked = TRY(asked_of(request));
    const std::string& pipeline = request.parameters.at("p");
    if (!asked.options.pipeline.empty() && asked.options.pipeline != pipeline)
      return fail(ErrorKind::usage,
                  "the path names the pipeline '" + pipeline + "', the option another one.");
    asked.options.pipeline = pipeline;
    TRY(check_pipeline(service_, request.principal, pipeline));
    TRY(check_room_ahead(service_, request));
    return take(std::move(asked));
  }

  Result<std::unique_ptr<RequestSink>> report(const Request& request) {
    FileRequest asked = TRY(asked_of(request));
    asked.corrects = TRY(job_in_scope(service_, request));
    TRY(check_room_ahead(service_, request));
    asked.options.pipeline = asked.corrects->pipeline;
    return take(std::move(asked));
  }

 private:
  Result<std::unique_ptr<RequestSink>> take(FileRequest asked) {
    const std::string type = header_value(asked.request.headers.get("Content-Type"));
    if (type == "multipart/form-data") return open_form_upload(service_, rules_, std::move(asked));
    return open_raw_upload(service_, rules_, std::move(asked));
  }

  Service& service_;
  const UploadRules rules_;
};

}  // namespace

void add_upload_routes(Routes& routes, Service& service, const UploadRules& rules) {
  auto uploads = std::make_shared<UploadRoutes>(service, rules);
  auto sink = [&](const char* pattern, const char* operation, auto method) {
    Route route;
    route.method = "POST";
    route.pattern = pattern;
    route.permission = Permission::submit;
    route.sink = [uploads, method](const Request& request) { return (uploads.get()->*method)(request); };
    route.operation = operation;
    routes.add(std::move(route));
  };
  sink("/upload", "uploadForm", &UploadRoutes::form);
  sink("/v1/pipelines/{p}/jobs", "uploadFile", &UploadRoutes::file);
  sink("/v1/jobs/{id}/resubmit", "resubmitReport", &UploadRoutes::report);
  add_tus_routes(routes, service, rules);
}

}  // namespace sluice
