#include "jobs/ticking.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"

namespace sluice {
namespace {

// Woken a thousand times a second, it takes a third of a core at most: one tick sees to many at once.
constexpr int kRestsAsOften = 2;

}  // namespace

Ticking::Ticking(std::string name, std::chrono::milliseconds every, Tick tick)
    : name_(std::move(name)),
      every_(every),
      tick_(std::move(tick)),
      thread_([this](std::stop_token stop) { run(stop); }) {}

Ticking::~Ticking() {
  thread_.request_stop();
  thread_.join();
}

void Ticking::wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

// A thread that ends by an exception ends the process: what a library throws is caught where it is called,
// and what was missed there, memory that is all used among it, costs this tick only.
Result<bool> Ticking::tick(const std::stop_token& stop) const {
  try {
    return tick_(stop);
  } catch (const std::exception& e) {
    return fail(ErrorKind::internal, e.what());
  }
}

void Ticking::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const auto begin = std::chrono::steady_clock::now();
    const Result<bool> more = tick(stop);
    if (!more && more.error().kind != ErrorKind::cancelled)
      log_warning(name_, {{"error", more.error().message}});
    if (more && *more) continue;
    const auto rest = (std::chrono::steady_clock::now() - begin) * kRestsAsOften;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, std::min<std::chrono::nanoseconds>(rest, every_), [] { return false; });
    changed_.wait_for(lock, stop, every_, [this] { return woken_; });
    woken_ = false;
  }
}

}  // namespace sluice
