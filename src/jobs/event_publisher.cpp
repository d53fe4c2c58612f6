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

// An event that the sink will never take must not keep all others from it.
Result<> EventPublisher::publish_all(std::span<const Event> events) {
  auto published = sink_.publish(events);
  if (published || published.error().retryable) return published;
  for (const Event& event : events) {
    auto one = sink_.publish(std::span(&event, 1));
    if (!one && one.error().retryable) return one;
    if (!one)
      log_error("events", {{"job", event.job_id},
                           {"error", sink_.name() + " does not take event " + std::to_string(event.number) +
                                         ", which is passed over: " + one.error().message}});
  }
  return {};
}

Result<bool> EventPublisher::publish_from(std::uint64_t place, const std::stop_token& stop) {
  EventLog& log = service_.store.events();
  const std::uint64_t newest = TRY(log.newest());
  auto events = log.read({.every_tenant = true}, place, kPublishedAtOnce);
  if (!events && events.error().kind == ErrorKind::gone) {
    log_error("events", {{"error", "events after number " + std::to_string(place) +
                                       " were removed before they were published to " + sink_.name()}});
    events = log.read({.every_tenant = true}, 0, kPublishedAtOnce);  // from the oldest there is
    if (events && events->empty()) TRY(log.move_place(sink_.name(), holder_, newest));
  }
  if (!events) return std::unexpected(std::move(events).error());
  if (events->empty()) {
    TRY(log.wait_for_more(place, kWaitForMore, stop));
    return true;
  }
  TRY(publish_all(*events));
  TRY(log.move_place(sink_.name(), holder_, events->back().number));
  return true;
}

}  // namespace sluice
