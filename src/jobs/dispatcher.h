// Dispatcher: puts what the store says is due into the queue: new jobs, the splits of a planned one, what
// waited for its time, and what was lost between store and queue. Every node has one; the store sees to it
// that each split is queued once.
#pragma once

#include "jobs/service.h"
#include "jobs/ticking.h"

namespace sluice {

// Puts what is due now into the queue. True: there may be more.
Result<bool> dispatch_due(Service& service);

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
