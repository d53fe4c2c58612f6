#include "jobs/dispatcher.h"

#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr auto kDispatchEvery = 500ms;  // for delays that are over, and what other nodes left
// A split that was queued so long ago and has no lease is queued once more. Queues keep what they were given;
// this is for a crash between the store and the queue.
constexpr auto kLostAfter = 60s;
constexpr std::size_t kMostDispatched = 200;

QueueMessage message_of(const DueSplit& due) {
  return {due.job_id + "/" + std::to_string(due.split_number) + "/" + std::to_string(due.generation),
          due.tenant, due.job_id, due.split_number, due.priority};
}

}  // namespace

Result<bool> dispatch_due(Service& service) {
  auto due = TRY(service.store.jobs().take_due(service.queued_per_tenant, kMostDispatched, kLostAfter));
  if (due.empty()) return false;
  std::vector<QueueMessage> messages;
  for (const DueSplit& split : due) messages.push_back(message_of(split));
  TRY(service.queue.enqueue(messages));
  return due.size() == kMostDispatched;
}

Dispatcher::Dispatcher(Service& service)
    : ticking_("dispatch", kDispatchEvery,
               [&service](const std::stop_token&) { return dispatch_due(service); }) {}

}  // namespace sluice
