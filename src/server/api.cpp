#include "server/api.h"

#include "server/live_events.h"
#include "server/routes_admin.h"
#include "server/routes_aggregates.h"
#include "server/routes_jobs.h"
#include "server/routes_pipelines.h"
#include "server/routes_queues.h"
#include "server/routes_rows.h"
#include "server/routes_schedules.h"
#include "server/routes_states.h"
#include "server/routes_uploads.h"

namespace sluice {

Routes api_routes(Api& api) {
  Routes routes;
  add_upload_routes(routes, api.service, {.blobs_url = api.blobs_url, .most_bytes = api.upload_bytes});
  add_batch_routes(routes, api);
  add_job_routes(routes, api);
  add_row_routes(routes, api);
  add_pipeline_routes(routes, api);
  add_stored_row_routes(routes, api);
  add_aggregate_routes(routes, api);
  add_state_routes(routes, api);
  add_queue_routes(routes, api);
  add_schedule_routes(routes, api);
  routes.add(live_events_route());
  add_admin_routes(routes, api);
  add_key_routes(routes, api);
  add_health_routes(routes, api);
  add_docs_routes(routes);
  return routes;
}

Routes health_routes(Api& api) {
  Routes routes;
  add_health_routes(routes, api);
  return routes;
}

}  // namespace sluice
