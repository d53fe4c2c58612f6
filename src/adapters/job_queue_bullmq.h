// JobQueue on Redis, as a queue of BullMQ's: a split is a job of it. Every node of a cluster names the same
// server and queue. Thread-safe.
#pragma once

#include <memory>

#include "adapters/redis_url.h"
#include "ports/job_queue.h"

namespace sluice {

// `url`: where the splits are; its queue is the one that people know, and they are in "QUEUE-splits" beside
// it. `patience`: for one answer of the server.
Result<std::unique_ptr<JobQueue>> open_bullmq_queue(const RedisUrl& url, std::chrono::milliseconds patience);

}  // namespace sluice
