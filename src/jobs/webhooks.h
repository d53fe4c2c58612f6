// Webhooks: events on their way to those whom a pipeline names. The log is followed and each event that a
// job's webhooks want becomes a delivery, durable; deliveries are posted, tried again for about a day, and
// then kept as dead letters. At least once, in order per job and webhook. Every node has them; the store sees
// to it that an event becomes deliveries once, and that a delivery is in one pair of hands at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jobs/service.h"
#include "jobs/ticking.h"
#include "ports/http_sender.h"

namespace sluice {

inline constexpr std::uint32_t kWebhookAttempts = 10;
// Before the attempt after `attempts` that failed: 10 s, tripled each time, up to half of it taken off by
// `random` (0 to 1), and no sooner than the receiver asked for. Nine waits: 14 to 27 hours.
std::chrono::milliseconds webhook_delay(std::uint32_t attempts, std::chrono::seconds retry_after,
                                        double random);

// "t=1718098200,v1=HEX": HMAC-SHA256 of "1718098200." and the body.
std::string webhook_signature(std::string_view secret, std::int64_t unix_seconds, std::string_view body);

// What is done; thread-safe.
class Webhooks {
 public:
  Webhooks(Service& service, HttpSender& sender) : service_(service), sender_(sender) {}

  // Makes deliveries of the next events of the log. True: there may be more.
  Result<bool> make_deliveries();
  // One that is due, for as long as a post takes; none where nothing is.
  Result<std::optional<Delivery>> reserve();
  // Posts it and notes how that went, which is no error; `cancelled` where it was stopped.
  Result<> deliver(const Delivery& delivery, std::stop_token stop);

 private:
  struct Target;
  Result<std::vector<Delivery>> deliveries_of(const std::vector<Event>& events);
  static Result<Target> target_of(const Delivery& delivery, const std::string& plan);
  Result<> note(const Delivery& delivery, const Result<HttpAnswer>& answer);

  Service& service_;
  HttpSender& sender_;
};

// The threads that do it on a running node: one follows, some deliver.
class WebhookThreads {
 public:
  WebhookThreads(Service& service, HttpSender& sender);

 private:
  Result<bool> follow(std::stop_token stop);
  Result<bool> deliver(std::stop_token stop);

  Service& service_;
  Webhooks webhooks_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point nothing_until_{};  // guarded by mutex_: nothing was due
  std::vector<std::unique_ptr<Ticking>> couriers_;
  std::unique_ptr<Ticking> follower_;  // ends first: it wakes the couriers
};

}  // namespace sluice
