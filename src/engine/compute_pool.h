// ComputePool: the threads that parse, transform, validate and hash, shared by all jobs of a process.
// The destructor finishes what was submitted. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice {

class ComputePool {
 public:
  explicit ComputePool(unsigned threads);
  ~ComputePool();
  ComputePool(const ComputePool&) = delete;
  ComputePool& operator=(const ComputePool&) = delete;

  void submit(std::move_only_function<void()> task);
  unsigned threads() const { return static_cast<unsigned>(threads_.size()); }

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> tasks_;  // guarded by mutex_
  bool ending_ = false;                                // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace sluice
