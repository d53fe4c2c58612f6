#include "server/live_events.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <nlohmann/json.hpp>
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
    return log_.newest();  // the thread has not come to it yet
  }

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

// Bytes of a name that may not stand in a URI as they are.
std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (unsigned char c : text) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
        c == '.' || c == '~') {
      encoded += static_cast<char>(c);
    } else {
      encoded += '%';
      encoded += kDigits[c >> 4];
      encoded += kDigits[c & 15];
    }
  }
  return encoded;
}

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

std::string cloud_event_json(const Event& event) {
  using Json = nlohmann::ordered_json;
  Json json = {{"specversion", "1.0"},
               {"id", event.id},
               {"source", "/v1/pipelines/" + percent_encoded(event.pipeline)},
               {"type", event.type},
               {"subject", event.job_id},
               {"time", event.time},
               {"sequence", std::to_string(event.number)}};
  auto data = Json::parse(event.data, nullptr, false);
  if (!data.is_discarded()) {
    json["datacontenttype"] = "application/json";
    json["data"] = std::move(data);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice
