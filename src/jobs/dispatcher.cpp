#include "jobs/dispatcher.h"

#include <chrono>

#include "base/log.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kDispatchEvery = 500ms;  // for delays that are over, and what other nodes left
// A split that was queued so long ago and has no lease is queued once more. Queues keep what they were given,
// or say that they did not; this is for a crash between the store and the queue.
constexpr auto kLostAfter = 60s;
constexpr std::size_t kMostDispatched = 200;

QueueMessage message_of(const DueSplit& due) {
  return {due.job_id + "/" + std::to_string(due.split_number) + "/" + std::to_string(due.generation),
          due.tenant, due.job_id, due.split_number, due.priority};
}

// What the queue does not take because it is away waits here for the next time: the store knows it as queued.
Result<> send(Service& service, Unsent& unsent) {
  if (unsent.messages.empty()) return {};
  Result<> sent = service.queue.enqueue(unsent.messages);
  if (sent || !sent.error().retryable) unsent.messages.clear();
  return sent;
}

// What is due, to be sent. Of the splits that are queued, those that have been for so long count as lost.
// True: there may be more.
Result<bool> take(Service& service, Unsent& unsent, std::chrono::milliseconds lost_after) {
  const auto due = TRY(service.store.jobs().take_due(service.queued_per_tenant, kMostDispatched, lost_after));
  for (const DueSplit& split : due) unsent.messages.push_back(message_of(split));
  return due.size() == kMostDispatched;
}

// Everything that was queued before the loss.
Result<> take_lost(Service& service, Unsent& unsent) {
  auto age = [&] { return std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - *unsent.all_before); };
  while (TRY(take(service, unsent, age()))) {
  }
  unsent.all_before.reset();
  return {};
}

}  // namespace

Result<bool> dispatch_due(Service& service) {
  Unsent& unsent = *service.unsent;
  std::lock_guard lock(unsent.mutex);
  if (TRY(service.queue.is_new())) {
    log_info("the queue is new; what was in it is queued again", {});
    unsent.all_before = Clock::now();
  }
  if (unsent.all_before) TRY(take_lost(service, unsent));
  TRY(send(service, unsent));
  const bool more = TRY(take(service, unsent, kLostAfter));
  TRY(send(service, unsent));
  return more;
}

void queue_again_what_was_queued(Service& service) {
  Unsent& unsent = *service.unsent;
  std::lock_guard lock(unsent.mutex);
  unsent.all_before = Clock::now();
}

Dispatcher::Dispatcher(Service& service)
    : ticking_("dispatch", kDispatchEvery,
               [&service](const std::stop_token&) { return dispatch_due(service); }) {}

}  // namespace sluice
