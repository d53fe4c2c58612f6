#include "jobs/webhooks.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <random>

#include "base/hmac.h"
#include "base/log.h"
#include "pipeline/secrets.h"
#include "pipeline/webhook_spec.h"
#include "ports/cloud_event.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kEventsAtOnce = 500;
constexpr auto kDeliveryHold = 60s;  // of a delivery; longer than any post takes
constexpr auto kFirstDelay = 10s;
constexpr auto kLongestWait = std::chrono::hours(24);  // that a receiver may ask for
constexpr unsigned kCouriers = 4;  // posts at once: a slow receiver keeps one of them busy
constexpr auto kDeliverEvery = 1s;
constexpr auto kWaitForEvents = 5s;
constexpr std::size_t kErrorBytes = 500;

double random_share() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

bool wants(const WebhookSpec& webhook, const std::string& type) {
  return std::ranges::find(webhook.events, type) != webhook.events.end();
}

}  // namespace

std::chrono::milliseconds webhook_delay(std::uint32_t attempts, std::chrono::seconds retry_after,
                                        double random) {
  std::chrono::milliseconds delay = kFirstDelay;
  for (std::uint32_t i = 1; i < std::min(attempts, kWebhookAttempts); ++i) delay *= 3;
  delay -=
      std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(delay.count()) * random / 2));
  const auto asked = std::clamp<std::chrono::seconds>(retry_after, 0s, kLongestWait);
  return std::max<std::chrono::milliseconds>(delay, asked);
}

std::string webhook_signature(std::string_view secret, std::int64_t unix_seconds, std::string_view body) {
  const std::string time = std::to_string(unix_seconds);
  return "t=" + time + ",v1=" + to_hex(hmac_sha256(secret, time + "." + std::string(body)));
}

// ---------------------------------------------------------------- events → deliveries

Result<std::vector<Delivery>> Webhooks::deliveries_of(const std::vector<Event>& events) {
  std::map<std::string, std::vector<WebhookSpec>> webhooks;  // by job; most have none
  std::vector<Delivery> deliveries;
  for (const Event& event : events) {
    auto known = webhooks.find(event.job_id);
    if (known == webhooks.end()) {
      Result<Job> job = service_.store.jobs().get(event.job_id);
      if (!job && job.error().kind != ErrorKind::not_found) return std::unexpected(std::move(job).error());
      known = webhooks.emplace(event.job_id, job ? webhooks_in_plan(job->plan) : std::vector<WebhookSpec>())
                  .first;
    }
    for (std::size_t i = 0; i < known->second.size(); ++i)
      if (wants(known->second[i], event.type))
        deliveries.push_back({.tenant = event.tenant,
                              .job_id = event.job_id,
                              .url = known->second[i].url,
                              .webhook_number = static_cast<std::uint32_t>(i),
                              .event_number = event.number,
                              .event = cloud_event_json(event)});
  }
  return deliveries;
}

Result<bool> Webhooks::make_deliveries() {
  EventLog& log = service_.store.events();
  DeliveryStore& store = service_.store.deliveries();
  (void)TRY(log.number_new());
  const std::uint64_t from = TRY(store.made_until());
  auto events = log.read({.every_tenant = true}, from, kEventsAtOnce);
  if (!events && events.error().kind == ErrorKind::gone) {
    // No node ran for as long as events are kept.
    const std::uint64_t newest = TRY(log.newest());
    log_error("webhooks", {{"error", "events after number " + std::to_string(from) +
                                         " were removed before their webhooks were sent"}});
    (void)TRY(store.add_from(from, newest, {}));
    return true;
  }
  if (!events) return std::unexpected(std::move(events).error());
  if (events->empty()) return false;
  const auto deliveries = TRY(deliveries_of(*events));
  (void)TRY(store.add_from(from, events->back().number, deliveries));  // or another node has
  return true;
}

// ---------------------------------------------------------------- deliveries → receivers

// Where one goes, secrets replaced: on its way only, never stored or logged.
struct Webhooks::Target {
  std::string url, secret;
};

Result<Webhooks::Target> Webhooks::target_of(const Delivery& delivery, const std::string& plan) {
  const auto webhooks = webhooks_in_plan(plan);
  if (delivery.webhook_number >= webhooks.size())
    return fail(ErrorKind::usage, "the job's plan has no such webhook any more.");
  const WebhookSpec& webhook = webhooks[delivery.webhook_number];
  auto replaced = [](const std::string& text, const char* what) -> Result<std::string> {
    auto value = replace_secrets(text);
    // Another node may have it, or this one after it was set.
    if (!value)
      return fail(ErrorKind::unavailable,
                  "this node lacks the webhook's " + std::string(what) + ": " + value.error().message, true);
    return value;
  };
  Target target{TRY(replaced(webhook.url, "url")), TRY(replaced(webhook.secret, "secret"))};
  if (!webhook.secret.empty() && target.secret.empty())
    return fail(ErrorKind::unavailable, "the webhook's secret " + webhook.secret + " is empty on this node.",
                true);
  return target;
}

Result<> Webhooks::note(const Delivery& delivery, const Result<HttpAnswer>& answer) {
  DeliveryStore& store = service_.store.deliveries();
  if (answer && answer->status >= 200 && answer->status < 300) return store.delivered(delivery.id);
  std::string error =
      answer ? "the receiver answered " + std::to_string(answer->status) + "." : answer.error().message;
  if (answer && answer->status >= 300 && answer->status < 400)
    error += " Redirections are not followed: put the final address into the pipeline.";
  while (error.size() > kErrorBytes || (!error.empty() && (error.back() & 0x80) != 0))
    error.pop_back();  // UTF-8
  const bool hopeless = answer ? answer->status == 410 : !answer.error().retryable;
  const std::uint32_t attempts = delivery.attempts + 1;
  log_warning("webhook not delivered", {{"job", delivery.job_id},
                                        {"delivery", std::to_string(delivery.id)},
                                        {"attempt", std::to_string(attempts)},
                                        {"error", error}});
  if (hopeless || attempts >= kWebhookAttempts) return store.give_up(delivery.id, error);
  const auto delay = webhook_delay(attempts, answer ? answer->retry_after : 0s, random_share());
  return store.try_again(delivery.id, delay, error);
}

Result<std::optional<Delivery>> Webhooks::reserve() {
  auto reserved = TRY(service_.store.deliveries().reserve(1, kDeliveryHold));
  if (reserved.empty()) return std::nullopt;
  return std::move(reserved.front());
}

Result<> Webhooks::deliver(const Delivery& delivery, std::stop_token stop) {
  const Result<Job> job = service_.store.jobs().get(delivery.job_id);
  if (!job && job.error().kind != ErrorKind::not_found) return std::unexpected(job.error());
  auto answer = [&]() -> Result<HttpAnswer> {
    if (!job)
      return fail(ErrorKind::usage, "the job was removed, and with it what this webhook is signed with.");
    const Target target = TRY(target_of(delivery, job->plan));
    HttpPost post{target.url,
                  {{"Content-Type", "application/cloudevents+json; charset=utf-8"},
                   {"Sluice-Delivery", std::to_string(delivery.id)}},
                  delivery.event};
    if (!target.secret.empty())
      post.headers.emplace_back("Sluice-Signature",
                                webhook_signature(target.secret, std::time(nullptr), post.body));
    return sender_.post(post, stop);
  }();
  // Stopped: the reservation runs out, and no attempt is counted.
  if (!answer && answer.error().kind == ErrorKind::cancelled)
    return std::unexpected(std::move(answer).error());
  return note(delivery, answer);
}

// ---------------------------------------------------------------- threads

WebhookThreads::WebhookThreads(Service& service, HttpSender& sender)
    : service_(service), webhooks_(service, sender) {
  for (unsigned i = 0; i < kCouriers; ++i)
    couriers_.push_back(std::make_unique<Ticking>("webhooks", kDeliverEvery,
                                                  [this](std::stop_token stop) { return deliver(stop); }));
  follower_ = std::make_unique<Ticking>("webhooks", kDeliverEvery,
                                        [this](std::stop_token stop) { return follow(stop); });
}

Result<bool> WebhookThreads::follow(std::stop_token stop) {
  if (TRY(webhooks_.make_deliveries())) {
    {
      std::lock_guard lock(mutex_);
      nothing_until_ = {};
    }
    for (auto& courier : couriers_) courier->wake();
    return true;
  }
  const std::uint64_t seen = TRY(service_.store.deliveries().made_until());
  TRY(service_.store.events().wait_for_more(seen, kWaitForEvents, stop));
  return true;
}

// All couriers together look once a second where nothing is due: each look takes the database's write lock.
Result<bool> WebhookThreads::deliver(std::stop_token stop) {
  std::optional<Delivery> delivery;
  {
    std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now < nothing_until_) return false;
    delivery = TRY(webhooks_.reserve());
    if (!delivery) nothing_until_ = now + kDeliverEvery;
  }
  if (!delivery) return false;
  TRY(webhooks_.deliver(*delivery, stop));
  return true;
}

}  // namespace sluice
