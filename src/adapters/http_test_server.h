// A little HTTP server on loopback for tests: keeps each request and answers what the test says. One
// connection at a time; the answer's bytes are sent as they are, then the connection is closed.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {

struct ReceivedRequest {
  std::string first_line;
  std::map<std::string, std::string> headers;  // names in small letters
  std::string body;
};

class HttpTestServer {
 public:
  using Answer = std::function<std::string(const ReceivedRequest&)>;

  explicit HttpTestServer(Answer answer, int family = AF_INET) : answer_(std::move(answer)) {
    listener_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    auto* address = family == AF_INET ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
    socklen_t size = family == AF_INET ? sizeof v4 : sizeof v6;
    if (::bind(listener_, address, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, address, &size) != 0)
      throw std::runtime_error("the test server cannot listen");
    port_ = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
    thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
  }
  ~HttpTestServer() {
    thread_.request_stop();
    ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
    thread_.join();
    ::close(listener_);
  }
  HttpTestServer(const HttpTestServer&) = delete;
  HttpTestServer& operator=(const HttpTestServer&) = delete;

  std::string port() const { return std::to_string(port_); }
  std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + port() + path; }
  std::vector<ReceivedRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  int connections() const {
    std::lock_guard lock(mutex_);
    return connections_;
  }

  static std::string answer(int status, const std::string& headers = "", const std::string& body = "") {
    return "HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + headers + "\r\n" + body;
  }

 private:
  void run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      {
        std::lock_guard lock(mutex_);
        ++connections_;
      }
      serve(connection);
      ::close(connection);
    }
  }

  void serve(int connection) {
    std::string bytes;
    auto more = [&] {
      char buffer[4096];
      ssize_t size = ::recv(connection, buffer, sizeof buffer, 0);
      if (size > 0) bytes.append(buffer, static_cast<std::size_t>(size));
      return size > 0;
    };
    while (bytes.find("\r\n\r\n") == std::string::npos)
      if (!more()) return;
    ReceivedRequest request = head_of(bytes.substr(0, bytes.find("\r\n\r\n")));
    std::size_t begin = bytes.find("\r\n\r\n") + 4;
    std::size_t length =
        request.headers.contains("content-length") ? std::stoul(request.headers["content-length"]) : 0;
    while (bytes.size() < begin + length)
      if (!more()) return;
    request.body = bytes.substr(begin, length);
    std::string said = answer_(request);
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    for (std::size_t sent = 0; sent < said.size();) {
      ssize_t size = ::send(connection, said.data() + sent, said.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) return;
      sent += static_cast<std::size_t>(size);
    }
    ::shutdown(connection, SHUT_WR);
    bytes.clear();
    while (more()) bytes.clear();  // until the other end has read everything
  }

  static ReceivedRequest head_of(const std::string& text) {
    ReceivedRequest request;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = std::min(text.find("\r\n", at), text.size());
      std::string line = text.substr(at, end - at);
      at = end + 2;
      std::size_t colon = line.find(": ");
      if (request.first_line.empty()) {
        request.first_line = line;
      } else if (colon != std::string::npos) {
        std::string name = line.substr(0, colon);
        for (char& c : name)
          if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        request.headers[name] = line.substr(colon + 2);
      }
    }
    return request;
  }

  const Answer answer_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<ReceivedRequest> requests_;  // guarded by mutex_
  int connections_ = 0;                    // likewise
  std::jthread thread_;
};

}  // namespace sluice
