#include "server/http_test_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace sluice::testing {

RunningServer::RunningServer(Routes routes, HttpOptions options, Authenticate authenticate, LiveEvents* live)
    : routes_(std::move(routes)) {
  options.port = 0;
  auto server = HttpServer::open(options, routes_, std::move(authenticate),
                                 live != nullptr ? *live : no_events_, [this](const Served& served) {
                                   std::lock_guard lock(mutex_);
                                   served_.push_back(served.status);
                                 });
  if (!server) {
    ADD_FAILURE() << server.error().message;
    std::abort();
  }
  server_ = *std::move(server);
  thread_ = std::jthread([this](std::stop_token stop) { server_->run(stop); });
}

void RunningServer::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

std::vector<int> RunningServer::served() const {
  std::lock_guard lock(mutex_);
  return served_;
}

std::string Answer::header(std::string_view name) const {
  std::string lower_head = head, wanted = "\r\n" + std::string(name) + ": ";
  auto to_lower = [](std::string& text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  };
  to_lower(lower_head);
  to_lower(wanted);
  auto found = lower_head.find(wanted);
  if (found == std::string::npos) return "";
  auto begin = found + wanted.size();
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval patience{.tv_sec = std::chrono::seconds(kPatience).count(), .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
}

RawClient::~RawClient() {
  if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::fill() {
  std::string piece(64 << 10, '\0');
  auto size = ::recv(socket_, piece.data(), piece.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) ADD_FAILURE() << "nothing came for a long time";
  if (size <= 0) return false;
  buffer_.append(piece, 0, static_cast<std::size_t>(size));
  return true;
}

std::string RawClient::read_until(std::string_view end) {
  std::size_t found = 0;
  while ((found = buffer_.find(end)) == std::string::npos) {
    if (!fill()) return "";
  }
  std::string text = buffer_.substr(0, found + end.size());
  buffer_.erase(0, text.size());
  return text;
}

std::string RawClient::read_head() { return read_until("\r\n\r\n"); }

std::string RawClient::read_some() {
  if (buffer_.empty()) fill();
  return std::exchange(buffer_, {});
}

std::string RawClient::read_bytes(std::size_t size) {
  while (buffer_.size() < size && fill()) {
  }
  std::string bytes = buffer_.substr(0, size);
  buffer_.erase(0, bytes.size());
  return bytes;
}

Answer RawClient::read(std::string_view method) {
  Answer answer;
  do {
    answer.head = read_head();
    if (answer.head.size() < 12) return answer;
    std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
  } while (answer.status == 100);
  if (method == "HEAD" || answer.status == 204 || answer.status == 304) {
    answer.whole = true;
  } else if (answer.header("Transfer-Encoding") == "chunked") {
    while (true) {
      std::string line = read_until("\r\n");
      std::size_t size = 0;
      if (std::from_chars(line.data(), line.data() + line.size(), size, 16).ec != std::errc()) return answer;
      answer.body += read_bytes(size);
      if (read_until("\r\n") != "\r\n") return answer;
      if (size == 0) break;
    }
    answer.whole = true;
  } else if (!answer.header("Content-Length").empty()) {
    std::size_t size = std::stoull(answer.header("Content-Length"));
    answer.body = read_bytes(size);
    answer.whole = answer.body.size() == size;
  } else {
    while (fill()) {
    }
    answer.body = std::exchange(buffer_, {});
    answer.whole = true;
  }
  return answer;
}

bool RawClient::is_closed() {
  while (fill()) {
  }
  return true;
}

void RawClient::finish_sending() { ::shutdown(socket_, SHUT_WR); }

void RawClient::reset() {
  linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(std::exchange(socket_, -1));
}

std::string get(std::string_view path, std::string_view headers) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view headers) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace sluice::testing
