// For tests: a server on a free port of this machine with a thread of its own, and a client that sends any
// bytes at all and reads answers, blocking. Nothing here waits longer than kPatience.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/http_server.h"

namespace sluice::testing {

inline constexpr auto kPatience = std::chrono::seconds(20);

// No events at all, for servers that are asked for none.
class NoEvents final : public LiveEvents {
 public:
  Result<std::vector<Event>> read(const EventFilter&, std::uint64_t, std::size_t) override {
    return std::vector<Event>();
  }
  Result<std::uint64_t> newest() override { return std::uint64_t{0}; }
  Result<std::uint64_t> newest_in_log() override { return std::uint64_t{0}; }
  std::shared_ptr<void> when_more(std::uint64_t, std::function<void()>) override { return nullptr; }
};

class RunningServer {
 public:
  explicit RunningServer(Routes routes, HttpOptions options = {}, Authenticate authenticate = nullptr,
                         LiveEvents* live = nullptr);
  ~RunningServer() { stop(); }
  std::uint16_t port() const { return server_->port(); }
  void ask_to_stop() { thread_.request_stop(); }
  void stop();  // and waits for the end
  // Statuses as OnServed was told them, so far.
  std::vector<int> served() const;

 private:
  Routes routes_;
  NoEvents no_events_;
  mutable std::mutex mutex_;
  std::vector<int> served_;  // under mutex_
  std::unique_ptr<HttpServer> server_;
  std::jthread thread_;
};

struct Answer {
  int status = 0;  // 0: the connection ended without an answer
  std::string head;
  std::string body;  // chunks put together
  bool whole = false;

  std::string header(std::string_view name) const;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool send(std::string_view bytes);  // false: the server does not take any more
  Answer read(std::string_view method = "GET");
  Answer ask(std::string_view request) { return send(request) ? read() : Answer(); }
  std::string read_head();  // up to and with the empty line
  std::string read_some();  // what comes next; "" at the end
  std::string read_bytes(std::size_t size);
  std::string read_until(std::string_view end);
  bool is_closed();  // waits for the server to close
  void finish_sending();
  void reset();  // goes away at once, as a process that is killed
  int socket() const { return socket_; }

 private:
  bool fill();

  int socket_ = -1;
  std::string buffer_;
};

// "GET /path HTTP/1.1" with a Host, and headers as they are given, each with its \r\n.
std::string get(std::string_view path, std::string_view headers = "");
std::string post(std::string_view path, std::string_view body, std::string_view headers = "");

// Waits, by looking, until something that another thread does has come true.
template <class Condition>
bool eventually(Condition condition) {
  auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace sluice::testing
