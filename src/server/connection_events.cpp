// Streams of events on a connection: server-sent events, or a WebSocket where the client asks for one. Each
// client reads the log from its own place, a small batch at a time, when the last batch was taken by its
// socket; so a slow one costs no memory and holds nobody up.
#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <charconv>

#include "ports/cloud_event.h"
#include "server/asked.h"
#include "server/connection.h"
#include "server/live_events.h"
#include "server/on_pool.h"

namespace sluice {

namespace {

namespace websocket = boost::beast::websocket;

constexpr std::size_t kBatch = 64;             // events read and sent at once
constexpr std::size_t kLargestMessage = 4096;  // of a client, which has nothing to say
constexpr int kSilentHeartbeats = 3;           // so many without a pong: nobody is there
constexpr auto kCloseWithin = std::chrono::seconds(2);

Result<std::optional<std::uint64_t>> number_asked(const Request& request) {
  std::string text(request.headers.get("Last-Event-ID"));
  if (text.empty()) text = request.asked("after").value_or("");
  if (text.empty()) return std::nullopt;
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(
        ErrorKind::usage,
        "\"after\" or Last-Event-ID has to be the number of the last event that was seen, as its id or "
        "sequence says; it is \"" +
            text + "\".");
  }
  return number;
}

std::string chunk_of(std::string_view text, int minor) {
  if (minor == 0) return std::string(text);  // HTTP/1.0: until the connection ends
  std::array<char, 16> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), text.size(), 16).ptr;
  std::string chunk(digits.data(), end);
  chunk += "\r\n";
  chunk += text;
  chunk += "\r\n";
  return chunk;
}

std::string text_of(const std::vector<Event>& events) {
  std::string text;
  for (const Event& event : events) {
    text += "id: " + std::to_string(event.number) + "\ndata: " + cloud_event_json(event) + "\n\n";
  }
  return text;
}

}  // namespace

// What Beast's WebSocket asks of the stream below it: how it ends.
template <class Handler>
void async_teardown(boost::beast::role_type, Stream& stream, Handler&& handler) {
  ErrorCode ignored;
  stream.socket().shutdown(asio::socket_base::shutdown_both, ignored);
  asio::post(stream.get_executor(),
             [handler = std::forward<Handler>(handler)]() mutable { handler(ErrorCode()); });
}
void beast_close_socket(Stream& stream) {
  ErrorCode ignored;
  stream.socket().close(ignored);
}

void Connection::wake() {
  woken_ = true;
  wake_timer_.cancel();
}

Awaitable<Result<>> Connection::stream_events(Exchange& exchange) {
  const Request& request = exchange.request;
  // A slip of the pen in a filter must not match everything.
  Result<> known = check_asked(request, {"job", "after"});
  if (!known) co_return known;
  auto asked = number_asked(request);
  if (!asked) co_return std::unexpected(std::move(asked).error());
  Feed feed{.filter = {.tenant = request.principal.tenant, .job_id = request.asked("job").value_or("")}};
  Result<std::uint64_t> newest = std::uint64_t{0};
  auto look = [&] {
    newest = guarded([&] { return server_.live.newest(); });
    // A client may have read further than this process has heard of.
    if (newest && asked->value_or(0) > *newest)
      newest = guarded([&] { return server_.live.newest_in_log(); });
  };
  co_await on_pool(server_.pool, look);
  if (!newest) co_return std::unexpected(std::move(newest).error());
  // A number beyond the newest is of another store, or of a node that is ahead of this one by a moment.
  feed.begin = feed.after = std::min(asked->value_or(*newest), *newest);
  Result<> first = co_await read_on(feed, request);
  if (!first) co_return first;
  if (exchange.upgrades) {
    co_await send_websocket(exchange, feed);
  } else {
    co_await send_text_stream(exchange, feed);
  }
  exchange.keep = false;
  co_return Result<>();
}

Awaitable<Result<>> Connection::read_on(Feed& feed, const Request& request) {
  Result<> done;
  auto read = [&] {
    done = guarded([&]() -> Result<> {
      // Asked first: what is numbered after it may be read twice, but is never passed over.
      std::uint64_t newest = TRY(server_.live.newest());
      feed.events = TRY(server_.live.read(feed.filter, feed.after, kBatch));
      feed.more = feed.events.size() == kBatch;
      if (!feed.events.empty()) feed.after = feed.events.back().number;
      // Of one job nothing may happen for long: its client's place moves on with the log all the same.
      if (!feed.more) feed.after = std::max(feed.after, newest);
      const auto& allowed = request.principal.pipelines;
      if (allowed.empty()) return {};
      std::erase_if(feed.events, [&](const Event& event) {
        return std::ranges::find(allowed, event.pipeline) == allowed.end();
      });
      return {};
    });
  };
  co_await on_pool(server_.pool, read);
  co_return done;
}

Awaitable<Connection::Woke> Connection::wait_for_more(const Feed& feed) {
  woken_ = false;
  auto waiting =
      server_.live.when_more(feed.after, [weak = weak_from_this(), network = server_.io.get_executor()] {
        asio::post(network, [weak] {
          if (auto self = weak.lock()) self->wake();
        });
      });
  if (!peer_gone_ && !cut_ && !server_.stopping) {
    wake_timer_.expires_after(server_.options.limits.heartbeat);
    (void)co_await wake_timer_.async_wait(kAwait);
  }
  if (peer_gone_ || cut_ || server_.stopping) co_return Woke::end;
  co_return woken_ ? Woke::more : Woke::heartbeat;
}

Awaitable<void> Connection::listener_has_ended() {
  while (listening_) {
    wake_timer_.expires_after(kCloseWithin);
    (void)co_await wake_timer_.async_wait(kAwait);
  }
}

// --- server-sent events ---

Awaitable<void> Connection::listen() {
  std::array<char, 512> bytes;
  while (true) {
    auto [error, size] = co_await stream_.async_read_some(asio::buffer(bytes), kAwait);
    if (error) break;
  }
  listening_ = false;
  peer_gone_ = true;
  wake();
}

Awaitable<void> Connection::send_text_stream(Exchange& exchange, Feed& feed) {
  Response response;
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("X-Accel-Buffering", "no");  // a proxy in front is to pass on what there is
  HeadOptions options{.framing = exchange.minor > 0 ? BodyFraming::chunked : BodyFraming::until_close,
                      .after = After::close};
  exchange.status = 200;
  std::string text = response_head(response, exchange.request, options);
  if (exchange.request.method == "HEAD") {
    (void)co_await write(exchange, text);
    co_return;
  }
  // With the number a client that loses the stream before its first event comes back to the same place.
  text += chunk_of("retry: 2000\nid: " + std::to_string(feed.begin) + "\n\n", exchange.minor);
  bool sent = co_await write(exchange, text);
  listening_ = true;
  asio::co_spawn(server_.io, listen(), [self = shared_from_this()](const std::exception_ptr&) {});
  while (sent) {
    if (!feed.events.empty()) {
      text = chunk_of(text_of(feed.events), exchange.minor);
      sent = co_await write(exchange, text);
      if (!sent) break;
    }
    feed.events.clear();
    Woke woke = Woke::more;
    if (!feed.more || server_.stopping || peer_gone_) woke = co_await wait_for_more(feed);
    if (woke == Woke::end) break;
    if (woke == Woke::heartbeat) {
      // The number without data makes no event of it, but is what the client begins after when it comes
      // again.
      text = chunk_of(": still here\nid: " + std::to_string(feed.after) + "\n\n", exchange.minor);
      sent = co_await write(exchange, text);
    } else {
      // A failure ends the stream; when the client comes again it is told what it is.
      Result<> read = co_await read_on(feed, exchange.request);
      if (!read) break;
    }
  }
  if (sent && !peer_gone_ && exchange.minor > 0) {
    std::string_view last_chunk = "0\r\n\r\n";
    sent = co_await write(exchange, last_chunk);
  }
  ErrorCode ignored;
  stream_.socket().cancel(ignored);
  co_await listener_has_ended();
  if (!sent) cut();
}

// --- WebSocket ---

Awaitable<void> Connection::listen(EventSocket& socket) {
  boost::beast::flat_buffer unread;
  while (true) {
    auto [error, size] = co_await socket.async_read(unread, kAwait);
    if (error) break;
    unread.clear();
    heard_ = std::chrono::steady_clock::now();
  }
  listening_ = false;
  peer_gone_ = true;
  wake();
}

Awaitable<void> Connection::send_websocket(Exchange& exchange, Feed& feed) {
  EventSocket socket(stream_);
  socket.read_message_max(kLargestMessage);
  socket.text(true);
  socket.set_option(websocket::stream_base::decorator([&](websocket::response_type& response) {
    response.set("X-Request-Id", exchange.request.id);
    if (!exchange.subprotocol.empty())
      response.set(http::field::sec_websocket_protocol, exchange.subprotocol);
  }));
  socket.control_callback([this](websocket::frame_type, boost::beast::string_view) {
    heard_ = std::chrono::steady_clock::now();
  });
  const HttpLimits& limits = server_.options.limits;
  arm(limits.head_timeout);
  auto [refused] = co_await socket.async_accept(exchange.parser.get(), kAwait);
  disarm();
  exchange.status = refused ? 400 : 101;
  if (refused) co_return;
  heard_ = std::chrono::steady_clock::now();
  listening_ = true;
  asio::co_spawn(server_.io, listen(socket), [self = shared_from_this()](const std::exception_ptr&) {});
  bool sent = true;
  while (sent) {
    for (const Event& event : feed.events) {
      std::string text = cloud_event_json(event);
      arm(limits.idle_timeout);
      auto [error, size] = co_await socket.async_write(asio::buffer(text), kAwait);
      disarm();
      exchange.sent += size;
      sent = !error;
      if (!sent) break;
    }
    if (!sent) break;
    feed.events.clear();
    Woke woke = Woke::more;
    if (!feed.more || server_.stopping || peer_gone_) woke = co_await wait_for_more(feed);
    if (woke == Woke::end) break;
    if (woke == Woke::heartbeat) {
      if (std::chrono::steady_clock::now() - heard_ > limits.heartbeat * kSilentHeartbeats) break;
      websocket::ping_data nothing;
      arm(limits.idle_timeout);
      auto [error] = co_await socket.async_ping(nothing, kAwait);
      disarm();
      sent = !error;
    } else {
      Result<> read = co_await read_on(feed, exchange.request);
      if (!read) break;
    }
  }
  if (sent && !peer_gone_ && !cut_) {
    websocket::close_reason reason(server_.stopping ? websocket::close_code::going_away
                                                    : websocket::close_code::try_again_later);
    arm(kCloseWithin);
    (void)co_await socket.async_close(reason, kAwait);
    disarm();
  }
  cut();  // what TLS would say at the end, the closing of the WebSocket has said
  co_await listener_has_ended();
}

}  // namespace sluice
