// JobQueue: which split is worked on next, and by whom. Messages are hints: one may come twice or never, and
// losing one loses no work, because the store's lease and attempt count are the only truth (ports/store.h).
// jobs/dispatcher.h puts in what the store says is due; jobs/worker.h takes out.
// Every adapter passes ports/job_queue_conformance.h. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

struct QueueMessage {
  std::string id;  // "JOB/SPLIT/GENERATION": new with every time a split is queued, so that none is mistaken
                   // for one of before
  std::string tenant, job_id;
  std::uint32_t split_number = 0;  // 0: the job is to be planned
  std::int32_t priority = 0;       // higher goes first; of equal ones the older
};

// A message that one worker has for a while; other workers do not see it until then.
struct Reservation {
  QueueMessage message;
  std::string token;  // the adapter's: whose reservation this is
};

struct QueueHealth {
  std::string name;
  bool paused = false;
  std::uint64_t waiting = 0, active = 0, delayed = 0, failed = 0;  // failed: dead letters
  std::optional<std::chrono::milliseconds> oldest_waiting;         // how long the oldest has waited
};

class JobQueue {
 public:
  virtual ~JobQueue() = default;
  // Durable when it returns. A message whose id is in the queue already is left as it is. Wakes a worker,
  // in other processes as well.
  virtual Result<> enqueue(std::span<const QueueMessage> messages) = 0;
  // The next message, reserved for `hold`; none after `wait` without one, while the queue is paused, and on
  // a stop request. A reservation that runs out goes back in front.
  virtual Result<std::optional<Reservation>> reserve(const std::string& worker,
                                                     std::chrono::milliseconds hold,
                                                     std::chrono::milliseconds wait,
                                                     std::stop_token stop) = 0;
  // `conflict` where the reservation has run out and another worker has the message, or it is gone.
  virtual Result<> extend(const Reservation& reservation, std::chrono::milliseconds hold) = 0;
  // Takes the message out for good. One that is gone, or another's, is no error.
  virtual Result<> complete(const Reservation& reservation) = 0;
  // Puts it back, to be reserved again after `delay`. One that is gone, or another's, is no error.
  virtual Result<> put_back(const Reservation& reservation, std::chrono::milliseconds delay) = 0;
  // What workers that are known to be dead had reserved goes back in front: for a node that starts. An
  // adapter that cannot tell does nothing; those reservations run out.
  virtual Result<> give_back_of(const std::function<bool(const std::string& worker)>& is_dead) = 0;
  // Every message of a job that nobody has reserved: it was cancelled.
  virtual Result<> withdraw(const std::string& job_id) = 0;

  // True, to one of those who ask, where the queue is new: nobody has used it yet, or its server has lost all
  // that was in it, and that has to be queued again. Asked at every tick. An adapter that cannot tell says
  // no; what was lost is found later, by its age.
  virtual Result<bool> is_new() { return false; }

  virtual Result<> pause() = 0;  // nothing is reserved until resume(); what is reserved goes on
  virtual Result<> resume() = 0;
  virtual Result<QueueHealth> health() = 0;
};

}  // namespace sluice
