#include "server/readiness.h"

namespace sluice {

Readiness::Readiness(std::vector<Dependency> dependencies, std::chrono::milliseconds patience)
    : patience_(patience) {
  for (Dependency& dependency : dependencies) all_.emplace_back().dependency = std::move(dependency);
}

std::vector<Readiness::Answer> Readiness::ask() {
  const auto until = std::chrono::steady_clock::now() + patience_;
  std::unique_lock lock(mutex_);
  for (Asked& asked : all_) {
    if (asked.begun != asked.ended) continue;  // the answer to another request's question will do
    ++asked.begun;
    asked.thread = std::jthread([this, &asked] {
      Result<> said = asked.dependency.ask();
      std::lock_guard locked(mutex_);
      asked.said = std::move(said);
      ++asked.ended;
      ended_.notify_all();
    });
  }
  std::vector<Answer> answers;
  for (Asked& asked : all_) {
    const std::uint64_t wanted = asked.begun;
    Answer& answer = answers.emplace_back(asked.dependency.name, Result<>());
    if (ended_.wait_until(lock, until, [&] { return asked.ended >= wanted; }))
      answer.said = asked.said;
    else
      answer.said =
          fail(ErrorKind::unavailable, "no answer within " + std::to_string(patience_.count()) + " ms", true);
  }
  return answers;
}

}  // namespace sluice
