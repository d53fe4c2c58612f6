// RequestTally: the buckets of tokens that all nodes of a cluster share, for a limit of requests that holds
// for them together. Each node counts for itself and tells it afterwards: no request waits for it. One
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

// What a node has counted of one key or address since it told last.
struct RequestCount {
  std::string who;
  std::uint64_t taken = 0;  // requests let through: tokens taken
  std::uint64_t asked = 0;  // these, and those refused
};

struct SharedBucket {
  std::string who;
  double tokens = 0;        // below zero: so many were taken too many, and are paid back by waiting
  std::uint64_t asked = 0;  // at all nodes since the bucket was made
};

class RequestTally {
 public:
  virtual ~RequestTally() = default;
  // Takes what was taken out of the buckets, which get `rate` tokens a second and hold at most one second's
  // worth, and says how they are then, in any order. Unavailable where the store is away; answers soon.
  virtual Result<std::vector<SharedBucket>> tell(std::uint32_t rate,
                                                 std::span<const RequestCount> counts) = 0;
};

}  // namespace sluice
