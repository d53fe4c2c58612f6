#include "server/http_server.h"

#include <netinet/tcp.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <map>
#include <optional>

#include "server/connection.h"
#include "server/share_rate.h"
#include "server/tls_context.h"

namespace sluice {

namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, NetworkExecutor>;

// So many clients beyond the limit are told why; still more are closed without a word.
constexpr std::size_t kCrowd = 64;
// Where the process has no file descriptor left, one may be free after this.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
// Bytes that are written and not yet sent. Without it a slow client's kernel buffer grows to megabytes, and
// between two writes passes so much time that the client seems to be gone.
constexpr int kUnsentBytes = 128 << 10;

class BeastServer final : public HttpServer {
 public:
  BeastServer(const HttpOptions& options, const Routes& routes, Authenticate authenticate, LiveEvents& live,
              OnServed on_served, std::unique_ptr<asio::ssl::context> tls)
      : state_{.options = options,
               .routes = routes,
               .authenticate = std::move(authenticate),
               .live = live,
               .on_served = std::move(on_served),
               .rate = RateLimit(options.limits.requests_per_second,
                                 options.tally == nullptr ? RateLimit::Nodes::one : RateLimit::Nodes::many),
               .tls = std::move(tls),
               .pool = asio::thread_pool(std::max(options.limits.pool_threads, 1u))},
        acceptor_(state_.io),
        pause_(state_.io),
        drain_(state_.io) {}

  Result<> listen();
  std::uint16_t port() const override { return port_; }
  void run(std::stop_token stop) override;

 private:
  Awaitable<void> accept();
  void take(Socket socket);
  void begin_stop();

  ServerState state_;
  Acceptor acceptor_;
  Timer pause_, drain_;
  std::uint16_t port_ = 0;
  std::map<Connection*, std::shared_ptr<Connection>> connections_;
  std::map<std::string, std::uint32_t> of_place_;
};

Result<> BeastServer::listen() {
  const HttpOptions& options = state_.options;
  ErrorCode error;
  auto address =
      asio::ip::make_address(options.address == "localhost" ? "127.0.0.1" : options.address, error);
  if (error) {
    return fail(ErrorKind::usage,
                "\"" + options.address +
                    "\" is not an address to listen on. It has to be a number: 127.0.0.1 for "
                    "this machine alone, 0.0.0.0 or :: for every network it is in.");
  }
  asio::ip::tcp::endpoint endpoint(address, options.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && address.is_v6()) {
    ErrorCode ignored;
    acceptor_.set_option(asio::ip::v6_only(false), ignored);
  }
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) {
    port_ = acceptor_.local_endpoint(error).port();
  }
  if (!error) return {};
  std::string where = options.address + ", port " + std::to_string(options.port);
  if (error == asio::error::address_in_use) {
    return fail(ErrorKind::usage,
                "Another program listens on " + where + " already. Stop it, or give another port.");
  }
  return fail(ErrorKind::usage, "Cannot listen on " + where + ": " + error.message() + ".");
}

void BeastServer::run(std::stop_token stop) {
  std::stop_callback on_stop(stop, [this] { asio::post(state_.io, [this] { begin_stop(); }); });
  std::optional<ShareRate> sharing;
  if (state_.options.tally != nullptr && state_.rate.rate() > 0)
    sharing.emplace(state_.rate, *state_.options.tally);
  asio::co_spawn(state_.io, accept(), [](const std::exception_ptr&) {});
  state_.io.run();
  state_.pool.join();
}

Awaitable<void> BeastServer::accept() {
  while (!state_.stopping) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwait);
    if (!error) {
      take(std::move(socket));
    } else if (error != asio::error::operation_aborted) {
      pause_.expires_after(kAcceptPause);
      (void)co_await pause_.async_wait(kAwait);
    }
  }
}

void BeastServer::take(Socket socket) {
  ErrorCode error;
  auto endpoint = socket.remote_endpoint(error);
  const HttpLimits& limits = state_.options.limits;
  if (error || state_.stopping || connections_.size() >= limits.connections + kCrowd) return;
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes, sizeof kUnsentBytes);
  const Address address = plain(endpoint.address());
  const std::string place = place_of(address);
  std::uint32_t& of_place = of_place_[place];
  bool crowded = connections_.size() >= limits.connections ||
                 (of_place >= limits.connections_per_address && !state_.options.trusted_proxies.has(address));
  ++of_place;
  auto connection = std::make_shared<Connection>(state_, std::move(socket), address, crowded);
  connections_.emplace(connection.get(), connection);
  asio::co_spawn(state_.io, connection->run(),
                 [this, connection, place](const std::exception_ptr&) {  // out of memory: only this client
                   connection->cut();
                   connections_.erase(connection.get());
                   if (--of_place_[place] == 0) of_place_.erase(place);
                   if (state_.stopping && connections_.empty()) drain_.cancel();
                 });
}

void BeastServer::begin_stop() {
  state_.stopping = true;
  ErrorCode ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (auto& [address, connection] : connections_) connection->stop();
  if (connections_.empty()) return;
  drain_.expires_after(state_.options.limits.drain);
  drain_.async_wait([this](const ErrorCode& error) {
    if (error) return;
    for (auto& [address, connection] : connections_) connection->cut();
  });
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::open(const HttpOptions& options, const Routes& routes,
                                                     Authenticate authenticate, LiveEvents& live,
                                                     OnServed on_served) {
  std::unique_ptr<asio::ssl::context> tls;
  if (options.certificate_file.empty() != options.private_key_file.empty()) {
    return fail(ErrorKind::usage, "TLS needs both a certificate and its key; only one of them is given.");
  }
  if (!options.certificate_file.empty()) {
    tls = TRY(make_tls_context(options.certificate_file, options.private_key_file));
  }
  auto server = std::make_unique<BeastServer>(options, routes, std::move(authenticate), live,
                                              std::move(on_served), std::move(tls));
  TRY(server->listen());
  return server;
}

}  // namespace sluice
