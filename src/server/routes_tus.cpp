// The routes of resumable uploads, and what every answer of theirs has to say.
#include "server/tus_uploads.h"

namespace sluice {

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
    route.every_answer = with_tus;
    routes.add(std::move(route));
  };
  auto handler = [&](auto method) {
    return [uploads, method](const Request& request) { return (uploads.get()->*method)(request); };
  };
  const auto& sink = handler;
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
