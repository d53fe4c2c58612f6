// BoundedQueue: hands items from one thread to another and makes the faster one wait. It is full by the
// number of items, or by their weight; an item that alone is too heavy waits until it would be the only one.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

namespace sluice {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity,
                        std::uint64_t most_weight = std::numeric_limits<std::uint64_t>::max())
      : capacity_(capacity), most_weight_(most_weight) {}

  // Waits for room. False: the queue was closed, the item is dropped.
  bool push(T item, std::uint64_t weight = 0) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return closed_ || has_room(weight); });
    if (closed_) return false;
    items_.emplace_back(std::move(item), weight);
    weight_ += weight;
    filled_.notify_one();
    return true;
  }

  // Waits for an item. None: the queue was closed and is empty.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front().first));
    weight_ -= items_.front().second;
    items_.pop_front();
    room_.notify_one();
    return item;
  }

  // No more pushes; what is in it can still be popped.
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_all();
    filled_.notify_all();
  }

 private:
  bool has_room(std::uint64_t weight) const {
    return items_.empty() ||
           (items_.size() < capacity_ && weight_ <= most_weight_ - std::min(weight, most_weight_));
  }

  const std::size_t capacity_;
  const std::uint64_t most_weight_;
  std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<std::pair<T, std::uint64_t>> items_;  // with their weights; guarded by mutex_
  std::uint64_t weight_ = 0;                       // of them all; guarded by mutex_
  bool closed_ = false;                            // guarded by mutex_
};

}  // namespace sluice
