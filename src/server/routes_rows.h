// /v1/jobs/{id}/rows, /plan and /errors: what became of each row, how its file is read, and why rows were
// rejected. Handlers run on pool threads.
#pragma once

#include "server/api.h"

namespace sluice {

void add_row_routes(Routes& routes, Api& api);

}  // namespace sluice
