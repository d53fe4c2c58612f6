// What goes out on a connection: answers, whole or made while they are sent, and the end.
#include <array>
#include <charconv>
#include <cstring>
#include <vector>

#include "server/connection.h"
#include "server/on_pool.h"

namespace sluice {

namespace {

constexpr std::size_t kPieceBytes = 64u << 10;  // of a stream
// Before it a chunk has its size in hexadecimal and a line end, after it another line end.
constexpr std::size_t kChunkHead = 10, kChunkTail = 2;
// A client that is told no and sends on is listened to so long, that it may come to reading the answer: with
// unread bytes a closed connection is reset, and the answer lost.
constexpr auto kGoodbye = std::chrono::seconds(2);
constexpr std::uint64_t kGoodbyeBytes = 32u << 20;

}  // namespace

Awaitable<bool> Connection::write(Exchange& exchange, std::string_view bytes) {
  while (!bytes.empty()) {
    if (cut_) co_return false;
    arm(server_.options.limits.idle_timeout);
    auto [error, size] = co_await stream_.async_write_some(asio::buffer(bytes.data(), bytes.size()), kAwait);
    disarm();
    exchange.sent += size;
    if (error) co_return false;
    bytes.remove_prefix(size);
  }
  co_return true;
}

Awaitable<bool> Connection::send(Exchange& exchange, Response response) {
  co_await discard_small_rest(exchange);
  if (server_.stopping) exchange.keep = false;
  exchange.status = response.status;
  bool sent = false;
  if (response.stream) {
    sent = co_await send_stream(exchange, response);
    auto drop = [&] { response.stream.reset(); };
    co_await on_pool(server_.pool, drop);
  } else {
    bool without = response.status == 204 || response.status == 304 || response.status < 200;
    HeadOptions options{.framing = without ? BodyFraming::none : BodyFraming::length,
                        .length = response.body.size(),
                        .after = exchange.keep ? After::keep : After::close};
    std::string bytes = response_head(response, exchange.request, options);
    bool with_body = !without && exchange.request.method != "HEAD";
    bool at_once = with_body && response.body.size() <= kPieceBytes;
    if (at_once) bytes += response.body;
    sent = co_await write(exchange, bytes);
    if (sent && with_body && !at_once) sent = co_await write(exchange, response.body);
  }
  if (!sent) cut();
  co_return sent&& exchange.keep;
}

Awaitable<bool> Connection::send_stream(Exchange& exchange, Response& response) {
  HeadOptions options{.framing = BodyFraming::chunked};
  bool length_is_known = response.headers.has("Content-Length");
  if (length_is_known) {
    options.framing = BodyFraming::none;  // the handler's own Content-Length stands
  } else if (exchange.minor == 0) {
    options.framing = BodyFraming::until_close;
    exchange.keep = false;
  }
  options.after = exchange.keep ? After::keep : After::close;
  if (exchange.request.method == "HEAD") {
    std::string head = response_head(response, exchange.request, options);
    co_return co_await write(exchange, head);
  }

  std::vector<char> bytes(kChunkHead + kPieceBytes + kChunkTail);
  Result<std::size_t> size = std::size_t{0};
  auto read = [&] {
    size = guarded([&] { return response.stream->read(std::span(bytes).subspan(kChunkHead, kPieceBytes)); });
  };
  co_await on_pool(server_.pool, read);
  if (!size) {  // nothing is sent yet: the client can still be told
    Response problem = to_response(problem_of(size.error()), exchange.request);
    exchange.status = problem.status;
    exchange.keep = exchange.keep && exchange.minor > 0;
    options = {.length = problem.body.size(), .after = exchange.keep ? After::keep : After::close};
    std::string whole = response_head(problem, exchange.request, options) + problem.body;
    co_return co_await write(exchange, whole);
  }
  std::string head = response_head(response, exchange.request, options);
  if (!co_await write(exchange, head)) co_return false;
  while (size && *size > 0) {
    char* begin = bytes.data() + kChunkHead;
    char* end = begin + *size;
    if (options.framing == BodyFraming::chunked) {
      std::array<char, kChunkHead> chunk_head;
      auto [after_digits, error] = std::to_chars(chunk_head.data(), chunk_head.data() + 8, *size, 16);
      *after_digits++ = '\r';
      *after_digits++ = '\n';
      auto length = static_cast<std::size_t>(after_digits - chunk_head.data());
      begin -= length;
      std::memcpy(begin, chunk_head.data(), length);
      *end++ = '\r';
      *end++ = '\n';
    }
    std::string_view chunk(begin, end);
    if (!co_await write(exchange, chunk)) co_return false;
    co_await on_pool(server_.pool, read);
  }
  if (!size) co_return false;  // cut in the middle: what is there is not taken for the whole
  std::string_view last_chunk = options.framing == BodyFraming::chunked ? "0\r\n\r\n" : "";
  co_return co_await write(exchange, last_chunk);
}

Awaitable<void> Connection::say_goodbye() {
  if (cut_) co_return;
  arm(kGoodbye);
  if (stream_.tls() != nullptr) {
    (void)co_await stream_.tls()->async_shutdown(kAwait);
    if (timed_out_ || cut_) co_return;
  }
  ErrorCode ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  std::vector<char> bytes(kPieceBytes);
  for (std::uint64_t total = 0; total < kGoodbyeBytes && !timed_out_;) {
    auto [error, size] = co_await stream_.socket().async_read_some(asio::buffer(bytes), kAwait);
    if (error) break;
    total += size;
  }
  disarm();
}

}  // namespace sluice
