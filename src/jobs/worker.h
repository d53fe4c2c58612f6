// Worker: takes messages from the queue and does what they are about: plans a job, or runs one of its splits
// under a lease. Several slots work at once on one compute pool. What goes wrong is the store's to remember:
// an attempt that failed is put off, the last one fails the job. A job that is one long split gives its slot
// to others that wait, every now and then (jobs/time_slice.h), and goes on when its turn comes again.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "engine/compute_pool.h"
#include "engine/memory_plan.h"
#include "jobs/service.h"
#include "jobs/time_slice.h"

namespace sluice {

struct WorkerOptions {
  unsigned slots = 2;  // splits in work at once
  MemoryPlan memory;   // of one slot
  SliceRules slice = {};
  std::stop_token stop =
      {};  // the node is to end: nothing more is taken, what is in work stops at its next commit
};

// What processes of this host held when they died is given back, leases and reservations, so that nobody
// waits for them to run out. For a node that starts.
Result<> give_back_for_the_dead(Service& service);

class Worker {
 public:
  Worker(Service& service, ComputePool& pool, const WorkerOptions& options);
  // Asks what is in work to stop at its next commit, and waits for that; the leases are given back.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  unsigned busy() const { return busy_; }

 private:
  void ask_to_stop();
  void run_slot(unsigned slot, std::stop_token stop);
  void note_failure(const Lease& lease, const Job& job, const RetrySpec& retry, const Error& error);
  bool somebody_waits();
  void work_on(const Reservation& reservation, const std::string& owner, std::stop_token stop);

  Service& service_;
  ComputePool& pool_;
  const WorkerOptions options_;
  std::atomic<unsigned> busy_ = 0;
  std::vector<std::jthread> slots_;
  std::optional<std::stop_callback<std::function<void()>>> told_;
};

}  // namespace sluice
