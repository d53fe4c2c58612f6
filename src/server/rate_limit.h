// RateLimit: how many requests a second each key or address may send. A token bucket each, which holds one
// second's worth. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace sluice {

class RateLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit RateLimit(std::uint32_t requests_per_second) : rate_(requests_per_second) {}  // 0: no limit

  // Takes a token; false where there is none.
  bool take(const std::string& who, Time now);
  // Would take() say yes?
  bool has(const std::string& who, Time now);

 private:
  struct Bucket {
    double tokens = 0;
    Time filled;
  };
  Bucket& bucket_of(const std::string& who, Time now);  // under mutex_
  void forget_full_ones(Time now);                      // under mutex_

  std::uint32_t rate_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;  // under mutex_
};

}  // namespace sluice
