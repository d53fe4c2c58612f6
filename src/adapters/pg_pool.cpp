#include "adapters/pg_pool.h"

#include <algorithm>
#include <random>
#include <thread>

namespace sluice {

namespace {

// As many as the writers of a node with a few slots have at once. Further ones are worth their making:
// whoever has so many slots has large files.
constexpr std::size_t kMostKept = 8;

}  // namespace

bool is_connection_fault(const PgConnection& connection, const Error& error) {
  return error.kind == ErrorKind::unavailable && (!connection.usable() || connection.fault().state.empty());
}

bool PgBackoff::wait() {
  thread_local std::minstd_rand random(std::random_device{}());
  const auto now = std::chrono::steady_clock::now();
  if (!fault_) fault_ = now;
  auto delay = delay_ / 2 + std::chrono::milliseconds(std::uniform_int_distribution<int>(
                                0, static_cast<int>(delay_.count() / 2))(random));
  if (now + delay >= *fault_ + patience_) return false;
  std::this_thread::sleep_for(delay);
  delay_ = std::min(delay_ * 2, std::chrono::milliseconds(2000));
  return true;
}

Result<PgConnection> PgPool::take() {
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return lent_ < limit_; });
    ++lent_;
    if (!idle_.empty()) {
      PgConnection connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  auto connection = PgConnection::open(url_);
  std::lock_guard lock(mutex_);
  if (connection) {
    missed_since_.reset();
  } else {
    --lent_;
    returned_.notify_one();
  }
  return connection;
}

void PgPool::give_back(PgConnection connection) {
  std::lock_guard lock(mutex_);
  --lent_;
  if (connection.usable() && !connection.in_transaction())
    idle_.push_back(std::move(connection));
  else
    idle_.clear();  // the others were cut off with it, most likely
  returned_.notify_one();
}

Result<PgConnection> PgPool::take_own() {
  {
    std::lock_guard lock(mutex_);
    if (!kept_.empty()) {
      PgConnection connection = std::move(kept_.back());
      kept_.pop_back();
      return connection;
    }
  }
  return PgConnection::open(url_);
}

void PgPool::keep(PgConnection connection) {
  if (!connection.usable() || connection.in_transaction()) return;
  std::lock_guard lock(mutex_);
  if (kept_.size() < kMostKept) kept_.push_back(std::move(connection));
}

void PgPool::drop_kept() {
  std::vector<PgConnection> dropped;  // closed when the lock is free again
  std::lock_guard lock(mutex_);
  dropped.swap(kept_);
}

std::chrono::steady_clock::time_point PgPool::missed() {
  std::lock_guard lock(mutex_);
  if (!missed_since_) missed_since_ = std::chrono::steady_clock::now();
  return *missed_since_;
}

}  // namespace sluice
