// BullmqQueue: one queue on Redis as BullMQ keeps it, worked on by BullMQ's own scripts, so that programs on
// Node can add to it, work on it and watch it. What the keys hold is BullMQ's to say (its version 6); times
// are milliseconds since 1970 of this machine, as BullMQ takes them from its workers. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "adapters/bullmq_job.h"
#include "adapters/redis_connection.h"
#include "ports/job_queue.h"

namespace sluice {

// What becomes of jobs that have finished.
struct BullmqFinished {
  BullmqRetention completed, failed;  // where a job's own options do not say it
  std::uint32_t metric_minutes = 0;   // for so many minutes BullMQ's metrics are kept
};

struct BullmqNext {
  std::optional<BullmqJob> job;
  std::optional<std::int64_t> delayed_until_ms;  // where there is none: when the first delayed one is due
};

struct BullmqCounts {
  std::uint64_t waiting = 0, active = 0, delayed = 0, failed = 0;
  bool paused = false;
};

class BullmqQueue {
 public:
  // Usage error where the queue was written by another major version of BullMQ, or where the server may throw
  // keys away (maxmemory-policy).
  static Result<std::unique_ptr<BullmqQueue>> open(const RedisUrl& url, const std::string& name,
                                                   std::chrono::milliseconds patience,
                                                   const BullmqFinished& kept = {});

  // For who only looks: nothing is asked of the server, nor written there, before health() is.
  static std::unique_ptr<BullmqQueue> to_look_at(const RedisUrl& url, const std::string& name,
                                                 std::chrono::milliseconds patience);

  const std::string& name() const { return name_; }

  // True, to one of those who ask, where the server knew nothing of the queue; it says now whose it is.
  Result<bool> is_new();
  // Their ids. A job whose id is there already is left as it is; one that is deduplicated has another's id.
  Result<std::vector<std::string>> add(std::span<const BullmqNewJob> jobs);
  // Locked with `token` for `lock`; the worker's name is what people see. None while the queue is paused.
  Result<BullmqNext> fetch(const std::string& token, const std::string& worker,
                           std::chrono::milliseconds lock);
  // As a worker waits for its next job: until there is one, `until`, or a stop request. Meanwhile jobs whose
  // lock has run out are looked for, at most once every `stalled_interval`.
  Result<std::optional<BullmqJob>> next(const std::string& token, const std::string& worker,
                                        std::chrono::milliseconds lock,
                                        std::chrono::milliseconds stalled_interval,
                                        std::chrono::steady_clock::time_point until, std::stop_token stop);
  // Until somebody says that there may be a job, or `time` is over, or a stop is requested.
  Result<> wait(std::chrono::milliseconds time, std::stop_token stop);
  // False: the lock has run out, or is another's.
  Result<bool> extend_lock(const std::string& id, const std::string& token, std::chrono::milliseconds lock);
  // The next three: false where the lock has run out or is another's, or the job is gone; nothing has
  // changed then. `value`: JSON, what the job returns.
  Result<bool> complete(const BullmqJob& job, const std::string& token, const std::string& value = "null");
  // Tried again as the job's options say, and failed for good where they do not, or where it was the last.
  enum class LastTry : bool { no, yes };
  Result<bool> fail_attempt(const BullmqJob& job, const std::string& token, const std::string& reason,
                            LastTry last = LastTry::no);
  // Back, for `delay`; no attempt is counted.
  Result<bool> put_back(const std::string& id, const std::string& token, std::chrono::milliseconds delay);
  // Where a scheduler has made the job: the next one. To be called when a job is taken, as BullMQ's own
  // workers do. Usage error where the scheduler's pattern is not understood.
  Result<> schedule_next(const BullmqJob& job, BullmqCron cron);
  Result<> set_progress(const BullmqJob& job, const std::string& json);
  Result<> log(const BullmqJob& job, const std::string& line);
  // A field of our own in the job's hash; "" takes it out.
  Result<> note(const std::string& id, const std::string& field, const std::string& value);
  // Jobs whose lock has run out go back in front: BullMQ's stalled check, which asks twice. At most once
  // every `interval` of all workers of the queue.
  Result<> recover_stalled(std::chrono::milliseconds interval);

  // Jobs that are being worked on, by id, with the worker's name and the lock's token ("" : run out).
  struct Active {
    std::string id, worker, token;
  };
  Result<std::vector<Active>> active();
  // An active job goes back in front of its equals.
  Result<> give_back(const Active& job);
  Result<> give_back_of(const std::function<bool(const std::string& worker)>& is_dead);
  // Every job whose id begins so and that nobody works on.
  Result<> remove_all(const std::string& prefix);

  Result<> pause(bool paused);
  Result<BullmqCounts> counts();
  // When the job was added that has waited longest, of those of the highest and of the lowest priority.
  Result<std::optional<std::int64_t>> oldest_ms();
  Result<QueueHealth> health();  // both of them

 private:
  enum class Ending : bool { completed, failed };
  BullmqQueue(RedisUrl url, std::string name, std::chrono::milliseconds patience, const BullmqFinished& kept);
  Result<> check_server();
  Result<> check_version();
  Result<> say_version(RedisConnection& redis);  // where nobody says it
  std::string key(std::string_view part) const { return prefix_ + std::string(part); }
  RedisCommand keys(std::initializer_list<std::string_view> parts) const;
  RedisCommand keys_to_add(const BullmqNewJob& job) const;
  Result<RedisCommand> arguments_to_add(const BullmqNewJob& job) const;
  Result<bool> finish(const BullmqJob& job, const std::string& token, Ending ending,
                      const std::string& value);
  Result<bool> delay(const std::string& id, const std::string& token, std::chrono::milliseconds delay,
                     const std::string& failure);

  const std::string name_;
  const std::string prefix_;  // "bull:NAME:"
  const BullmqFinished kept_;
  RedisPool pool_;
  std::atomic<bool> new_ = false;  // and nobody was told yet
};

}  // namespace sluice
