// Limits of the server, over real sockets: sizes, times, numbers, and bytes that are no HTTP.
#include <gtest/gtest.h>
#include <poll.h>

#include <latch>
#include <nlohmann/json.hpp>

#include "server/http_server.h"
#include "server/http_test_client.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using testing::eventually;
using testing::get;
using testing::post;
using testing::RawClient;
using testing::RunningServer;

// What became of a sink.
struct Fate {
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<int> finished = 0, destroyed = 0;
};

class WatchedSink final : public RequestSink {
 public:
  explicit WatchedSink(Fate& fate) : fate_(fate) {}
  ~WatchedSink() override { ++fate_.destroyed; }
  Result<> write(std::string_view bytes) override {
    fate_.bytes += bytes.size();
    if (bytes.contains('!')) return fail(ErrorKind::input, "No exclamation marks.");
    return {};
  }
  Result<Response> finish() override {
    ++fate_.finished;
    return json_response(201, "done");
  }

 private:
  Fate& fate_;
};

Routes routes_into(Fate& fate) {
  Routes routes;
  routes.add({.method = "GET",
              .pattern = "/hello",
              .permission = Permission::read,
              .handler = [](const Request&) -> Result<Response> { return json_response(200, "hello"); }});
  routes.add({.method = "POST",
              .pattern = "/small",
              .permission = Permission::submit,
              .handler = [](const Request& request) -> Result<Response> {
                return json_response(200, request.body);
              }});
  routes.add({.method = "POST",
              .pattern = "/large",
              .permission = Permission::submit,
              .sink = [&](const Request&) -> Result<std::unique_ptr<RequestSink>> {
                return std::make_unique<WatchedSink>(fate);
              }});
  return routes;
}

class HttpLimitsTest : public ::testing::Test {
 protected:
  Fate fate_;
  HttpOptions options_;
};

std::string chunked(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" +
         std::string(body);
}

TEST_F(HttpLimitsTest, ATooLargeBodyIsRefusedBeforeItIsRead) {
  options_.limits.body_bytes = 10;
  options_.limits.upload_bytes = 20;
  RunningServer server(routes_into(fate_), options_);
  for (const char* head : {"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n",
                           "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n"}) {
    RawClient client(server.port());
    auto answer = client.ask(head);
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(client.is_closed());
  }
  RawClient client(server.port());
  EXPECT_EQ(client.ask(post("/small", "0123456789")).status, 200);
  auto answer = client.ask(post("/small", "0123456789a"));  // so little more that it is read past
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.header("Connection"), "keep-alive");
  EXPECT_EQ(client.ask(get("/hello")).status, 200);
  EXPECT_EQ(fate_.destroyed, 0);
}

TEST_F(HttpLimitsTest, ATooLargeChunkedBodyIsRefusedWhenItIsTooLarge) {
  options_.limits.body_bytes = 10;
  options_.limits.upload_bytes = 20;
  RunningServer server(routes_into(fate_), options_);
  RawClient small(server.port());
  EXPECT_EQ(small.ask(chunked("/small", "a\r\n0123456789\r\n0\r\n\r\n")).status, 200);
  EXPECT_EQ(small.ask(chunked("/small", "b\r\n0123456789a\r\n")).status, 413);
  RawClient large(server.port());
  EXPECT_EQ(large.ask(chunked("/large", "14\r\n01234567890123456789\r\n0\r\n\r\n")).status, 201);
  EXPECT_EQ(large.ask(chunked("/large", "15\r\n012345678901234567890\r\n")).status, 413);
  EXPECT_EQ(fate_.finished, 1);
  EXPECT_EQ(fate_.destroyed, 2);
}

TEST_F(HttpLimitsTest, WhoIsRefusedCanReadWhyAfterSendingMore) {
  options_.limits.upload_bytes = 1000;
  RunningServer server(routes_into(fate_), options_);
  RawClient client(server.port());
  // A client that sends all before it reads, as many do: without listening on, the server would reset it.
  EXPECT_TRUE(client.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n"));
  EXPECT_TRUE(client.send(std::string(4'000'000, 'x')));
  EXPECT_EQ(client.read().status, 413);
}

TEST_F(HttpLimitsTest, ASinkThatRefusesEndsTheReading) {
  RunningServer server(routes_into(fate_), options_);
  RawClient client(server.port());
  auto answer = client.ask("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstop!");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(nlohmann::json::parse(answer.body)["detail"], "No exclamation marks.");
  EXPECT_EQ(fate_.finished, 0);
  EXPECT_EQ(fate_.destroyed, 1);
}

TEST_F(HttpLimitsTest, AClientThatWaitsIsInvitedAndOneThatIsRefusedIsNot) {
  options_.limits.body_bytes = 10;
  RunningServer server(routes_into(fate_), options_);
  for (const char* path : {"/small", "/large"}) {
    RawClient client(server.port());
    client.send("POST " + std::string(path) +
                " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_LT(client.ask("abc").status, 300);
  }
  RawClient refused(server.port());
  refused.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(refused.read_head().starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpLimitsTest, ATooLargeHeadIsRefused) {
  options_.limits.header_bytes = 1000;
  RunningServer server(routes_into(fate_), options_);
  RawClient good(server.port()), many(server.port()), path(server.port());
  EXPECT_EQ(good.ask(get("/hello", "X: " + std::string(800, 'a') + "\r\n")).status, 200);
  EXPECT_EQ(many.ask(get("/hello", "X: " + std::string(1000, 'a') + "\r\n")).status, 431);
  EXPECT_TRUE(many.is_closed());
  EXPECT_EQ(path.ask("GET /" + std::string(100'000, 'a')).status, 431);
}

TEST_F(HttpLimitsTest, BytesThatAreNoHttpAreAnsweredAndTheConnectionClosed) {
  RunningServer server(routes_into(fate_), options_);
  const char* const requests[] = {
      "\r\n\r\n\r\n",
      "hello\r\n\r\n",
      "GET /hello\r\n\r\n",
      "GET /hello HTTP/1.1 x\r\nHost: a\r\n\r\n",
      "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /hello HTTP/1.1\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\nX\x01: b\r\n\r\n",
      "GET /hello HTTP/1.1\nHost: a\n\r\n\r\n",
      "GET /he\x01llo HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
      "\x16\x03\x01\x02\x01\r\n\r\n",  // TLS to a port without
      "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
      "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
      "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
      "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc",
      "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc",
      "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
      "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
      ("POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n"),
      "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "POST /large HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
      "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
      "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
      "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc",
  };
  for (const char* request : requests) {
    SCOPED_TRACE(request);
    RawClient client(server.port());
    // What a proxy in front would hold to be the next request of somebody else.
    client.send(std::string(request) + get("/hello"));
    auto answer = client.read();
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_EQ(client.read().status, 0) << "one more answer than there were requests";
  }
  EXPECT_EQ(fate_.finished, 0);
}

TEST_F(HttpLimitsTest, AHeadThatComesSlowlyIsGivenUp) {
  options_.limits.head_timeout = milliseconds(100);
  RunningServer server(routes_into(fate_), options_);
  RawClient client(server.port());
  EXPECT_EQ(client.ask("GET /hello HTTP/1.1\r\nHos").status, 408);
  EXPECT_TRUE(client.is_closed());
  // Byte after byte, each in time, is no way to stay.
  RawClient drip(server.port());
  drip.send("GET /hello HTTP/1.1\r\nX: ");
  std::atomic<bool> answered = false;
  std::jthread dripping([&] {
    while (!answered && drip.send("a")) {
      pollfd ready{.fd = drip.socket(), .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 10) > 0) break;
    }
  });
  EXPECT_EQ(drip.read().status, 408);
  answered = true;
}

TEST_F(HttpLimitsTest, AClientThatSaysNothingAtFirstHasNoLongerThanForAHead) {
  options_.limits.head_timeout = milliseconds(100);
  RunningServer server(routes_into(fate_), options_);
  RawClient client(server.port());
  EXPECT_EQ(client.read_some(), "");
}

TEST_F(HttpLimitsTest, ABodyThatStopsIsGivenUp) {
  options_.limits.idle_timeout = milliseconds(100);
  RunningServer server(routes_into(fate_), options_);
  RawClient large(server.port());
  EXPECT_EQ(large.ask("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").status, 408);
  RawClient small(server.port());
  EXPECT_EQ(small.ask("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").status, 408);
  EXPECT_EQ(fate_.finished, 0);
  EXPECT_EQ(fate_.destroyed, 1);
}

TEST_F(HttpLimitsTest, ABodyThatDripsIsGivenUp) {
  options_.limits.idle_timeout = milliseconds(200);
  options_.limits.body_bytes_per_second = 1'000'000;
  RunningServer server(routes_into(fate_), options_);
  RawClient client(server.port());
  client.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  std::jthread dripping([&](const std::stop_token& stop) {
    pollfd ready{.fd = client.socket(), .events = POLLIN, .revents = 0};
    while (!stop.stop_requested() && client.send("a") && ::poll(&ready, 1, 10) == 0) {
    }
  });
  EXPECT_EQ(client.read().status, 408);
  EXPECT_EQ(fate_.destroyed, 1);
}

TEST_F(HttpLimitsTest, AConnectionWithoutRequestsIsClosed) {
  options_.limits.idle_timeout = milliseconds(100);
  RunningServer server(routes_into(fate_), options_);
  RawClient fresh(server.port()), used(server.port());
  EXPECT_EQ(used.ask(get("/hello")).status, 200);
  EXPECT_EQ(used.read_some(), "");
  EXPECT_EQ(fresh.read_some(), "");
  server.stop();
  EXPECT_EQ(server.served(), (std::vector<int>{200}));
}

TEST_F(HttpLimitsTest, AClientThatVanishesTakesItsSinkAlong) {
  RunningServer server(routes_into(fate_), options_);
  for (bool politely : {true, false}) {
    SCOPED_TRACE(politely);
    int before = fate_.destroyed;
    fate_.bytes = 0;
    RawClient client(server.port());
    client.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    EXPECT_TRUE(eventually([&] { return fate_.bytes == 3; }));
    politely ? client.finish_sending() : client.reset();
    EXPECT_TRUE(eventually([&] { return fate_.destroyed == before + 1; }));
  }
  EXPECT_EQ(fate_.finished, 0);
  server.stop();
  EXPECT_EQ(server.served(), (std::vector<int>{499, 499}));
}

TEST_F(HttpLimitsTest, MoreConnectionsThanAllowedAreTold) {
  options_.limits.connections = 2;
  RunningServer server(routes_into(fate_), options_);
  RawClient first(server.port()), second(server.port());
  EXPECT_EQ(first.ask(get("/hello")).status, 200);
  EXPECT_EQ(second.ask(get("/hello")).status, 200);
  {
    RawClient third(server.port());
    auto answer = third.ask(get("/hello"));
    EXPECT_EQ(answer.status, 503);
    EXPECT_FALSE(answer.header("Retry-After").empty());
    EXPECT_TRUE(third.is_closed());
  }
  EXPECT_EQ(first.ask(get("/hello")).status, 200);
  second.reset();
  EXPECT_TRUE(eventually([&] { return RawClient(server.port()).ask(get("/hello")).status == 200; }));
}

TEST_F(HttpLimitsTest, MoreConnectionsOfOneAddressThanAllowedAreTold) {
  options_.limits.connections_per_address = 1;
  RunningServer server(routes_into(fate_), options_);
  RawClient first(server.port());
  EXPECT_EQ(first.ask(get("/hello")).status, 200);
  RawClient second(server.port());
  EXPECT_EQ(second.ask(get("/hello")).status, 503);
}

TEST_F(HttpLimitsTest, MoreRequestsThanAllowedAreToldToWait) {
  options_.limits.requests_per_second = 3;
  auto by_key = [](const Request& request) -> Result<Principal> {
    if (!request.headers.has("Authorization")) return refuse({.status = 401, .name = "unauthorized"});
    return Principal{.actor = std::string(request.headers.get("Authorization"))};
  };
  RunningServer server(routes_into(fate_), options_, by_key);
  RawClient client(server.port());
  auto statuses = [&](const char* key) {
    std::string of_request = get("/hello", *key == 0 ? "" : "Authorization: " + std::string(key) + "\r\n");
    std::map<int, int> count;
    for (int i = 0; i < 50; ++i) {
      auto answer = client.ask(of_request);
      ++count[answer.status];
      if (answer.status == 429) {
        EXPECT_EQ(answer.header("Retry-After"), "1");
      }
    }
    return count;
  };
  auto one = statuses("a"), other = statuses("b"), nobody = statuses("");
  EXPECT_GE(one[200], 3);
  EXPECT_GE(one[429], 1);
  EXPECT_GE(other[200], 3);  // its own bucket
  EXPECT_GE(nobody[401], 3);
  EXPECT_GE(nobody[429], 1);  // nor may keys be guessed without end
}

TEST_F(HttpLimitsTest, ClientsBehindATrustedProxyAreCountedByTheirOwnAddresses) {
  options_.limits.requests_per_second = 3;
  options_.limits.connections_per_address = 1;
  auto answered = [&](RawClient& client, const std::string& address) {
    int good = 0;
    for (int i = 0; i < 20; ++i)
      good += client.ask(get("/hello", "X-Forwarded-For: 203.0.113.1, " + address + "\r\n")).status == 200
                  ? 1
                  : 0;
    return good;
  };
  {
    RunningServer server(routes_into(fate_), options_);
    RawClient client(server.port());
    EXPECT_GE(answered(client, "198.51.100.1"), 3);
    EXPECT_LT(answered(client, "198.51.100.2"), 20) << "whoever says so is one client";
    EXPECT_EQ(RawClient(server.port()).ask(get("/hello")).status, 503);
  }
  options_.trusted_proxies = *TrustedProxies::parse("127.0.0.0/8");
  RunningServer server(routes_into(fate_), options_);
  RawClient first(server.port()), second(server.port());
  for (int host = 1; host <= 20; ++host) {
    const std::string address = "X-Forwarded-For: 198.51.100." + std::to_string(host) + "\r\n";
    EXPECT_EQ(first.ask(get("/hello", address)).status, 200);
    EXPECT_EQ(second.ask(get("/hello", address)).status, 200)
        << "a proxy has as many connections as it needs";
  }
  EXPECT_LT(answered(second, "198.51.100.99"), 20);
}

}  // namespace
}  // namespace sluice
