// What comes in on a connection: heads and bodies, within their limits of size and time.
#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <vector>

#include "server/connection.h"
#include "server/on_pool.h"
#include "server/request_checks.h"

namespace sluice {

namespace {

constexpr std::size_t kHeadRoom = 4096;  // most heads fit in; one read
// What is handed to a sink at once, and what is received at once: large enough that the turn to the pool
// costs little, small enough for a thousand clients.
constexpr std::size_t kBodyPieceBytes = 64u << 10;
// A body that turns out to be long is collected into larger pieces, as long as it comes fast: a third of the
// time went into turns to the pool. Two of them are held, one that comes in and one that is taken.
constexpr std::uint64_t kLongBodyBytes = 1u << 20;
constexpr std::size_t kLongPieceBytes = 1u << 20;
constexpr auto kCollecting = std::chrono::milliseconds(50);
// The rest of a body that nobody wants is read so far, to keep the connection for the next request.
constexpr std::uint64_t kSmallRest = 64u << 10;

std::unexpected<Error> malformed(const ErrorCode& error) {
  return refuse({.status = 400,
                 .name = "malformed-request",
                 .title = "The request is not HTTP as it has to be",
                 .detail = "The request cannot be read as HTTP/1.1: " + error.message() + "."});
}

std::unexpected<Error> too_slow(std::string detail) {
  return refuse({.status = 408,
                 .name = "too-slow",
                 .title = "The request came too slowly",
                 .detail = std::move(detail)});
}

}  // namespace

Awaitable<bool> Connection::wait_for_request() {
  if (buffer_.size() > 0) co_return !server_.stopping;
  if (server_.stopping || cut_) co_return false;
  buffer_.shrink_to_fit();  // a connection that waits holds no memory for bodies that were
  idle_ = true;
  const HttpLimits& limits = server_.options.limits;
  arm(fresh_ ? std::min(limits.head_timeout, limits.idle_timeout) : limits.idle_timeout);
  auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(kHeadRoom), kAwait);
  disarm();
  idle_ = fresh_ = false;
  if (error) co_return false;
  buffer_.commit(size);
  co_return true;
}

Awaitable<Result<>> Connection::read_head(Exchange& exchange) {
  exchange.parser.header_limit(server_.options.limits.header_bytes);
  exchange.parser.body_limit(boost::none);  // by route, later
  arm(server_.options.limits.head_timeout);
  auto [error, size] = co_await http::async_read_header(stream_, buffer_, exchange.parser, kAwait);
  disarm();
  exchange.received += size;
  if (!error) {
    if (auto length = exchange.parser.content_length_remaining()) exchange.rest = *length;
    co_return Result<>();
  }
  exchange.keep = false;
  if (is_too_late(error))
    co_return too_slow("The head of the request did not arrive within the time allowed.");
  if (error == http::error::header_limit) {
    co_return refuse({.status = 431,
                      .name = "head-too-large",
                      .title = "The head of the request is too large",
                      .detail = "The address and the headers of the request are larger than the " +
                                std::to_string(server_.options.limits.header_bytes) +
                                " bytes that are allowed together."});
  }
  if (error.category() != http::make_error_code(http::error::end_of_stream).category() ||
      error == http::error::end_of_stream || error == http::error::partial_message) {
    exchange.lost = true;
  }
  co_return malformed(error);
}

Awaitable<Result<>> Connection::invite_body(Exchange& exchange) {
  if (!exchange.wants_continue || buffer_.size() > 0 || exchange.body_is_read()) co_return Result<>();
  exchange.wants_continue = false;
  // Named first: g++ 12 lays the frame of a coroutine out wrongly that makes a temporary in a condition.
  std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  bool sent = co_await write(exchange, interim);
  if (!sent) {
    exchange.lost = true;
    co_return fail(ErrorKind::io, "The client went away.");
  }
  co_return Result<>();
}

Awaitable<Connection::Received> Connection::receive_chunked(Exchange& exchange, std::span<char> into) {
  auto& body = exchange.parser.get().body();
  body.data = into.data();
  body.size = into.size();
  body.more = true;
  auto [error, received] = co_await http::async_read_some(stream_, buffer_, exchange.parser, kAwait);
  if (error == http::error::need_buffer) error = {};  // `into` is full
  co_return Received{error, into.size() - body.size, received};
}

// Past Beast, whose buffer would be one more copy of every byte.
Awaitable<Connection::Received> Connection::receive_plain(Exchange& exchange, std::span<char> into) {
  into = into.first(std::min<std::uint64_t>(into.size(), *exchange.rest));
  Received came;
  if (buffer_.size() > 0) {  // came with the head
    came.size = asio::buffer_copy(asio::buffer(into.data(), into.size()), buffer_.data());
    buffer_.consume(came.size);
  } else {
    auto [error, size] = co_await stream_.async_read_some(asio::buffer(into.data(), into.size()), kAwait);
    came = {error, size, size};
  }
  *exchange.rest -= came.size;
  co_return came;
}

Awaitable<Connection::Piece> Connection::read_piece(Exchange& exchange, std::span<char> into,
                                                    Deadline until) {
  const HttpLimits& limits = server_.options.limits;
  std::size_t size = 0;
  while (!exchange.body_is_read() && size == 0) {
    auto begin = std::chrono::steady_clock::now();
    arm(std::min<Duration>(limits.idle_timeout, until - begin));
    Received came;
    if (exchange.rest) {
      came = co_await receive_plain(exchange, into);
    } else {
      came = co_await receive_chunked(exchange, into);
    }
    disarm();
    const ErrorCode& error = came.error;
    size = came.size;
    exchange.received += came.received;
    if (is_too_late(error)) co_return Piece{until == kNoDeadline ? Came::too_late : Came::bytes};
    if (error) {
      bool is_http = error.category() == http::make_error_code(http::error::end_of_stream).category();
      bool ended = error == http::error::partial_message || error == http::error::end_of_stream;
      co_return Piece{is_http && !ended ? Came::malformed : Came::lost};
    }
    exchange.waited += std::chrono::steady_clock::now() - begin;
    exchange.waited_for_bytes += came.received;
    if (exchange.waited >= limits.idle_timeout) {
      double seconds = std::chrono::duration<double>(exchange.waited).count();
      if (static_cast<double>(exchange.waited_for_bytes) < seconds * limits.body_bytes_per_second) {
        co_return Piece{Came::too_late};
      }
      exchange.waited = {};
      exchange.waited_for_bytes = 0;
    }
  }
  co_return Piece{size == 0 ? Came::end : Came::bytes, size};
}

std::unexpected<Error> Connection::no_body(Exchange& exchange, Came came) {
  exchange.keep = false;
  if (came == Came::too_late) return too_slow("The body of the request came too slowly, or stopped.");
  if (came == Came::malformed) {
    return refuse({.status = 400,
                   .name = "malformed-request",
                   .title = "The request is not HTTP as it has to be",
                   .detail = "The body of the request is not in chunks as its head says."});
  }
  exchange.lost = true;
  return fail(ErrorKind::io, "The client went away.");
}

Awaitable<Result<>> Connection::read_small_body(Exchange& exchange) {
  Result<> invited = co_await invite_body(exchange);
  if (!invited) co_return invited;
  std::uint64_t limit = server_.options.limits.body_bytes;
  std::string& body = exchange.request.body;
  std::size_t size = 0;
  // One byte more than is said or allowed, so that more is seen as more.
  std::uint64_t said = exchange.request.content_length.value_or(kBodyPieceBytes);
  body.resize(std::min<std::uint64_t>(said, kBodyPieceBytes) + 1);
  while (true) {
    Piece piece = co_await read_piece(exchange, std::span(body).subspan(size));
    if (piece.came == Came::end) break;
    if (piece.came != Came::bytes) co_return no_body(exchange, piece.came);
    size += piece.size;
    if (size > limit) {
      exchange.keep = false;
      co_return body_too_large(limit);
    }
    if (size == body.size()) body.resize(std::min<std::uint64_t>(body.size() * 2, limit + 1));
  }
  body.resize(size);
  co_return Result<>();
}

// One piece: what comes at once of a short body, as much as comes fast of a long one.
Awaitable<Connection::Piece> Connection::collect(Exchange& exchange, std::vector<char>& bytes, bool is_long) {
  bytes.resize(is_long ? kLongPieceBytes : kBodyPieceBytes);
  if (!exchange.rest) buffer_.reserve(kBodyPieceBytes);
  const Deadline until = std::chrono::steady_clock::now() + kCollecting;
  Piece piece = co_await read_piece(exchange, bytes);
  Piece more = piece;
  while (is_long && more.came == Came::bytes && more.size > 0 && piece.size < bytes.size() &&
         !exchange.body_is_read()) {
    more = co_await read_piece(exchange, std::span(bytes).subspan(piece.size), until);
    piece.size += more.size;
    if (more.came != Came::bytes) piece.then = more.came;
  }
  if (piece.came == Came::bytes && exchange.body_is_read()) piece.then = Came::end;
  co_return piece;
}

Awaitable<Result<Response>> Connection::feed(Exchange& exchange, std::unique_ptr<RequestSink> sink) {
  using namespace asio::experimental::awaitable_operators;
  Result<Response> response = Response();
  Result<> taken = co_await invite_body(exchange);
  const std::uint64_t limit = server_.options.limits.upload_bytes;
  std::uint64_t total = 0;
  std::vector<char> bytes, next_bytes;
  Piece piece, next;
  auto take = [&] {
    if (piece.came == Came::bytes) taken = guarded([&] { return sink->write({bytes.data(), piece.size}); });
    if (piece.came == Came::end) response = guarded([&] { return sink->finish(); });
    if (piece.came != Came::bytes || !taken) sink.reset();
  };
  auto take_beside = [&]() -> Awaitable<void> {
    co_await on_pool(server_.pool, take);
    if (taken) co_return;
    exchange.keep = false;
    ErrorCode ignored;
    stream_.socket().cancel(ignored);  // nobody wants what the other half waits for
  };
  if (taken) piece = co_await collect(exchange, bytes, false);
  while (taken) {
    total += piece.size;
    if (total > limit) {
      exchange.keep = false;
      taken = body_too_large(limit);
      break;
    }
    if (piece.came == Came::bytes && piece.then == Came::bytes && total >= kLongBodyBytes) {
      // The next is received while this one is taken.
      next = co_await (take_beside() && collect(exchange, next_bytes, true));
      std::swap(bytes, next_bytes);
    } else {
      co_await on_pool(server_.pool, take);
      if (piece.came != Came::bytes || !taken) break;
      next = Piece{piece.then};
      if (piece.then == Came::bytes) next = co_await collect(exchange, bytes, false);
    }
    piece = next;
  }
  if (sink) {
    auto drop = [&] { sink.reset(); };
    co_await on_pool(server_.pool, drop);
  }
  if (!taken) co_return std::unexpected(std::move(taken).error());
  if (piece.came != Came::end) co_return no_body(exchange, piece.came);
  co_return response;
}

Awaitable<void> Connection::discard_small_rest(Exchange& exchange) {
  if (!exchange.keep || exchange.body_is_read()) co_return;
  if (!exchange.wants_continue && exchange.rest && *exchange.rest <= kSmallRest) {
    std::vector<char> bytes(4096);
    Piece piece{Came::bytes};
    while (piece.came == Came::bytes) piece = co_await read_piece(exchange, bytes);
  }
  if (!exchange.body_is_read()) exchange.keep = false;
}

}  // namespace sluice
