#include "adapters/job_queue_sqs.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>

#include "adapters/sqs_client.h"
#include "adapters/sqs_place.h"
#include "base/log.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// SQS has no pause: a tag of the queue says it, and every node looks at it so often.
constexpr const char* kPausedTag = "sluice:paused";
constexpr auto kPauseLooks = 3s;
constexpr seconds kLongestHold = 12h;  // SQS's own limit

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

seconds sqs_hold(milliseconds hold) {
  return std::clamp<seconds>(std::chrono::ceil<seconds>(hold), 0s, kLongestHold);
}

std::string text_of(const QueueMessage& message) {
  return nlohmann::json{{"id", message.id},
                        {"tenant", message.tenant},
                        {"jobId", message.job_id},
                        {"split", message.split_number},
                        {"priority", message.priority}}
      .dump();
}

std::optional<QueueMessage> message_in(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto id = json.find("id"), tenant = json.find("tenant"), job_id = json.find("jobId"),
             split = json.find("split"), priority = json.find("priority"), none = json.end();
  if (id == none || !id->is_string() || tenant == none || !tenant->is_string() || job_id == none ||
      !job_id->is_string() || split == none || !split->is_number_unsigned() || priority == none ||
      !priority->is_number_integer())
    return std::nullopt;
  return QueueMessage{
      .id = *id, .tenant = *tenant, .job_id = *job_id, .split_number = *split, .priority = *priority};
}

// An attribute that is a number.
std::uint64_t count_in(const SqsAttributes& attributes, const char* name) {
  const auto at = attributes.find(name);
  return at == attributes.end() ? 0 : std::strtoull(at->second.c_str(), nullptr, 10);
}

// Which messages are this process's, and until when: SQS itself may let a receiver whose time is over
// delete what another has.
class Receipts {
 public:
  void keep(const std::string& receipt, SteadyTime until) {
    std::lock_guard lock(mutex_);
    std::erase_if(until_, [now = steady_now()](const auto& one) { return one.second < now; });
    until_[receipt] = until;
  }
  bool is_kept(const std::string& receipt) {
    std::lock_guard lock(mutex_);
    const auto at = until_.find(receipt);
    return at != until_.end() && steady_now() < at->second;
  }
  bool take(const std::string& receipt) {
    std::lock_guard lock(mutex_);
    const auto kept = until_.extract(receipt);
    return !kept.empty() && steady_now() < kept.mapped();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, SteadyTime> until_;  // guarded by mutex_
};

class SqsJobQueue final : public JobQueue {
 public:
  SqsJobQueue(const SqsUrl& url, std::shared_ptr<AwsCredentials> credentials, const AwsPatience& patience)
      : url_(url), client_(url, std::move(credentials), patience), place_(client_, url) {}

  Result<> open() { return look_at_pause(); }

  Result<> enqueue(std::span<const QueueMessage> messages) override {
    std::vector<SqsOutgoing> sent;
    for (const QueueMessage& message : messages) {
      SqsOutgoing& one = sent.emplace_back(SqsOutgoing{.body = text_of(message)});
      if (!url_.is_fifo()) continue;
      // A group goes one after the other, so each split is its own: a job's splits are worked on at once.
      one.group = message.job_id + "/" + std::to_string(message.split_number);
      one.deduplication_id = message.id;
    }
    return place_.with([&](const SqsQueues& queues) { return client_.send(queues.url, sent); });
  }

  Result<std::optional<Reservation>> reserve(const std::string&, milliseconds hold, milliseconds wait,
                                             std::stop_token stop) override {
    const SteadyTime until = steady_now() + wait;
    const seconds held = std::max<seconds>(sqs_hold(hold), 1s);
    while (!stop.stop_requested()) {
      TRY(look_at_pause());
      const auto left = std::chrono::ceil<milliseconds>(until - steady_now());
      if (is_paused()) {
        if (left <= 0ms) break;
        wait_for_resume(std::min<milliseconds>(left, kPauseLooks), stop);
        continue;
      }
      // In whole seconds: what is less than half a one is not waited for at SQS.
      const seconds at_sqs = std::chrono::round<seconds>(std::max(left, 0ms));
      auto received = place_.with(
          [&](const SqsQueues& queues) { return client_.receive(queues.url, 1, held, at_sqs, stop); });
      if (!received && received.error().kind == ErrorKind::cancelled) break;
      if (!received) return std::unexpected(std::move(received).error());
      if (received->empty()) {
        if (at_sqs == 0s || steady_now() >= until) {
          wait_for_stop(until, stop);
          break;
        }
        continue;
      }
      if (auto reservation = TRY(reservation_of(received->front(), steady_now() + held))) return reservation;
    }
    return std::nullopt;
  }

  Result<> extend(const Reservation& reservation, milliseconds hold) override {
    const SteadyTime until = steady_now() + sqs_hold(hold);
    auto extended = !receipts_.is_kept(reservation.token)
                        ? fail(ErrorKind::conflict, "")
                        : change_visibility(reservation.token, sqs_hold(hold));
    if (extended) {
      receipts_.keep(reservation.token, until);
      return {};
    }
    if (extended.error().kind != ErrorKind::conflict) return extended;
    return fail(ErrorKind::conflict, "the queue's message " + reservation.message.id +
                                         " is another worker's now, or gone: the reservation had run out.");
  }

  Result<> complete(const Reservation& reservation) override {
    if (!receipts_.take(reservation.token)) return {};
    return place_.with([&](const SqsQueues& queues) {
      return client_.remove(queues.url, std::span(&reservation.token, 1));
    });
  }

  Result<> put_back(const Reservation& reservation, milliseconds delay) override {
    if (!receipts_.take(reservation.token)) return {};
    auto changed = change_visibility(reservation.token, sqs_hold(delay));
    if (!changed && changed.error().kind == ErrorKind::conflict) return {};
    return changed;
  }

  // SQS does not say who has a message: what the dead had comes again when its time is over.
  Result<> give_back_of(const std::function<bool(const std::string& worker)>&) override { return {}; }
  // Nor can one be taken out: a worker that gets it is told by the store that the job has ended.
  Result<> withdraw(const std::string&) override { return {}; }

  // One that had to be made is empty, whoever has made it before.
  Result<bool> is_new() override { return place_.was_made(); }

  Result<> pause() override {
    TRY(place_.with([&](const SqsQueues& queues) { return client_.tag(queues.url, kPausedTag, "true"); }));
    set_paused(true);
    return {};
  }

  Result<> resume() override {
    TRY(place_.with([&](const SqsQueues& queues) { return client_.untag(queues.url, kPausedTag); }));
    set_paused(false);
    // Whatever made them dead letters has been seen to.
    auto moved = place_.with([&](const SqsQueues& queues) -> Result<> {
      if (queues.dead_url.empty() || TRY(dead_letters(queues)) == 0) return {};
      return client_.move_back(queues.dead_arn);
    });
    if (!moved) log_warning("dead letters not moved back", {{"error", moved.error().message}});
    return {};
  }

  Result<QueueHealth> health() override {
    TRY(look_at_pause());
    return place_.with([&](const SqsQueues& queues) -> Result<QueueHealth> {
      const SqsAttributes now = TRY(client_.attributes(queues.url));
      QueueHealth health{.name = url_.queue,
                         .paused = is_paused(),
                         .waiting = count_in(now, "ApproximateNumberOfMessages"),
                         .active = count_in(now, "ApproximateNumberOfMessagesNotVisible"),
                         .delayed = count_in(now, "ApproximateNumberOfMessagesDelayed")};
      if (!queues.dead_url.empty()) health.failed = TRY(dead_letters(queues));
      return health;
    });
  }

 private:
  Result<std::uint64_t> dead_letters(const SqsQueues& queues) {
    return count_in(TRY(client_.attributes(queues.dead_url)), "ApproximateNumberOfMessages");
  }

  Result<> change_visibility(const std::string& receipt, seconds hidden) {
    return place_.with(
        [&](const SqsQueues& queues) { return client_.change_visibility(queues.url, receipt, hidden); });
  }

  // None where it is nothing that this program has put there, or came when the queue had been paused.
  Result<std::optional<Reservation>> reservation_of(const SqsIncoming& incoming, SteadyTime until) {
    auto message = message_in(incoming.body);
    if (!message) {
      log_warning("taken out of the queue: no message of this program's", {{"queue", url_.queue}});
      TRY(place_.with([&](const SqsQueues& queues) {
        return client_.remove(queues.url, std::span(&incoming.receipt, 1));
      }));
      return std::nullopt;
    }
    if (is_paused()) {
      TRY(change_visibility(incoming.receipt, 0s));
      return std::nullopt;
    }
    receipts_.keep(incoming.receipt, until);
    return Reservation{*std::move(message), incoming.receipt};
  }

  bool is_paused() {
    std::lock_guard lock(pause_mutex_);
    return paused_;
  }

  void set_paused(bool paused) {
    std::lock_guard lock(pause_mutex_);
    paused_ = paused;
    ++pause_changes_;
    looked_ = steady_now();
    pause_changed_.notify_all();
  }

  // Asks the queue's tag, where that was not done lately; what SQS does not answer now, it will next time.
  Result<> look_at_pause() {
    std::unique_lock lock(pause_mutex_);
    if (looked_ && steady_now() < *looked_ + kPauseLooks) return {};
    const bool first = !looked_;
    const auto changes = pause_changes_;
    looked_ = steady_now();
    lock.unlock();
    auto tags = place_.with([&](const SqsQueues& queues) { return client_.tags(queues.url); });
    if (!tags && first) return std::unexpected(std::move(tags).error());
    lock.lock();
    if (tags && changes == pause_changes_) {
      paused_ = tags->contains(kPausedTag);
      pause_changed_.notify_all();
    }
    return {};
  }

  void wait_for_resume(milliseconds longest, const std::stop_token& stop) {
    std::unique_lock lock(pause_mutex_);
    pause_changed_.wait_for(lock, stop, longest, [&] { return !paused_; });
  }

  void wait_for_stop(SteadyTime until, const std::stop_token& stop) {
    std::unique_lock lock(pause_mutex_);
    pause_changed_.wait_until(lock, stop, until, [] { return false; });
  }

  const SqsUrl url_;
  SqsClient client_;
  SqsPlace place_;
  Receipts receipts_;
  std::mutex pause_mutex_;
  std::condition_variable_any pause_changed_;
  bool paused_ = false;  // this and what follows: guarded by pause_mutex_
  std::uint64_t pause_changes_ = 0;
  std::optional<SteadyTime> looked_;
};

}  // namespace

Result<std::unique_ptr<JobQueue>> open_sqs_queue(const SqsUrl& url,
                                                 std::shared_ptr<AwsCredentials> credentials,
                                                 const AwsPatience& patience) {
  auto queue = std::make_unique<SqsJobQueue>(url, std::move(credentials), patience);
  TRY(queue->open());
  return std::unique_ptr<JobQueue>(std::move(queue));
}

}  // namespace sluice
