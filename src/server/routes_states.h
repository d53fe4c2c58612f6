// /states: counts by name, as a service of its own that needs no configuration. It is a pipeline `states`,
// made by the first who posts, and its aggregate `states` (docs/states.md). Any thread.
#pragma once

#include "server/api.h"

namespace sluice {

void add_state_routes(Routes& routes, Api& api);

}  // namespace sluice
