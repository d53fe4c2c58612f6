// SqlSignals on PostgreSQL: a connection of its own that listens for what other processes commit, from the
// moment somebody waits. Behind a pooler nothing can be heard (the session belongs to nobody), so nothing is
// listened for there. Thread-safe.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "adapters/pg_connection.h"
#include "adapters/sql_signals.h"

namespace sluice {

class PgListener final : public SqlSignals {
 public:
  explicit PgListener(std::string url);
  ~PgListener() override;
  bool hears_others() override;

 private:
  void run(const std::stop_token& stop);
  Result<bool> listen(PgConnection& connection);  // false: through a pooler
  bool hear(PgConnection& connection);            // false: the connection is lost, or it is to stop
  bool sleep(std::chrono::milliseconds time, int also = -1);  // false: it is to stop

  const std::string url_;
  std::atomic<bool> listening_ = false;
  int stopping_ = -1;  // eventfd: wakes the thread where it sleeps
  std::once_flag started_;
  std::jthread thread_;
};

}  // namespace sluice
