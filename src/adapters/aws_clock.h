// The time that AWS signatures are made with: this machine's, or, where a server has refused one because that
// is wrong, the server's. Servers allow 5 to 15 minutes. Thread-safe.
#pragma once

#include <atomic>
#include <string>

#include "base/clock.h"

namespace sluice {

class AwsClock {
 public:
  WallTime now() const { return wall_now() + std::chrono::milliseconds(ahead_ms_); }
  // `date`: the header of an answer that refuses. True: the time was off by minutes and is corrected, so that
  // the call is worth another try.
  bool corrected_by(const std::string& date);

 private:
  std::atomic<std::int64_t> ahead_ms_{0};
};

}  // namespace sluice
