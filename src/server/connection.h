// Connection: one client, request after request. A coroutine of the network thread; what may block is handed
// to the pool piece by piece. Made by http_server.cpp, which holds it until its coroutine has ended.
//
// connection.cpp tells the story of a request; connection_read.cpp has what comes in, connection_write.cpp
// what goes out, connection_events.cpp the streams of events.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/websocket/stream_fwd.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/asio_types.h"
#include "server/http_server.h"
#include "server/rate_limit.h"
#include "server/response_head.h"
#include "server/stream.h"

namespace sluice {

namespace http = boost::beast::http;

// What the connections of a server share. Network thread, where nothing else is said.
struct ServerState {
  HttpOptions options;
  const Routes& routes;             // any thread
  const Authenticate authenticate;  // any thread
  LiveEvents& live;                 // any thread
  const OnServed on_served;
  RateLimit rate;                           // any thread
  std::unique_ptr<asio::ssl::context> tls;  // null: without
  asio::io_context io{1};
  asio::thread_pool pool;
  bool stopping = false;
};

// One request and its answer.
struct Exchange {
  http::request_parser<http::buffer_body> parser;
  Request request;
  std::string place;  // what counts as one client where there is no key
  const Route* route = nullptr;
  std::optional<Response> answer;     // where no handler is needed: OPTIONS
  int minor = 1;                      // HTTP/1.minor
  bool keep = true;                   // the connection, afterwards
  bool wants_continue = false;        // waits for 100 before it sends its body
  bool upgrades = false;              // to a WebSocket
  bool lost = false;                  // the client went away, or cannot be answered
  std::string subprotocol;            // of the WebSocket
  int status = 0;                     // as it was sent
  std::optional<std::uint64_t> rest;  // bytes of the body still to come; nullopt: it comes in chunks
  std::uint64_t received = 0, sent = 0;
  Stopwatch watch;
  // How fast the body comes: time spent in waiting for the client, and bytes, since the last look.
  std::chrono::steady_clock::duration waited{};
  std::uint64_t waited_for_bytes = 0;

  bool body_is_read() const { return rest ? *rest == 0 : parser.is_done(); }
};

using EventSocket = boost::beast::websocket::stream<Stream&, false>;  // without compression

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `peer`: who has connected. `crowded`: there are too many already; the first request is answered with 503.
  Connection(ServerState& server, Socket socket, Address peer, bool crowded);

  Awaitable<void> run();
  void stop();  // ends when what is under way has ended
  void cut();   // now

 private:
  using Duration = std::chrono::steady_clock::duration;
  using Deadline = std::chrono::steady_clock::time_point;
  static constexpr Deadline kNoDeadline = Deadline::max();
  enum class Came : std::uint8_t { bytes, end, too_late, lost, malformed };
  struct Piece {
    Came came = Came::lost;
    std::size_t size = 0;
    Came then = Came::bytes;  // what is known to come after it, if it is not bytes
  };
  struct Received {
    ErrorCode error;
    std::size_t size = 0;      // of the body
    std::size_t received = 0;  // on the connection
  };

  // The story (connection.cpp). True: another request may follow.
  Awaitable<bool> serve_one();
  Result<> prepare(Exchange& exchange) const;
  Result<> admit(Exchange& exchange);  // on the pool
  Awaitable<Result<Response>> answer(Exchange& exchange);
  void served(const Exchange& exchange) const;

  // What comes in (connection_read.cpp).
  Awaitable<bool> wait_for_request();  // false: none comes
  Awaitable<Result<>> read_head(Exchange& exchange);
  Awaitable<Result<>> invite_body(Exchange& exchange);  // 100-continue
  // At least one byte where `came` says bytes; none where a deadline was given, and it is over.
  Awaitable<Piece> read_piece(Exchange& exchange, std::span<char> into, Deadline until = kNoDeadline);
  Awaitable<Received> receive_plain(Exchange& exchange, std::span<char> into);
  Awaitable<Received> receive_chunked(Exchange& exchange, std::span<char> into);
  Awaitable<Piece> collect(Exchange& exchange, std::vector<char>& bytes, bool is_long);
  static std::unexpected<Error> no_body(Exchange& exchange, Came came);
  Awaitable<Result<>> read_small_body(Exchange& exchange);
  Awaitable<Result<Response>> feed(Exchange& exchange, std::unique_ptr<RequestSink> sink);
  Awaitable<void> discard_small_rest(Exchange& exchange);

  // What goes out (connection_write.cpp). False: the client is lost.
  Awaitable<bool> write(Exchange& exchange, std::string_view bytes);
  Awaitable<bool> send(Exchange& exchange, Response response);
  Awaitable<bool> send_stream(Exchange& exchange, Response& response);
  Awaitable<void> say_goodbye();  // lets what was sent arrive although more comes in

  // Events (connection_events.cpp). An error: nothing was sent yet, and it is to be answered.
  struct Feed {  // one client's place in the log
    EventFilter filter;
    std::uint64_t begin = 0;  // what it asked to begin after
    std::uint64_t after = 0;
    std::vector<Event> events;  // read and not sent
    bool more = false;          // there is more to read at once
  };
  enum class Woke : std::uint8_t { more, heartbeat, end };
  Awaitable<Result<>> stream_events(Exchange& exchange);
  Awaitable<Result<>> read_on(Feed& feed, const Request& request);
  Awaitable<Woke> wait_for_more(const Feed& feed);
  void wake();
  Awaitable<void> send_text_stream(Exchange& exchange, Feed& feed);
  Awaitable<void> listen();  // until the client of a text stream goes away
  Awaitable<void> send_websocket(Exchange& exchange, Feed& feed);
  Awaitable<void> listen(EventSocket& socket);
  Awaitable<void> listener_has_ended();

  // The deadline of the operation that is waited for; one that is over ends it with operation_aborted.
  void arm(Duration time);
  void disarm() { deadline_ = std::chrono::steady_clock::time_point::max(); }
  void watch();
  bool is_too_late(const ErrorCode& error) const;

  ServerState& server_;
  Stream stream_;
  const Address peer_;
  bool crowded_;
  boost::beast::flat_buffer buffer_;  // received and not looked at
  bool idle_ = false;                 // waits for a request, or the handshake before the first
  bool fresh_ = true;                 // has sent none yet
  bool cut_ = false;
  Timer timer_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  bool watching_ = false, timed_out_ = false, ended_ = false;
  // Of streams of events.
  Timer wake_timer_;
  bool woken_ = false, listening_ = false, peer_gone_ = false;
  std::chrono::steady_clock::time_point heard_;
};

}  // namespace sluice
