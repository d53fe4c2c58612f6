// Is it alive, is it ready, how does it do: for whoever runs the server. Causes are in the log only: these
// answers are for everybody.
#include <memory>

#include "base/log.h"
#include "server/api_json.h"
#include "server/asked.h"
#include "server/readiness.h"
#include "server/routes_admin.h"

namespace sluice {
namespace {

// Cheap, and asks nobody: a database that is away is no reason to start the process anew.
Result<Response> alive(const Request&) { return json_answer(200, {{"status", "ok"}}); }

// Whoever watches the node asks every few seconds, and takes no answer for a bad one.
constexpr std::chrono::milliseconds kReadyPatience{4'000};

std::shared_ptr<Readiness> readiness_of(Service& service) {
  std::vector<Dependency> dependencies = {
      {"store", [&service] { return service.store.ready(); }},
      {"queue",
       [&service]() -> Result<> {
         TRY(service.queue.health());
         return {};
       }},
      {"blobs",
       [&service]() -> Result<> {
         TRY(service.blobs.space_left());
         auto asked = service.blobs.stat("ready");  // which is not there; that it says so is the answer
         if (!asked && asked.error().kind != ErrorKind::not_found)
           return std::unexpected(std::move(asked).error());
         return {};
       }},
  };
  return std::make_shared<Readiness>(std::move(dependencies), kReadyPatience);
}

Result<Response> ready(Readiness& readiness) {
  Json dependencies = Json::array();
  bool all = true;
  for (const auto& [name, said] : readiness.ask()) {
    if (!said) log_warning("not ready", {{"dependency", name}, {"error", said.error().message}});
    all = all && said;
    dependencies.push_back({{"name", name}, {"status", said ? "ok" : "failing"}});
  }
  Response response = json_answer(
      all ? 200 : 503, {{"status", all ? "ready" : "not-ready"}, {"dependencies", std::move(dependencies)}});
  if (!all) response.headers.add("Retry-After", "5");
  return response;
}

Result<Response> metrics(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  Response response;
  response.body = TRY(api.metrics.text(api.service.queue, api.service.store.statistics()));
  response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

}  // namespace

void add_health_routes(Routes& routes, Api& api) {
  using enum Permission;
  routes.add({"GET", "/healthz", open, alive, {}, "getHealth", {}});
  routes.add({"GET",
              "/readyz",
              open,
              [readiness = readiness_of(api.service)](const Request&) { return ready(*readiness); },
              {},
              "getReadiness",
              {}});
  routes.add({"GET",
              "/metrics",
              read,
              [&api](const Request& request) { return metrics(api, request); },
              {},
              "getMetrics",
              {}});
}

}  // namespace sluice
