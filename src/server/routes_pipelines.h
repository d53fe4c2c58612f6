// /v1/pipelines: the pipelines of a tenant, and trying one out. Handlers run on pool threads.
#pragma once

#include "server/api.h"

namespace sluice {

void add_pipeline_routes(Routes& routes, Api& api);
void add_stored_row_routes(Routes& routes, Api& api);  // routes_stored_rows.cpp: rows, and their export
void add_batch_routes(Routes& routes, Api& api);       // routes_batches.cpp: rows posted as JSON

}  // namespace sluice
