// RateLimit: how many requests a second each key or address may send. A token bucket each, which holds one
// second's worth. Where other nodes count for the same limit (share_rate.h), a bucket is this node's idea of
// the one that all share: between two looks at that it gets as much of the rate as this node lately had of
// the requests. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ports/request_tally.h"

namespace sluice {

class RateLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Many: count() and share() are called again and again.
  enum class Nodes : bool { one, many };
  explicit RateLimit(std::uint32_t requests_per_second, Nodes nodes = Nodes::one)  // 0: no limit
      : rate_(requests_per_second), nodes_(nodes) {}
  std::uint32_t rate() const { return rate_; }

  // Takes a token; false where there is none.
  bool take(const std::string& who, Time now);
  // Would take() say yes?
  bool has(const std::string& who, Time now);
  // For whom there is none now: when there will be one, in whole seconds, at least one.
  int seconds_to_wait(const std::string& who, Time now);

  // What was counted since this was asked last, to be told to the other nodes; it is not told twice.
  std::vector<RequestCount> count();
  // What the shared buckets hold after that.
  void share(std::span<const SharedBucket> buckets, Time now);

 private:
  struct Bucket {
    double tokens = 0;
    Time filled;
    double part = 1;                     // of the rate that is this node's
    std::uint64_t taken = 0, asked = 0;  // since count()
    std::uint64_t told = 0;              // `asked` of the last count()
    std::uint64_t asked_of_all = 0;      // as last heard; 0: never
    double told_lately = 0, asked_of_all_lately = 0;
  };
  Bucket& bucket_of(const std::string& who, Time now);  // under mutex_
  void note_asked(const std::string& who, Bucket& bucket);
  void forget_full_ones(Time now);

  const std::uint32_t rate_;
  const Nodes nodes_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;  // under mutex_
  std::vector<std::string> asked_;                   // whose `asked` is not 0; under mutex_
};

}  // namespace sluice
