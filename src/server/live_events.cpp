#include "server/live_events.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "server/routes.h"

namespace sluice {

namespace {

// The log is looked at so often even where nothing wakes this thread.
constexpr auto kLookAgain = std::chrono::seconds(5);
constexpr auto kAfterError = std::chrono::seconds(1);

class LogFollower final : public LiveEvents {
 public:
  LogFollower(EventLog& log, std::function<void(const Error&)> on_error)
      : log_(log), on_error_(std::move(on_error)), thread_([this](std::stop_token stop) { follow(stop); }) {}

  Result<std::vector<Event>> read(const EventFilter& filter, std::uint64_t after,
                                  std::size_t limit) override {
    return log_.read(filter, after, limit);
  }

  Result<std::uint64_t> newest() override {
    {
      std::lock_guard lock(waiters_->mutex);
      if (waiters_->known) return waiters_->newest;
    }
    return newest_in_log();  // the thread has not come to it yet
  }

  Result<std::uint64_t> newest_in_log() override { return log_.newest(); }

  std::shared_ptr<void> when_more(std::uint64_t after, std::function<void()> wake) override {
    std::lock_guard lock(waiters_->mutex);
    if (waiters_->newest > after) {
      wake();
      return nullptr;
    }
    auto place = waiters_->list.insert(waiters_->list.end(), Waiter{after, std::move(wake)});
    // Dropped while wake() runs, it waits for its end: wake() runs under the mutex.
    return {nullptr, [waiters = waiters_, place](void*) {
              std::lock_guard drop_lock(waiters->mutex);
              waiters->list.erase(place);
            }};
  }

 private:
  struct Waiter {
    std::uint64_t after;
    std::function<void()> wake;  // empty once it has run
  };
  struct Waiters {
    std::mutex mutex;
    std::list<Waiter> list;    // under mutex
    std::uint64_t newest = 0;  // under mutex
    bool known = false;        // under mutex
  };

  void follow(const std::stop_token& stop) {
    std::uint64_t seen = 0;
    while (!stop.stop_requested()) {
      auto looked = look(seen);
      if (looked) {
        seen = *looked;
        looked = wait(seen, stop);
      }
      if (looked || stop.stop_requested()) continue;
      if (on_error_) on_error_(looked.error());
      std::unique_lock lock(pause_mutex_);
      pause_.wait_for(lock, stop, kAfterError, [] { return false; });
    }
  }

  Result<std::uint64_t> look(std::uint64_t seen) {
    while (TRY(log_.number_new())) {
    }
    std::uint64_t newest = TRY(log_.newest());
    std::lock_guard lock(waiters_->mutex);
    waiters_->known = true;
    waiters_->newest = std::max(seen, newest);
    for (Waiter& waiter : waiters_->list) {
      if (waiter.wake && waiter.after < waiters_->newest) std::exchange(waiter.wake, nullptr)();
    }
    return waiters_->newest;
  }

  Result<std::uint64_t> wait(std::uint64_t seen, const std::stop_token& stop) {
    TRY(log_.wait_for_more(seen, kLookAgain, stop));
    return seen;
  }

  EventLog& log_;
  std::function<void(const Error&)> on_error_;
  std::shared_ptr<Waiters> waiters_ = std::make_shared<Waiters>();
  std::mutex pause_mutex_;
  std::condition_variable_any pause_;
  std::jthread thread_;  // the last: it uses the others
};

}  // namespace

std::unique_ptr<LiveEvents> follow_events(EventLog& log, std::function<void(const Error&)> on_error) {
  return std::make_unique<LogFollower>(log, std::move(on_error));
}

Route live_events_route() {
  return {.method = "GET",
          .pattern = "/v1/events",
          .permission = Permission::read,
          .handler = nullptr,
          .sink = nullptr,
          .operation = "streamEvents"};
}

}  // namespace sluice
