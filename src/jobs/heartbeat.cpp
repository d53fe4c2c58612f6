#include "jobs/heartbeat.h"

#include <condition_variable>
#include <mutex>

namespace sluice {

Heartbeat::Heartbeat(JobStore& jobs, const Lease& lease, std::stop_token outer, std::function<void()> also)
    : forward_(outer, [this] { work_.request_stop(); }),
      thread_([this, &jobs, lease, also = std::move(also)](std::stop_token stop) {
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock(mutex);
        while (!wake.wait_for(lock, stop, kHeartbeatEvery, [] { return false; }) && !stop.stop_requested()) {
          Result<> beat = jobs.heartbeat(lease, kLeaseDuration);
          if (!beat && beat.error().kind == ErrorKind::conflict) work_.request_stop();
          if (also) also();
        }
      }) {}

}  // namespace sluice
