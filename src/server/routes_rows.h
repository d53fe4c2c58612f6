// /v1/jobs/{id}/rows and /errors: what became of each row, and why rows were rejected. Handlers run on pool
// threads.
#pragma once

#include "server/api.h"

namespace sluice {

void add_row_routes(Routes& routes, Api& api);

}  // namespace sluice
