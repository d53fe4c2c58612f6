// Connections to one database, lent out and taken back. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "adapters/pg_connection.h"
#include "base/result.h"

namespace sluice {

// Is this the kind of fault that another connection, a little later, may not meet?
bool is_connection_fault(const PgConnection& connection, const Error& error);

// Waits between tries: doubling from 50 ms to 2 s, with jitter, until `patience` after the first of them is
// used up: however long the work itself took, a fault at its end is tried again.
class PgBackoff {
 public:
  explicit PgBackoff(std::chrono::milliseconds patience) : patience_(patience) {}
  bool wait();                                                                 // false: patience is used up
  void since(std::chrono::steady_clock::time_point fault) { fault_ = fault; }  // in place of the first wait()

 private:
  const std::chrono::milliseconds patience_;
  std::optional<std::chrono::steady_clock::time_point> fault_;
  std::chrono::milliseconds delay_{50};
};

class PgPool {
 public:
  PgPool(std::string url, std::size_t limit, std::chrono::milliseconds patience)
      : url_(std::move(url)), limit_(limit), patience_(patience) {}

  const std::string& url() const { return url_; }
  std::chrono::milliseconds patience() const { return patience_; }

  // Runs `work` on a connection; where the connection is lost, again on a new one, so `work` must be one
  // transaction that may be done twice. Patience counts from the moment the database was first missed, by
  // whomever, so that callers in turn do not each wait it out.
  template <class T>
  Result<T> run(const std::function<Result<T>(PgConnection&)>& work) {
    PgBackoff backoff(patience_);
    for (;;) {
      auto connection = take();
      if (connection) {
        Result<T> result = work(*connection);
        const bool lost = !result && is_connection_fault(*connection, result.error());
        give_back(std::move(*connection));
        if (!lost) return result;
        backoff.since(missed());
        if (!backoff.wait()) return result;
      } else {
        if (!connection.error().retryable) return std::unexpected(std::move(connection).error());
        backoff.since(missed());
        if (!backoff.wait()) return std::unexpected(std::move(connection).error());
      }
    }
  }

  // The same for who wants to know now: a connection that was cut off since it was used last is replaced, and
  // nobody is waited for.
  template <class T>
  Result<T> try_once(const std::function<Result<T>(PgConnection&)>& work) {
    for (bool again = true;; again = false) {
      auto connection = TRY(take());
      Result<T> result = work(connection);
      const bool lost = !result && is_connection_fault(connection, result.error());
      give_back(std::move(connection));
      if (!lost || !again) return result;
    }
  }

  // As run(), in a transaction that is committed where `work` succeeds. It waits for no lock for ever, and a
  // client that was stopped between two of its statements does not keep its locks.
  template <class T>
  Result<T> transact(const std::function<Result<T>(PgConnection&)>& work) {
    return run<T>([&](PgConnection& connection) -> Result<T> {
      auto transaction =
          TRY(PgTransaction::begin(connection, "SET LOCAL idle_in_transaction_session_timeout = '10s'"));
      Result<T> result = work(connection);
      if (result) TRY(transaction.commit());
      return result;
    });
  }

  // A connection that is the caller's for long, beyond the limit: one that was given back with keep(), or a
  // new one. A server spends milliseconds on each new one: on its process, and on reading of the tables again
  // what the one before knew.
  Result<PgConnection> take_own();
  // Given back by who needs it no more; closed where it was lost, or enough are kept.
  void keep(PgConnection connection);
  // One of them was lost, and with it, most likely, those that lie here.
  void drop_kept();

 private:
  Result<PgConnection> take();
  void give_back(PgConnection connection);
  std::chrono::steady_clock::time_point missed();

  const std::string url_;
  const std::size_t limit_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;  // the members below
  std::condition_variable returned_;
  std::vector<PgConnection> idle_, kept_;
  std::size_t lent_ = 0;
  std::optional<std::chrono::steady_clock::time_point> missed_since_;  // none: it answered last time
};

}  // namespace sluice
