#include "adapters/sql_signals.h"

namespace sluice {

void SqlSignals::wake(SqlChannel channel) {
  {
    std::lock_guard lock(mutex_);
    ++counts_.at(static_cast<std::size_t>(channel));
  }
  woken_.notify_all();
}

std::uint64_t SqlSignals::count(SqlChannel channel) {
  std::lock_guard lock(mutex_);
  return counts_.at(static_cast<std::size_t>(channel));
}

void SqlSignals::wait(SqlChannel channel, std::uint64_t seen, std::chrono::milliseconds time,
                      std::stop_token stop) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, std::move(stop), time,
                  [&] { return counts_.at(static_cast<std::size_t>(channel)) != seen; });
}

}  // namespace sluice
