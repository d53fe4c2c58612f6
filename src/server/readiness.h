// Readiness: do the systems that this node stands on answer? Each is asked on a thread of its own, so that
// one that says nothing holds nobody up for longer than `patience`. Used by /readyz. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace sluice {

struct Dependency {
  std::string name;
  std::function<Result<>()> ask;  // may block
};

class Readiness {
 public:
  Readiness(std::vector<Dependency> dependencies, std::chrono::milliseconds patience);
  // Waits for those that are being asked still: whoever ends them does so before.
  ~Readiness() = default;

  // What each says, in their order; `unavailable` of one that does not answer in time. It is not asked again
  // before it has.
  struct Answer {
    std::string name;
    Result<> said;
  };
  std::vector<Answer> ask();

 private:
  struct Asked {
    Dependency dependency;
    std::uint64_t begun = 0, ended = 0;  // so many times; this and what follows: guarded by mutex_
    Result<> said;
    std::jthread thread;
  };

  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::list<Asked> all_;
};

}  // namespace sluice
