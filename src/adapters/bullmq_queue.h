// BullmqQueue: one queue on Redis as BullMQ keeps it, worked on by BullMQ's own scripts, so that programs on
// Node can add to it, work on it and watch it. What the keys hold is BullMQ's to say (its version 6); times
// are milliseconds since 1970 of this machine, as BullMQ takes them from its workers. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "adapters/redis_connection.h"

namespace sluice {

struct BullmqNewJob {
  std::string id;  // no ':' in it
  std::string name;
  std::string data;            // JSON
  std::uint32_t priority = 1;  // 1 to 2097152; the lowest goes first
};

struct BullmqJob {
  std::string id, name, data;
  std::map<std::string, std::string> fields;  // all of the job's hash
};

struct BullmqNext {
  std::optional<BullmqJob> job;
  std::optional<std::int64_t> delayed_until_ms;  // where there is none: when the first delayed one is due
};

struct BullmqCounts {
  std::uint64_t waiting = 0, active = 0, delayed = 0;
  bool paused = false;
};

class BullmqQueue {
 public:
  // Usage error where the queue was written by another major version of BullMQ, or where the server may throw
  // keys away (maxmemory-policy).
  static Result<std::unique_ptr<BullmqQueue>> open(const RedisUrl& url, const std::string& name,
                                                   std::chrono::milliseconds patience);

  const std::string& name() const { return name_; }

  // A job whose id is there already is left as it is.
  Result<> add(std::span<const BullmqNewJob> jobs);
  // Locked with `token` for `lock`; the worker's name is what people see. None while the queue is paused.
  Result<BullmqNext> fetch(const std::string& token, const std::string& worker,
                           std::chrono::milliseconds lock);
  // Until somebody says that there may be a job, or `time` is over, or a stop is requested.
  Result<> wait(std::chrono::milliseconds time, std::stop_token stop);
  // False: the lock has run out, or is another's.
  Result<bool> extend_lock(const std::string& id, const std::string& token, std::chrono::milliseconds lock);
  // Done, and removed. False: the lock has run out or is another's, or the job is gone; nothing has changed.
  Result<bool> complete(const std::string& id, const std::string& token);
  // Back, for `delay`; false as above. No attempt is counted.
  Result<bool> delay(const std::string& id, const std::string& token, std::chrono::milliseconds delay);
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
  // Every job whose id begins so and that nobody works on.
  Result<> remove_all(const std::string& prefix);

  Result<> pause(bool paused);
  Result<BullmqCounts> counts();
  // When the job was added that has waited longest, of those of the highest and of the lowest priority.
  Result<std::optional<std::int64_t>> oldest_ms();

 private:
  BullmqQueue(RedisUrl url, std::string name, std::chrono::milliseconds patience);
  Result<> check_server();
  Result<> check_version();
  std::string key(std::string_view part) const { return prefix_ + std::string(part); }
  RedisCommand keys(std::initializer_list<std::string_view> parts) const;

  const std::string name_;
  const std::string prefix_;  // "bull:NAME:"
  RedisPool pool_;
};

}  // namespace sluice
