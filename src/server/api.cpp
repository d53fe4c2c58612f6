#include "server/api.h"

#include "server/live_events.h"
#include "server/routes_jobs.h"
#include "server/routes_pipelines.h"
#include "server/routes_rows.h"

namespace sluice {

Routes api_routes(Api& api) {
  Routes routes;
  add_job_routes(routes, api);
  add_row_routes(routes, api);
  add_pipeline_routes(routes, api);
  add_stored_row_routes(routes, api);
  routes.add(live_events_route());
  return routes;
}

}  // namespace sluice
