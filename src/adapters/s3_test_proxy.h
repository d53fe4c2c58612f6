// A proxy between a test and an S3 server that keeps the heads of all requests and does to some what the test
// says: answers by itself, cuts the answer, lets it stand still, or loses it. One request a connection.
// Test-only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace sluice {

struct ProxiedRequest {
  std::string line;  // "PUT /bucket/key?partNumber=1 HTTP/1.1"
  std::string head;  // with the line; names of headers as they were sent

  bool is(const std::string& text) const { return line.find(text) != std::string::npos; }
  bool has(const std::string& text) const { return head.find(text) != std::string::npos; }
};

struct ProxyFault {
  std::string answer;  // in place of the server's, which never hears of the request
  std::size_t body_bytes = std::numeric_limits<std::size_t>::max();  // of the answer's body, then it ends
  bool stand_still = false;                                          // instead of ending
  bool lose_answer = false;                                          // the server did as it was told
};

inline std::string s3_error_answer(int status, const std::string& code, const std::string& more = "",
                                   const std::string& headers = "") {
  const std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + code +
                           "</Code><Message>as the test says</Message>" + more + "</Error>";
  return "HTTP/1.1 " + std::to_string(status) + " Said\r\nConnection: close\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class S3TestProxy {
 public:
  using Decide = std::function<ProxyFault(const ProxiedRequest&)>;

  // `decide` is called by one thread at a time.
  S3TestProxy(int server_port, Decide decide) : server_port_(server_port), decide_(std::move(decide)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("the test's proxy cannot listen");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this] { accept(); });
  }
  ~S3TestProxy() {
    ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
    acceptor_.join();
    ::close(listener_);
    {
      std::lock_guard lock(mutex_);
      for (int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
    }
    handlers_.clear();  // joins
  }
  S3TestProxy(const S3TestProxy&) = delete;
  S3TestProxy& operator=(const S3TestProxy&) = delete;

  int port() const { return port_; }
  std::vector<ProxiedRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  // How many of them have `text` in their first line.
  std::size_t count(const std::string& text) const {
    const auto all = requests();
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](const auto& r) { return r.is(text); }));
  }

 private:
  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
  }

  void accept() {
    while (true) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      std::lock_guard lock(mutex_);
      open_.push_back(client);
      handlers_.emplace_back([this, client] { handle(client); });
    }
  }

  void handle(int client) {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    {
      std::lock_guard lock(mutex_);
      open_.push_back(server);
    }
    pass(client, server);
    std::lock_guard lock(mutex_);
    for (int descriptor : {client, server}) {
      std::erase(open_, descriptor);
      ::close(descriptor);
    }
  }

  static bool more(int descriptor, std::string& bytes) {
    char buffer[1 << 16];
    const ssize_t size = ::recv(descriptor, buffer, sizeof buffer, 0);
    if (size > 0) bytes.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }
  static bool send(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  void pass(int client, int server) {
    std::string request;
    while (!request.contains("\r\n\r\n"))
      if (!more(client, request)) return;
    ProxiedRequest seen;
    seen.head = request.substr(0, request.find("\r\n\r\n") + 2);
    seen.line = seen.head.substr(0, seen.head.find("\r\n"));
    std::size_t length = seen.head.size() + 2;
    if (const std::size_t at = seen.head.find("Content-Length: "); at != std::string::npos)
      length += std::stoul(seen.head.substr(at + 16));
    while (request.size() < length)
      if (!more(client, request)) return;
    ProxyFault fault;
    {
      std::lock_guard lock(mutex_);
      fault = decide_(seen);
      requests_.push_back(seen);
    }
    if (!fault.answer.empty()) {
      (void)send(client, fault.answer);
      return;
    }
    request.insert(seen.head.size(), "Connection: close\r\n");  // so that its end is the answer's
    const sockaddr_in address = loopback(server_port_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
    if (!send(server, request)) return;
    std::string answer;
    while (!answer.contains("\r\n\r\n"))
      if (!more(server, answer)) return;
    const std::size_t head = answer.find("\r\n\r\n") + 4;
    std::size_t sent = 0;
    do {
      if (fault.lose_answer) continue;
      const std::size_t most = fault.body_bytes < answer.size() ? head + fault.body_bytes : answer.size();
      const std::size_t end = std::min(most, answer.size());
      if (!send(client, std::string_view(answer).substr(sent, end - sent))) return;
      sent = end;
      if (end < answer.size()) break;
    } while (more(server, answer));
    if (fault.stand_still) {
      std::string nothing;
      while (more(client, nothing)) {
      }
    }
  }

  const int server_port_;
  const Decide decide_;
  int listener_ = -1, port_ = 0;
  mutable std::mutex mutex_;  // what follows
  std::vector<ProxiedRequest> requests_;
  std::vector<int> open_;
  std::list<std::jthread> handlers_;
  std::jthread acceptor_;
};

}  // namespace sluice
