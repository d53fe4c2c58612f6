// ForwardingQueue: a JobQueue that hands every call on to another one. Test-only: a test derives from it and
// puts a fault, or something that it watches, into the one function it is about.
#pragma once

#include "ports/job_queue.h"

namespace sluice {

class ForwardingQueue : public JobQueue {
 public:
  explicit ForwardingQueue(JobQueue& queue) : queue_(queue) {}

  Result<> enqueue(std::span<const QueueMessage> messages) override { return queue_.enqueue(messages); }
  Result<bool> is_new() override { return queue_.is_new(); }
  Result<std::optional<Reservation>> reserve(const std::string& worker, std::chrono::milliseconds hold,
                                             std::chrono::milliseconds wait, std::stop_token stop) override {
    return queue_.reserve(worker, hold, wait, stop);
  }
  Result<> extend(const Reservation& reservation, std::chrono::milliseconds hold) override {
    return queue_.extend(reservation, hold);
  }
  Result<> complete(const Reservation& reservation) override { return queue_.complete(reservation); }
  Result<> put_back(const Reservation& reservation, std::chrono::milliseconds delay) override {
    return queue_.put_back(reservation, delay);
  }
  Result<> give_back_of(const std::function<bool(const std::string& worker)>& is_dead) override {
    return queue_.give_back_of(is_dead);
  }
  Result<> withdraw(const std::string& job_id) override { return queue_.withdraw(job_id); }
  Result<> pause() override { return queue_.pause(); }
  Result<> resume() override { return queue_.resume(); }
  Result<QueueHealth> health() override { return queue_.health(); }

 protected:
  JobQueue& queue_;
};

}  // namespace sluice
