// EventPublisher: puts every event of the log into a queue of other programs, in order, at least once. Every
// node has one; the store sees to it that one at a time publishes.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "jobs/service.h"
#include "jobs/ticking.h"
#include "ports/event_sink.h"

namespace sluice {

class EventPublisher {
 public:
  EventPublisher(Service& service, EventSink& sink);
  ~EventPublisher();  // another node may go on at once
  EventPublisher(const EventPublisher&) = delete;
  EventPublisher& operator=(const EventPublisher&) = delete;

 private:
  Result<bool> publish(const std::stop_token& stop);
  Result<> publish_all(std::span<const Event> events);
  Result<bool> publish_from(std::uint64_t place, const std::stop_token& stop);

  Service& service_;
  EventSink& sink_;
  const std::string holder_;
  std::unique_ptr<Ticking> ticking_;
};

}  // namespace sluice
