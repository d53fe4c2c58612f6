// HttpServer: HTTP/1.1 and WebSocket over TCP and TLS (Boost.Beast), the only place that knows them. Reads
// the head, finds the route, asks who it is and whether they may, then runs the handler on the pool.
// One or two threads for the network, a bounded pool for handlers; a slow client holds neither.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "ports/request_tally.h"
#include "server/client_address.h"
#include "server/http_message.h"
#include "server/live_events.h"
#include "server/routes.h"

namespace sluice {

struct HttpLimits {
  std::uint64_t upload_bytes = 100'000'000'000;  // 413 beyond
  std::uint64_t body_bytes = 8u << 20;           // of routes without a sink
  std::uint32_t header_bytes = 32u << 10;        // 431 beyond
  std::uint32_t connections = 1024;              // 503 with Retry-After beyond
  std::uint32_t connections_per_address = 256;
  std::uint32_t requests_per_second = 0;           // per key or address; 0: no limit. 429 with Retry-After
  std::chrono::milliseconds head_timeout{15'000};  // for the whole head: a slow loris has no more
  // Between requests of a connection, and without a byte of a body in either direction.
  std::chrono::milliseconds idle_timeout{75'000};
  std::uint32_t body_bytes_per_second = 256;    // a body may not be slower than this for idle_timeout
  std::chrono::milliseconds drain{30'000};      // after a stop: what is under way may end
  std::chrono::milliseconds heartbeat{15'000};  // of event streams, where nothing happens
  std::uint32_t pool_threads = 8;
};

// Which Host a request may name. A page of somebody else whose name is made to point at 127.0.0.1 (DNS
// rebinding) is told from ours by it: to be `loopback` where one listens on loopback without authentication.
enum class HostCheck : std::uint8_t { any, loopback };

struct HttpOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;                       // 0: any free one, see port()
  std::string certificate_file, private_key_file;  // PEM; both or none
  HostCheck host_check = HostCheck::any;           // 421 for others
  // "https://sluice.example", where a proxy in front calls this server by another name than its users do.
  // Else what the request's Host says.
  std::string public_origin;
  TrustedProxies trusted_proxies;  // who may say for whom they ask
  HttpLimits limits;
  RequestTally* tally = nullptr;  // by which requests_per_second is that of all nodes; null: of this one
};

// Who is it? Called on a pool thread. An error is a problem (401 with WWW-Authenticate). Null: nobody is
// asked, everybody is the Principal that is made by default.
using Authenticate = std::function<Result<Principal>(const Request&)>;

// After each answer, for metrics and the log; on a network thread, must be quick.
struct Served {
  const Request& request;
  const Route* route;  // null: none was found
  int status = 0;
  std::uint64_t received_bytes = 0, sent_bytes = 0;
  double seconds = 0;
};
using OnServed = std::function<void(const Served&)>;

class HttpServer {
 public:
  virtual ~HttpServer() = default;
  // Listens. Errors (usage): the address is taken or not this machine's; a certificate that cannot be used.
  static Result<std::unique_ptr<HttpServer>> open(const HttpOptions& options, const Routes& routes,
                                                  Authenticate authenticate, LiveEvents& live,
                                                  OnServed on_served);
  virtual std::uint16_t port() const = 0;
  // Serves until a stop is requested; then accepts no more, ends idle connections, lets requests under way
  // end within the drain time, says goodbye to event streams, and returns.
  virtual void run(std::stop_token stop) = 0;
};

}  // namespace sluice
