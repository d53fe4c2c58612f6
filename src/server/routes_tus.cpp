// The routes of resumable uploads, and what every answer of theirs has to say.
#include "server/tus_uploads.h"

namespace sluice {
namespace {

// Causes inside are left to the transport, which logs them.
bool is_told(const Error& error) { return problem_of(error).status < 500; }

bool has_no_body(const Request& request) {
  return request.content_length.value_or(0) == 0 && !request.headers.has("Transfer-Encoding");
}

Handler answering(std::function<Result<Response>(const Request&)> handler) {
  return [handler = std::move(handler)](const Request& request) -> Result<Response> {
    auto answered = handler(request);
    if (answered) return with_tus(*std::move(answered));
    if (!is_told(answered.error())) return answered;
    return with_tus(to_response(problem_of(answered.error()), request));
  };
}

// A refused request whose body is on its way is answered by the transport, which reads no further.
SinkHandler taking(std::function<Result<std::unique_ptr<RequestSink>>(const Request&)> handler) {
  return [handler = std::move(handler)](const Request& request) -> Result<std::unique_ptr<RequestSink>> {
    auto sink = handler(request);
    if (sink || !is_told(sink.error()) || !has_no_body(request)) return sink;
    return answer_without_body(with_tus(to_response(problem_of(sink.error()), request)));
  };
}

}  // namespace

void add_tus_routes(Routes& routes, Service& service, const UploadRules& rules) {
  auto uploads = std::make_shared<TusUploads>(service, rules);
  auto add = [&](const char* method, const char* pattern, Permission permission, const char* operation,
                 Handler handler, SinkHandler sink) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    route.permission = permission;
    route.handler = std::move(handler);
    route.sink = std::move(sink);
    route.operation = operation;
    routes.add(std::move(route));
  };
  auto handler = [&](auto method) {
    return answering([uploads, method](const Request& request) { return (uploads.get()->*method)(request); });
  };
  auto sink = [&](auto method) {
    return taking([uploads, method](const Request& request) { return (uploads.get()->*method)(request); });
  };
  constexpr const char *kAll = "/v1/uploads", *kOne = "/v1/uploads/{id}";
  add("OPTIONS", kAll, Permission::open, "describeUploads", handler(&TusUploads::options), nullptr);
  add("OPTIONS", kOne, Permission::open, "describeUpload", handler(&TusUploads::options), nullptr);
  add("POST", kAll, Permission::submit, "createUpload", nullptr, sink(&TusUploads::create));
  add("GET", kOne, Permission::submit, "getUpload", handler(&TusUploads::ask), nullptr);
  add("PATCH", kOne, Permission::submit, "continueUpload", nullptr, sink(&TusUploads::go_on));
  add("POST", kOne, Permission::submit, "overrideUpload", nullptr, sink(&TusUploads::overridden));
  add("DELETE", kOne, Permission::submit, "endUpload", handler(&TusUploads::end), nullptr);
}

}  // namespace sluice
