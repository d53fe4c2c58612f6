// The table of routes: one line a route, with what a client needs to be allowed it. Looked at for every
// request, by the transport; documented in openapi.yaml, and a test holds the two together.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/http_message.h"
#include "server/permissions.h"

namespace sluice {

// Runs on a pool thread; may block on the store. Thread-safe.
using Handler = std::function<Result<Response>(const Request&)>;
// Decides by the head alone whether the body is wanted; the sink then takes it.
using SinkHandler = std::function<Result<std::unique_ptr<RequestSink>>(const Request&)>;

struct Route {
  std::string method;   // "GET"; GET answers HEAD, too
  std::string pattern;  // "/v1/jobs/{id}/rows/{n}"; a last segment "{name:rest}" takes slashes, too
  Permission permission = Permission::administer;
  Handler handler;        // one of the two; neither: live events, which the transport itself sends
  SinkHandler sink;       // takes a body of any size, up to the upload limit
  std::string operation;  // operationId of openapi.yaml, and the route's name in /metrics
  // What a flag in the query needs besides: {"rows", administer} where `?rows=true` deletes rows, too.
  std::vector<std::pair<std::string, Permission>> flags;
  // What every answer of the route has to say, a problem's too, wherever it was made; null: nothing.
  Response (*every_answer)(Response) = nullptr;
};

// What this request needs and the role does not allow; none where they may. The transport asks it once, after
// the query was decoded. A flag counts as set unless its value is "false".
std::optional<Permission> lacking(const Route& route, const Request& request, Role role);

class Routes {
 public:
  void add(Route route) { routes_.push_back(std::move(route)); }
  const std::vector<Route>& all() const { return routes_; }

  struct Match {
    const Route* route = nullptr;      // null: no such path, or not with this method
    std::vector<std::string> methods;  // of the path, where only the method is wrong: 405 with Allow
    std::map<std::string, std::string> parameters;
  };
  // The path as it was sent, without the query: a %2F stays inside its segment. Parameters are decoded. Words
  // win over parameters: "/states/batch" over "/states/{name}".
  Match find(std::string_view method, std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace sluice
