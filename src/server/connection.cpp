#include "server/connection.h"

#include <algorithm>
#include <boost/asio/ssl/error.hpp>

#include "base/uuid.h"
#include "server/on_pool.h"
#include "server/request_checks.h"
#include "server/request_target.h"

namespace sluice {

namespace {

// A refused client that takes its time must not keep the place of the next one for long.
constexpr auto kCrowdedTimeout = std::chrono::seconds(2);

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

Problem not_allowed(std::string detail) {
  return {
      .status = 403, .name = "forbidden", .title = "This key may not do that", .detail = std::move(detail)};
}

Result<> too_many_requests(int wait_seconds) {
  return refuse({.status = 429,
                 .name = "too-many-requests",
                 .title = "Too many requests",
                 .detail = "More requests came than are allowed in a second. Wait " +
                           (wait_seconds == 1 ? "a second." : std::to_string(wait_seconds) + " seconds."),
                 .retry_after_seconds = wait_seconds});
}

}  // namespace

Connection::Connection(ServerState& server, Socket socket, Address peer, bool crowded)
    : server_(server),
      stream_(std::move(socket), server.tls.get()),
      peer_(std::move(peer)),
      crowded_(crowded),
      timer_(server.io),
      wake_timer_(server.io) {}

void Connection::arm(Duration time) {
  if (crowded_) time = std::min<Duration>(time, kCrowdedTimeout);
  timed_out_ = false;
  deadline_ = std::chrono::steady_clock::now() + time;
  if (!watching_) {
    timer_.expires_at(deadline_);
    watch();
  } else if (deadline_ < timer_.expiry()) {
    timer_.expires_at(deadline_);  // ends the wait of now; watch() begins another
  }
}

// The timer is left to run out: a deadline that moves back, as nearly all do, costs nothing.
void Connection::watch() {
  watching_ = true;
  timer_.async_wait([self = shared_from_this()](const ErrorCode&) {
    self->watching_ = false;
    if (self->ended_ || self->deadline_ == std::chrono::steady_clock::time_point::max()) return;
    if (std::chrono::steady_clock::now() >= self->deadline_) {
      self->timed_out_ = true;
      self->disarm();
      ErrorCode ignored;
      self->stream_.socket().cancel(ignored);
    } else {
      self->timer_.expires_at(self->deadline_);
      self->watch();
    }
  });
}

bool Connection::is_too_late(const ErrorCode& error) const {
  return timed_out_ && error == asio::error::operation_aborted;
}

void Connection::stop() {
  wake_timer_.cancel();
  if (!idle_) return;
  ErrorCode ignored;
  stream_.socket().cancel(ignored);
}

void Connection::cut() {
  cut_ = true;
  wake_timer_.cancel();
  ErrorCode ignored;
  stream_.socket().close(ignored);
}

Awaitable<void> Connection::run() {
  if (stream_.tls() != nullptr) {
    idle_ = true;
    arm(server_.options.limits.head_timeout);
    auto [error] = co_await stream_.tls()->async_handshake(asio::ssl::stream_base::server, kAwait);
    disarm();
    idle_ = false;
    if (error) cut();
  }
  bool more = !cut_;
  while (more) {
    // After a yes the next request is waited for, and where none comes nothing is to be said.
    more = co_await wait_for_request();
    if (!more) break;
    more = co_await serve_one();
    if (!more) co_await say_goodbye();
  }
  ended_ = true;
  timer_.cancel();
  ErrorCode ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
  stream_.socket().close(ignored);
}

Awaitable<bool> Connection::serve_one() {
  Exchange exchange;
  Result<> ready = co_await read_head(exchange);
  if (ready) ready = prepare(exchange);
  if (exchange.request.id.empty()) exchange.request.id = new_uuid();
  Result<Response> response = Response();
  if (!ready) {
    response = std::unexpected(std::move(ready).error());
  } else if (exchange.answer) {
    response = std::move(*exchange.answer);
  } else {
    response = co_await answer(exchange);
  }
  bool keep = false;
  if (exchange.lost) {
    exchange.status = 499;  // known from other servers' logs: the client did not wait for an answer
  } else if (exchange.status == 0) {
    if (!response) response = to_response(problem_of(response.error()), exchange.request);
    if (exchange.route != nullptr && exchange.route->every_answer != nullptr)
      response = exchange.route->every_answer(*std::move(response));
    keep = co_await send(exchange, *std::move(response));
  }
  served(exchange);
  co_return keep;
}

// What the head alone decides, quickly, on the network thread.
Result<> Connection::prepare(Exchange& exchange) const {
  const auto& head = exchange.parser.get();
  Request& request = exchange.request;
  request.method = std::string(head.method_string());
  for (const auto& field : head)
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  const Address client = server_.options.trusted_proxies.client_of(peer_, request.headers);
  request.remote = client.to_string();
  exchange.place = place_of(client);
  const std::string_view sent_id = request.headers.get("X-Request-Id");
  request.id = is_sane_request_id(sent_id) ? std::string(sent_id) : new_uuid();
  exchange.keep = false;  // until it is known that both sides see the same end of this request
  exchange.minor = static_cast<int>(head.version() % 10);
  TRY(refuse_ambiguous(request, exchange.minor));
  auto target = TRY(parse_target(std::string_view(head.target().data(), head.target().size())));
  exchange.keep = head.keep_alive();
  request.path = target.decoded_path;
  request.query = std::move(target.query);
  std::string host = target.authority.empty() ? std::string(request.headers.get("Host")) : target.authority;
  const HttpOptions& options = server_.options;
  request.origin =
      !options.public_origin.empty() ? options.public_origin : (server_.tls ? "https://" : "http://") + host;
  if (auto length = exchange.parser.content_length()) request.content_length = *length;
  exchange.wants_continue =
      exchange.minor > 0 && boost::beast::iequals(head[http::field::expect], "100-continue");
  if (crowded_) {
    exchange.keep = false;
    return refuse({.status = 503,
                   .name = "crowded",
                   .title = "Too many connections",
                   .detail = "There are as many connections as this server allows, from this address or in "
                             "all. Try again in a moment, and use one connection for many requests."});
  }
  TRY(refuse_foreign_host(host, options.host_check));

  auto match = server_.routes.find(request.method, target.path);
  exchange.route = match.route;
  if (match.route == nullptr && request.method == "OPTIONS" &&
      (target.path == "*" || !match.methods.empty())) {
    exchange.answer.emplace().status = 204;
    exchange.answer->headers.add(
        "Allow", target.path == "*" ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" : joined(match.methods));
    return {};
  }
  if (match.route == nullptr && match.methods.empty()) {
    return fail(ErrorKind::not_found, "There is nothing at " + request.path +
                                          ". What there is stands in /openapi.json, readably at /docs.");
  }
  if (match.route == nullptr) {
    exchange.answer = to_response({.status = 405,
                                   .name = "method-not-allowed",
                                   .title = "That cannot be done there",
                                   .detail = request.method + " is nothing that can be done with " +
                                             request.path + ". Possible: " + joined(match.methods) + "."},
                                  request);
    exchange.answer->headers.add("Allow", joined(match.methods));
    return {};
  }
  request.parameters = std::move(match.parameters);
  exchange.upgrades = boost::beast::iequals(head[http::field::upgrade], "websocket") &&
                      !match.route->handler && !match.route->sink;
  TRY(refuse_cross_site(request, options.public_origin, exchange.upgrades));
  if (exchange.upgrades) {
    auto chosen = choose_subprotocol(request.headers.get("Sec-WebSocket-Protocol"));
    exchange.subprotocol = chosen.answer;
    if (!chosen.key.empty() && !request.headers.has("Authorization")) {
      request.headers.add("Authorization", "Bearer " + chosen.key);
    }
    request.headers.set("Sec-WebSocket-Protocol", "");  // a key is for Authenticate alone
  }
  std::uint64_t limit = match.route->sink ? options.limits.upload_bytes : options.limits.body_bytes;
  if (request.content_length.value_or(0) > limit) return body_too_large(limit);
  return {};
}

// Who is it, and may they? The one place that asks.
Result<> Connection::admit(Exchange& exchange) {
  const Route& route = *exchange.route;
  Request& request = exchange.request;
  if (route.permission == Permission::open) {  // nobody, who may nothing
    request.principal = {.tenant = "", .actor = "anonymous", .role = Role::viewer, .pipelines = {}};
    return {};
  }
  auto now = std::chrono::steady_clock::now();
  const std::string by_address = "address:" + exchange.place;
  auto too_many = [&](const std::string& who) {
    return too_many_requests(server_.rate.seconds_to_wait(who, now));
  };
  if (server_.authenticate) {
    // Who has sent wrong keys too often is not even looked up.
    if (!server_.rate.has(by_address, now)) return too_many(by_address);
    auto principal = server_.authenticate(request);
    if (!principal) {
      (void)server_.rate.take(by_address, now);
      return std::unexpected(std::move(principal).error());
    }
    request.principal = *std::move(principal);
  }
  const Principal& principal = request.principal;
  const std::string& who = principal.actor == "anonymous" ? by_address : principal.actor;
  if (!server_.rate.take(who, now)) return too_many(who);
  if (auto permission = lacking(route, request, principal.role)) {
    return refuse(not_allowed("This needs the permission \"" + std::string(name_of(*permission)) +
                              "\", which the role of this key does not have."));
  }
  for (const char* name : {"p", "pipeline"}) {
    auto pipeline = request.parameters.find(name);
    if (pipeline == request.parameters.end() || principal.pipelines.empty()) continue;
    if (std::ranges::find(principal.pipelines, pipeline->second) == principal.pipelines.end()) {
      return refuse(not_allowed("This key is for other pipelines than " + pipeline->second + "."));
    }
  }
  return {};
}

Awaitable<Result<Response>> Connection::answer(Exchange& exchange) {
  const Route& route = *exchange.route;
  bool has_body = !exchange.body_is_read();
  Result<Response> response = Response();
  Result<> admitted;
  std::unique_ptr<RequestSink> sink;
  // What needs no body is done in one go: a turn to the pool costs more than a small handler.
  auto begin = [&] {
    admitted = guarded([&] { return admit(exchange); });
    if (!admitted) return;
    if (route.sink) {
      auto made = guarded([&] { return route.sink(exchange.request); });
      if (made) {
        sink = *std::move(made);
      } else {
        admitted = std::unexpected(std::move(made).error());
      }
    } else if (route.handler && !has_body) {
      response = guarded([&] { return route.handler(exchange.request); });
    }
  };
  co_await on_pool(server_.pool, begin);
  if (!admitted) co_return std::unexpected(std::move(admitted).error());
  if (route.sink) co_return co_await feed(exchange, std::move(sink));
  if (has_body) {
    Result<> read = co_await read_small_body(exchange);
    if (!read) co_return std::unexpected(std::move(read).error());
  }
  if (!route.handler) {
    Result<> streamed = co_await stream_events(exchange);
    if (!streamed) co_return std::unexpected(std::move(streamed).error());
  } else if (has_body) {
    auto handle = [&] { response = guarded([&] { return route.handler(exchange.request); }); };
    co_await on_pool(server_.pool, handle);
  }
  co_return response;
}

void Connection::served(const Exchange& exchange) const {
  if (!server_.on_served) return;
  server_.on_served({.request = exchange.request,
                     .route = exchange.route,
                     .status = exchange.status,
                     .received_bytes = exchange.received,
                     .sent_bytes = exchange.sent,
                     .seconds = exchange.watch.seconds()});
}

}  // namespace sluice
