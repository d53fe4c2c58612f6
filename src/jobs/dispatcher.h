// Dispatcher: puts what the store says is due into the queue: new jobs, the splits of a planned one, what
// waited for its time, and what was lost between store and queue. Every node has one; the store sees to it
// that each split is queued once.
#pragma once

#include "jobs/service.h"
#include "jobs/ticking.h"

namespace sluice {

// Puts what is due now into the queue. True: there may be more.
Result<bool> dispatch_due(Service& service);

// For a node that starts beside the store's own queue: a process that was killed may have taken splits for
// the queue and never put them in. Those that are in it are there twice then, which costs a look each.
void queue_again_what_was_queued(Service& service);

class Dispatcher {
 public:
  explicit Dispatcher(Service& service);
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Something may be due. From any thread; does not wait.
  void wake() { ticking_.wake(); }

 private:
  Ticking ticking_;
};

}  // namespace sluice
