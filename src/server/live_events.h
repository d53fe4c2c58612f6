// LiveEvents: the event log handed to clients that stay connected, over WebSocket or server-sent events. One
// thread reads the log; each client has a place in it and is sent what comes after, at its own pace: a slow
// client reads from the log later, and holds nobody up. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/event_log.h"

namespace sluice {

class LiveEvents {
 public:
  virtual ~LiveEvents() = default;
  // The next events for one client: whole CloudEvents as JSON with their numbers. May block on the store.
  virtual Result<std::vector<Event>> read(const EventFilter& filter, std::uint64_t after,
                                          std::size_t limit) = 0;
  // What this process knows of it: may be behind the log by a moment.
  virtual Result<std::uint64_t> newest() = 0;
  // What the log says of it. May block on the store.
  virtual Result<std::uint64_t> newest_in_log() = 0;
  // `wake` is called once, from any thread, when there is something after `after`; cancelled by dropping what
  // is returned: it does not run any more then. It must be quick and may not call LiveEvents.
  virtual std::shared_ptr<void> when_more(std::uint64_t after, std::function<void()> wake) = 0;
};

// Follows the log with a thread of its own until it is destroyed. `on_error` hears from that thread why the
// log cannot be read; it is tried again.
std::unique_ptr<LiveEvents> follow_events(EventLog& log, std::function<void(const Error&)> on_error);

// GET /v1/events, for the table of routes.
struct Route;
Route live_events_route();

}  // namespace sluice
