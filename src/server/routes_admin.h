// Who may come in, who did what, how the server is set, how it does. Handlers run on pool threads.
#pragma once

#include "server/api.h"

namespace sluice {

void add_key_routes(Routes& routes, Api& api);     // routes_keys.cpp: /v1/keys, /v1/me
void add_admin_routes(Routes& routes, Api& api);   // /v1/audit, /v1/config, /v1/stats
void add_health_routes(Routes& routes, Api& api);  // routes_health.cpp: /healthz, /readyz, /metrics
void add_docs_routes(Routes& routes);              // routes_docs.cpp: /openapi.json, /docs

}  // namespace sluice
