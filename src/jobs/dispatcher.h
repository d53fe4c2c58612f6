// Dispatcher: puts what the store says is due into the queue: new jobs, the splits of a planned one, what
// waited for its time, and what was lost between store and queue. Every node has one; the store sees to it
// that each split is queued once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "jobs/service.h"

namespace sluice {

class Dispatcher {
 public:
  explicit Dispatcher(Service& service);
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Something may be due. From any thread; does not wait.
  void wake();

 private:
  void run(std::stop_token stop);
  Result<bool> dispatch();  // true: there may be more

  Service& service_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = true;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace sluice
