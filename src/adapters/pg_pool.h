// Connections to one database, lent out and taken back. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "adapters/pg_connection.h"
#include "base/result.h"

namespace sluice {

// Is this the kind of fault that another connection, a little later, may not meet?
bool is_connection_fault(const PgConnection& connection, const Error& error);

// Waits between tries: doubling from 50 ms to 2 s, with jitter, until `patience` is used up.
class PgBackoff {
 public:
  explicit PgBackoff(std::chrono::milliseconds patience)
      : until_(std::chrono::steady_clock::now() + patience) {}
  bool wait();  // false: patience is used up

 private:
  std::chrono::steady_clock::time_point until_;
  std::chrono::milliseconds delay_{50};
};

class PgPool {
 public:
  PgPool(std::string url, std::size_t limit, std::chrono::milliseconds patience)
      : url_(std::move(url)), limit_(limit), patience_(patience) {}

  const std::string& url() const { return url_; }
  std::chrono::milliseconds patience() const { return patience_; }

  // Runs `work` on a connection; where the connection is lost, again on a new one, so `work` must be one
  // transaction that may be done twice.
  template <class T>
  Result<T> run(const std::function<Result<T>(PgConnection&)>& work) {
    PgBackoff backoff(patience_);
    for (;;) {
      auto connection = take();
      if (connection) {
        Result<T> result = work(*connection);
        const bool lost = !result && is_connection_fault(*connection, result.error());
        give_back(std::move(*connection));
        if (!lost || !backoff.wait()) return result;
      } else if (give_back_nothing(); !connection.error().retryable || !backoff.wait()) {
        return std::unexpected(std::move(connection).error());
      }
    }
  }

 private:
  Result<PgConnection> take();
  void give_back(PgConnection connection);
  void give_back_nothing();

  const std::string url_;
  const std::size_t limit_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;  // the members below
  std::condition_variable returned_;
  std::vector<PgConnection> idle_;
  std::size_t lent_ = 0;
};

}  // namespace sluice
