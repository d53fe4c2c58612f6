// Ticking: a thread that does one thing again and again: at once while there is more to do, else after a
// while, or when it is woken; then it rests for twice as long as it took. What it does is a function of its
// owner's, so that a test calls that itself.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "base/result.h"

namespace sluice {

class Ticking {
 public:
  // True: there may be more. An error is logged under `name`, and counts as "no more for now".
  using Tick = std::function<Result<bool>(std::stop_token stop)>;
  Ticking(std::string name, std::chrono::milliseconds every, Tick tick);
  ~Ticking();  // waits for the end of a tick, which has been asked to stop
  Ticking(const Ticking&) = delete;
  Ticking& operator=(const Ticking&) = delete;

  void wake();  // from any thread; does not wait

 private:
  void run(std::stop_token stop);
  Result<bool> tick(const std::stop_token& stop) const;

  const std::string name_;
  const std::chrono::milliseconds every_;
  const Tick tick_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace sluice
