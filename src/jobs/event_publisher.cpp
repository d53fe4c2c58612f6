#include "jobs/event_publisher.h"

#include "base/log.h"
#include "base/uuid.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPublishedAtOnce = 500;
// Of the place in the log: longer than publishing takes, and what a node that dies makes the others wait.
constexpr auto kPlaceHold = 20s;
constexpr auto kPublishEvery = 1s;
constexpr auto kWaitForMore = 5s;

}  // namespace

EventPublisher::EventPublisher(Service& service, EventSink& sink)
    : service_(service),
      sink_(sink),
      holder_(new_uuid()),
      ticking_(std::make_unique<Ticking>("events", kPublishEvery,
                                         [this](std::stop_token stop) { return publish(stop); })) {}

EventPublisher::~EventPublisher() {
  ticking_.reset();
  (void)service_.store.events().hold_place(sink_.name(), holder_, 0s);  // or it runs out
}

Result<bool> EventPublisher::publish(const std::stop_token& stop) {
  EventLog& log = service_.store.events();
  (void)TRY(log.number_new());
  const auto place = TRY(log.hold_place(sink_.name(), holder_, kPlaceHold));
  if (!place) return false;  // another node does it
  return publish_from(*place, stop);
}

Result<bool> EventPublisher::publish_from(std::uint64_t place, const std::stop_token& stop) {
  EventLog& log = service_.store.events();
  auto events = log.read({.every_tenant = true}, place, kPublishedAtOnce);
  if (!events && events.error().kind == ErrorKind::gone) {
    log_error("events", {{"error", "events after number " + std::to_string(place) +
                                       " were removed before they were published to " + sink_.name()}});
    events = log.read({.every_tenant = true}, 0, kPublishedAtOnce);  // from the oldest there is
  }
  if (!events) return std::unexpected(std::move(events).error());
  if (events->empty()) {
    TRY(log.wait_for_more(place, kWaitForMore, stop));
    return true;
  }
  TRY(sink_.publish(*events));
  TRY(log.move_place(sink_.name(), holder_, events->back().number));
  return true;
}

}  // namespace sluice
