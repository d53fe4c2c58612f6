// /v1/queues: the queue's health, pausing it, and its dead letters: jobs that were given up. Handlers run on
// pool threads.
#pragma once

#include "server/api.h"

namespace sluice {

void add_queue_routes(Routes& routes, Api& api);

}  // namespace sluice
