// RedisConnection: commands and answers of one connection (RESP2). hiredis reads the answers; what is below
// it is ours, because its version in Debian 12 knows no TLS. One thread at a time; RedisPool lends them out.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/redis_socket.h"
#include "adapters/redis_url.h"
#include "base/result.h"

struct redisReader;

namespace sluice {

struct RedisValue {
  enum class Kind : std::uint8_t { nil, integer, text, list, error };
  Kind kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text;  // of an error: its message
  std::vector<RedisValue> items;

  bool is_nil() const { return kind == Kind::nil; }
};

using RedisCommand = std::vector<std::string>;

class RedisConnection {
 public:
  // Signed in, and in its database.
  static Result<std::unique_ptr<RedisConnection>> open(const RedisUrl& url,
                                                       std::chrono::milliseconds patience);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // An answer that is an error becomes an Error; `extra` is what the command itself may wait for.
  Result<RedisValue> call(const RedisCommand& command, std::chrono::milliseconds extra = {},
                          std::stop_token stop = {});
  // In one go; the answers in the same order, errors among them as values.
  Result<std::vector<RedisValue>> call_all(std::span<const RedisCommand> commands);

  // False once an answer is outstanding that nobody will read, or the server is gone.
  bool usable() const { return usable_; }

 private:
  RedisConnection(std::unique_ptr<RedisSocket> socket, std::chrono::milliseconds patience);
  Result<> send(std::span<const RedisCommand> commands);
  Result<RedisValue> receive(std::chrono::milliseconds extra, const std::stop_token& stop);

  struct FreeReader {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<RedisSocket> socket_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  const std::chrono::milliseconds patience_;  // for one answer
  bool usable_ = true;
};

// What Redis means by an error: is it worth another try, and whose fault is it?
Error redis_error(const std::string& message);

// Connections to one server. Thread-safe.
class RedisPool {
 public:
  RedisPool(RedisUrl url, std::chrono::milliseconds patience) : url_(std::move(url)), patience_(patience) {}

  class Loan {
   public:
    Loan(RedisPool& pool, std::unique_ptr<RedisConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Loan(Loan&&) = default;
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (connection_ && connection_->usable()) pool_->give_back(std::move(connection_));
    }
    RedisConnection* operator->() { return connection_.get(); }
    RedisConnection& operator*() { return *connection_; }

   private:
    RedisPool* pool_;
    std::unique_ptr<RedisConnection> connection_;
  };
  Result<Loan> lend();
  // Runs `work` on a connection, and once more on a new one where the server had closed the one that lay
  // here.
  template <class Work>
  auto run(Work work) -> decltype(work(std::declval<RedisConnection&>())) {
    for (bool again = true;; again = false) {
      auto loan = TRY(lend());
      auto result = work(*loan);
      if (result || loan->usable() || !again || result.error().kind == ErrorKind::cancelled) return result;
      forget_idle();
    }
  }

 private:
  void give_back(std::unique_ptr<RedisConnection> connection);
  void forget_idle();

  const RedisUrl url_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RedisConnection>> idle_;
};

}  // namespace sluice
