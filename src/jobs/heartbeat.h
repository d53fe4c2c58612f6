// Heartbeat: keeps a lease alive from a thread of its own while a split is worked on, and stops the work when
// the lease is lost.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "ports/store.h"

namespace sluice {

inline constexpr std::chrono::seconds kLeaseDuration{30};
inline constexpr std::chrono::seconds kHeartbeatEvery{10};  // two may be lost before the lease is

class Heartbeat {
 public:
  // `also`, if given, is done with every beat: the queue's reservation is extended, too.
  Heartbeat(JobStore& jobs, const Lease& lease, std::stop_token outer, std::function<void()> also = {});

  // Stops with `outer`, when the lease is lost, and when it is asked to.
  std::stop_token token() const { return work_.get_token(); }
  void stop_work() { work_.request_stop(); }

 private:
  std::stop_source work_;
  std::stop_callback<std::function<void()>> forward_;
  std::jthread thread_;
};

}  // namespace sluice
