#include "adapters/job_queue_bullmq.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adapters/bullmq_queue.h"
#include "base/clock.h"
#include "base/uuid.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr std::string_view kJobName = "split";
constexpr std::string_view kOptions = R"({"attempts":1,"removeOnComplete":true})";
// Reservations that have run out are looked for so often; BullMQ looks twice before it believes it.
constexpr milliseconds kStalledInterval{1000};

// BullMQ's priorities: 1 to 2^21, the lowest first; one in the middle is ours of 0.
constexpr std::int32_t kMiddle = 1 << 20;
std::uint32_t bullmq_priority(std::int32_t ours) {
  return static_cast<std::uint32_t>(kMiddle - std::clamp(ours, -kMiddle, kMiddle - 1));
}

class BullmqJobQueue final : public JobQueue {
 public:
  explicit BullmqJobQueue(std::unique_ptr<BullmqQueue> queue) : queue_(std::move(queue)) {}

  Result<> enqueue(std::span<const QueueMessage> messages) override {
    std::vector<BullmqNewJob> jobs;
    for (const QueueMessage& message : messages) {
      const Json data{{"tenant", message.tenant},
                      {"jobId", message.job_id},
                      {"split", message.split_number},
                      {"priority", message.priority}};
      jobs.push_back({.id = message.id,
                      .name = std::string(kJobName),
                      .data = data.dump(),
                      .priority = bullmq_priority(message.priority),
                      .options = std::string(kOptions)});
    }
    (void)TRY(queue_->add(jobs));
    return {};
  }

  Result<std::optional<Reservation>> reserve(const std::string& worker, milliseconds hold, milliseconds wait,
                                             std::stop_token stop) override {
    const auto until = Clock::now() + wait;
    const std::string token = new_uuid();
    while (const auto job = TRY(queue_->next(token, worker, hold, kStalledInterval, until, stop))) {
      if (auto message = message_of(*job)) return Reservation{*std::move(message), token};
      (void)TRY(queue_->complete(*job, token));  // nothing that this program has put there
    }
    return std::nullopt;
  }

  Result<> extend(const Reservation& reservation, milliseconds hold) override {
    if (TRY(queue_->extend_lock(reservation.message.id, reservation.token, hold))) return {};
    return fail(
        ErrorKind::conflict,
        "the queue's message " + reservation.message.id +
            " is another worker's now, or gone: the reservation had run out, or the job was cancelled.");
  }

  Result<> complete(const Reservation& reservation) override {
    (void)TRY(queue_->complete(job_of(reservation), reservation.token));
    return {};
  }

  Result<> put_back(const Reservation& reservation, milliseconds delay) override {
    (void)TRY(queue_->put_back(reservation.message.id, reservation.token, delay));
    return {};
  }

  Result<> give_back_of(const std::function<bool(const std::string& worker)>& is_dead) override {
    return queue_->give_back_of(is_dead);
  }

  Result<> withdraw(const std::string& job_id) override { return queue_->remove_all(job_id + "/"); }

  Result<bool> is_new() override { return queue_->is_new(); }

  Result<> pause() override { return queue_->pause(true); }
  Result<> resume() override { return queue_->pause(false); }

  Result<QueueHealth> health() override {
    TRY(queue_->recover_stalled(kStalledInterval));
    return queue_->health();
  }

 private:
  // As much of it as finishing it takes.
  static BullmqJob job_of(const Reservation& reservation) {
    return {
        .id = reservation.message.id, .name = {}, .data = {}, .fields = {{"opts", std::string(kOptions)}}};
  }
  static std::optional<QueueMessage> message_of(const BullmqJob& job) {
    const Json data = Json::parse(job.data, nullptr, false);
    if (!data.is_object()) return std::nullopt;
    const auto tenant = data.find("tenant"), job_id = data.find("jobId"), split = data.find("split"),
               priority = data.find("priority");
    if (tenant == data.end() || !tenant->is_string() || job_id == data.end() || !job_id->is_string() ||
        split == data.end() || !split->is_number_unsigned() || priority == data.end() ||
        !priority->is_number_integer())
      return std::nullopt;
    return QueueMessage{
        .id = job.id, .tenant = *tenant, .job_id = *job_id, .split_number = *split, .priority = *priority};
  }

  std::unique_ptr<BullmqQueue> queue_;
};

}  // namespace

Result<std::unique_ptr<JobQueue>> open_bullmq_queue(const RedisUrl& url, milliseconds patience) {
  auto queue = TRY(BullmqQueue::open(url, url.queue + "-splits", patience));
  return std::unique_ptr<JobQueue>(std::make_unique<BullmqJobQueue>(std::move(queue)));
}

}  // namespace sluice
