// How a thread that waits for messages or events learns that there are some. A signal is a hint: who is woken
// looks at the tables, and who waits looks every now and then all the same. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

#include "adapters/sql_database.h"

namespace sluice {

class SqlSignals {
 public:
  virtual ~SqlSignals() = default;
  // Are other processes heard? Asking begins to listen, where that is possible.
  virtual bool hears_others() { return false; }

  void wake(SqlChannel channel);
  std::uint64_t count(SqlChannel channel);  // of wake() so far: taken before the tables are looked at
  // Until somebody has woken after `seen`, the time is over, or it is to stop.
  void wait(SqlChannel channel, std::uint64_t seen, std::chrono::milliseconds time, std::stop_token stop);

 private:
  std::mutex mutex_;  // `counts_`
  std::condition_variable_any woken_;
  std::array<std::uint64_t, 2> counts_{};
};

}  // namespace sluice
