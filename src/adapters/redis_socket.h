// RedisSocket: a TCP connection, with TLS or without, on which every wait has an end: a deadline, or a stop
// request. One thread at a time; after an error it is of no use any more.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "adapters/redis_url.h"
#include "base/result.h"

namespace sluice {

class RedisSocket {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  static Result<std::unique_ptr<RedisSocket>> connect(const RedisUrl& url, Deadline deadline);
  ~RedisSocket();
  RedisSocket(const RedisSocket&) = delete;
  RedisSocket& operator=(const RedisSocket&) = delete;

  Result<> write(std::string_view bytes, Deadline deadline);
  // At least one byte. `cancelled` on a stop request, `unavailable` at the deadline and where the server hung
  // up.
  Result<std::size_t> read(std::span<char> into, Deadline deadline, const std::stop_token& stop);

 private:
  RedisSocket(int descriptor, std::string place) : descriptor_(descriptor), place_(std::move(place)) {}
  Result<> begin_tls(const RedisUrl& url, Deadline deadline);
  Result<> wait(short events, Deadline deadline, const std::stop_token& stop) const;
  std::unexpected<Error> lost(const std::string& why) const;
  // What OpenSSL has to wait for before the call is repeated; an error where it has failed.
  Result<short> tls_needs(int outcome) const;

  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  int descriptor_;
  std::string place_;  // "host:port", for messages
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace sluice
