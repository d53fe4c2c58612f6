#include "server/share_rate.h"

#include <condition_variable>
#include <mutex>

#include "base/log.h"

namespace sluice {
namespace {

// What goes through at several nodes at once beyond the limit, before they know of each other, grows with it.
constexpr auto kTellEvery = std::chrono::milliseconds(100);

}  // namespace

ShareRate::ShareRate(RateLimit& limit, RequestTally& tally)
    : limit_(limit), tally_(tally), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void ShareRate::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    tell();
    never.wait_for(lock, stop, kTellEvery, [] { return false; });
  }
}

void ShareRate::tell() {
  const auto told = limit_.count();
  if (told.empty()) return;
  const auto shared = tally_.tell(limit_.rate(), told);
  if (shared)
    limit_.share(*shared, std::chrono::steady_clock::now());
  else if (!away_)
    log_warning("request limit",
                {{"error", shared.error().message},
                 {"meaning", std::string_view("each node goes on with its part of the limit")}});
  away_ = !shared;
}

}  // namespace sluice
