#include "adapters/intake_bullmq.h"

#include <map>
#include <mutex>

#include "adapters/bullmq_queue.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/uuid.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kIntakeStalledInterval{5000};
// What was done is kept for those who look; what failed until it is tried again or removed.
constexpr BullmqFinished kFinished{.completed = {.count = 10'000, .age = std::chrono::hours(24 * 7)},
                                   .failed = {},
                                   .metric_minutes = 60 * 24 * 14};

// In a job's hash: at which of its attempts a job of ours was begun for it.
constexpr const char* kOpenedAt = "sluice:opened";

class BullmqIntake final : public Intake {
 public:
  BullmqIntake(std::unique_ptr<BullmqQueue> queue, std::string worker, BullmqCron cron)
      : queue_(std::move(queue)), worker_(std::move(worker)), cron_(cron) {}

  Result<std::optional<IntakeRequest>> take(milliseconds hold, milliseconds wait,
                                            std::stop_token stop) override {
    const auto until = Clock::now() + wait;
    (void)TRY(queue_->is_new());  // a server that has lost everything is told again whose the queue is
    const std::string token = new_uuid();
    while (auto job = TRY(queue_->next(token, worker_, hold, kIntakeStalledInterval, until, stop)))
      if (TRY(goes_on(*job, token))) return kept(*std::move(job), token);
    return std::nullopt;
  }

  Result<bool> extend(const IntakeRequest& request, milliseconds hold) override {
    const bool is_ours = TRY(queue_->extend_lock(request.id, request.token, hold));
    if (!is_ours) forget(request);
    return is_ours;
  }
  Result<> opened(const IntakeRequest& request) override {
    return queue_->note(request.id, kOpenedAt, attempts_of(job_of(request)));
  }
  Result<> set_progress(const IntakeRequest& request, const std::string& json) override {
    return queue_->set_progress(job_of(request), json);
  }
  Result<> log(const IntakeRequest& request, const std::string& line) override {
    return queue_->log(job_of(request), line);
  }

  Result<> complete(const IntakeRequest& request, const std::string& json) override {
    (void)TRY(queue_->complete(job_of(request), request.token, json));
    forget(request);
    return {};
  }
  Result<> fail_attempt(const IntakeRequest& request, const std::string& reason, Again again) override {
    const auto last = again == Again::yes ? BullmqQueue::LastTry::no : BullmqQueue::LastTry::yes;
    (void)TRY(queue_->fail_attempt(job_of(request), request.token, reason, last));
    forget(request);
    return queue_->note(request.id, kOpenedAt, "");
  }
  Result<> hand_back(const IntakeRequest& request) override {
    forget(request);
    return queue_->give_back({.id = request.id, .worker = worker_, .token = request.token});
  }
  Result<> give_back_of(const std::function<bool(const std::string& taker)>& is_dead) override {
    return queue_->give_back_of(is_dead);
  }

 private:
  // Attempts that were answered.
  static std::string attempts_of(const BullmqJob& job) {
    const std::string made = job.field("atm");
    return made.empty() ? "0" : made;
  }
  // False: it has ended already.
  Result<bool> goes_on(const BullmqJob& job, const std::string& token) {
    // A worker of BullMQ's own has found it stalled too often; who takes it has to let it fail.
    if (const std::string given_up = job.field("defa"); !given_up.empty()) {
      (void)TRY(queue_->fail_attempt(job, token, given_up, BullmqQueue::LastTry::yes));
      return false;
    }
    if (auto next = queue_->schedule_next(job, cron_); !next) {
      if (next.error().kind != ErrorKind::usage) return std::unexpected(std::move(next).error());
      const std::string why = "its scheduler makes no further job: " + next.error().message;
      log_error("intake", {{"queue", queue_->name()}, {"queue_job", job.id}, {"error", why}});
      TRY(queue_->log(job, why));
    }
    return true;
  }

  IntakeRequest kept(BullmqJob job, const std::string& token) {
    // Numbers begin again where a queue was removed, and what a job says may be changed before it is tried
    // again: such a job is another one.
    IntakeRequest request{.id = job.id,
                          .token = token,
                          .key = "bullmq:" + queue_->name() + ":" + job.field("timestamp") + ":" +
                                 to_hex(Sha256().of(job.id + " " + job.data)),
                          .body = std::move(job.data),
                          .is_new_attempt = job.field(kOpenedAt) != attempts_of(job)};
    job.fields.erase("data");
    std::lock_guard lock(mutex_);
    jobs_[token] = std::move(job);
    return request;
  }
  BullmqJob job_of(const IntakeRequest& request) {
    std::lock_guard lock(mutex_);
    const auto found = jobs_.find(request.token);
    return found == jobs_.end() ? BullmqJob{.id = request.id, .name = {}, .data = {}, .fields = {}}
                                : found->second;
  }
  void forget(const IntakeRequest& request) {
    std::lock_guard lock(mutex_);
    jobs_.erase(request.token);
  }

  const std::unique_ptr<BullmqQueue> queue_;
  const std::string worker_;
  const BullmqCron cron_;
  std::mutex mutex_;
  std::map<std::string, BullmqJob> jobs_;  // what is reserved, by token; guarded by mutex_
};

}  // namespace

Result<std::unique_ptr<Intake>> open_bullmq_intake(const RedisUrl& url, milliseconds patience,
                                                   const std::string& worker, BullmqCron cron) {
  auto queue = TRY(BullmqQueue::open(url, url.queue, patience, kFinished));
  return std::unique_ptr<Intake>(std::make_unique<BullmqIntake>(std::move(queue), worker, cron));
}

std::function<Result<QueueHealth>()> bullmq_intake_health(const RedisUrl& url, milliseconds patience) {
  std::shared_ptr<BullmqQueue> queue = BullmqQueue::to_look_at(url, url.queue, patience);
  return [queue] { return queue->health(); };
}

}  // namespace sluice
