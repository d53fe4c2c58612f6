// EventSink: a queue of other programs, to which every event is published (contract, section 9). Thread-safe.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "ports/event_log.h"

namespace sluice {

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual std::string name() const = 0;  // of the place; the same in every process
  // In this order, durable when it returns; an event that is published once more is there once where the sink
  // can tell. Unavailable where too many lie there that nobody has taken.
  virtual Result<> publish(std::span<const Event> events) = 0;
};

}  // namespace sluice
