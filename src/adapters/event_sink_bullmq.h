// EventSink on Redis: each event is a job of a BullMQ queue, named by its type, its data the CloudEvent, its
// id the event's. Thread-safe.
#pragma once

#include <memory>

#include "adapters/redis_url.h"
#include "ports/event_sink.h"

namespace sluice {

Result<std::unique_ptr<EventSink>> open_bullmq_event_sink(const RedisUrl& url,
                                                          std::chrono::milliseconds patience);

}  // namespace sluice
