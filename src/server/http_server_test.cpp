#include "server/http_server.h"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <random>

#include "base/sha256.h"
#include "server/http_test_client.h"

namespace sluice {
namespace {

using testing::get;
using testing::NoEvents;
using testing::post;
using testing::RawClient;
using testing::RunningServer;

constexpr std::size_t kMostHashed = 8 << 20;

class CountingSink final : public RequestSink {
 public:
  Result<> write(std::string_view bytes) override {
    total_ += bytes.size();
    return {};
  }
  Result<Response> finish() override { return json_response(201, std::to_string(total_)); }

 private:
  std::uint64_t total_ = 0;
};

// Answers with the SHA-256 of what came; of more than it takes it wants nothing.
class HashingSink final : public RequestSink {
 public:
  explicit HashingSink(std::size_t most) : left_(most) {}
  Result<> write(std::string_view bytes) override {
    if (bytes.size() > left_) return fail(ErrorKind::usage, "That is enough.");
    left_ -= bytes.size();
    sha_.update(bytes);
    return {};
  }
  Result<Response> finish() override { return json_response(201, to_hex(sha_.finish())); }

 private:
  std::size_t left_;
  Sha256 sha_;
};

class Counting final : public ResponseBody {
 public:
  Result<std::size_t> read(std::span<char> into) override {
    if (left_ == 0) return std::size_t{0};
    --left_;
    into[0] = static_cast<char>('0' + left_);
    return std::size_t{1};
  }

 private:
  int left_ = 3;
};

class Failing final : public ResponseBody {
 public:
  explicit Failing(int good) : good_(good) {}
  Result<std::size_t> read(std::span<char> into) override {
    if (good_-- > 0) {
      into[0] = 'x';
      return std::size_t{1};
    }
    return fail(ErrorKind::io, "the disk is gone");
  }

 private:
  int good_;
};

template <class Body, class... Arguments>
Handler streams(Arguments... arguments) {
  return [=](const Request&) -> Result<Response> {
    Response response;
    response.stream = std::make_unique<Body>(arguments...);
    return response;
  };
}

Routes some_routes() {
  Routes routes;
  auto add = [&](std::string method, std::string pattern, Permission permission, Handler handler) {
    routes.add({.method = std::move(method),
                .pattern = std::move(pattern),
                .permission = permission,
                .handler = std::move(handler)});
  };
  add("GET", "/hello/{name}", Permission::read, [](const Request& request) -> Result<Response> {
    return json_response(200, "hello " + request.parameters.at("name"));
  });
  add("POST", "/echo", Permission::submit,
      [](const Request& request) -> Result<Response> { return json_response(200, request.body); });
  add("GET", "/count", Permission::read, streams<Counting>());
  add("GET", "/fails/before", Permission::read, streams<Failing>(0));
  add("GET", "/fails/within", Permission::read, streams<Failing>(2));
  add("GET", "/throws", Permission::read,
      [](const Request&) -> Result<Response> { throw std::runtime_error("a secret of the house"); });
  add("GET", "/io", Permission::read,
      [](const Request&) -> Result<Response> { return fail(ErrorKind::io, "a secret of the house"); });
  add("DELETE", "/hello/{name}", Permission::administer, [](const Request&) -> Result<Response> {
    Response response;
    response.status = 204;
    return response;
  });
  add("GET", "/health", Permission::open, [](const Request& request) -> Result<Response> {
    return json_response(200, request.principal.actor + " of '" + request.principal.tenant + "'");
  });
  add("GET", "/v1/pipelines/{p}", Permission::read, [](const Request& request) -> Result<Response> {
    return json_response(200, request.principal.actor + " sees " + request.parameters.at("p"));
  });
  add("GET", "/origin", Permission::read, [](const Request& request) -> Result<Response> {
    return json_response(200, request.origin + " from " + request.remote);
  });
  routes.add({.method = "PUT",
              .pattern = "/flagged",
              .permission = Permission::read,
              .handler = [](const Request&) -> Result<Response> { return json_response(200, "done"); },
              .flags = {{"all", Permission::administer}}});
  routes.add({.method = "POST",
              .pattern = "/count",
              .permission = Permission::submit,
              .sink = [](const Request&) -> Result<std::unique_ptr<RequestSink>> {
                return std::make_unique<CountingSink>();
              }});
  routes.add({.method = "POST",
              .pattern = "/hash",
              .permission = Permission::submit,
              .sink = [](const Request&) -> Result<std::unique_ptr<RequestSink>> {
                return std::make_unique<HashingSink>(kMostHashed);
              }});
  return routes;
}

TEST(HttpServer, AnswersOneRequestAfterTheOtherOnAConnection) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  auto answer = client.ask(get("/hello/New%20York"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello New York");
  EXPECT_EQ(answer.header("Connection"), "keep-alive");
  answer = client.ask(post("/echo", "{\"a\":1}"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{\"a\":1}");
  answer = client.ask(post("/count", std::string(1'000'000, 'x')));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "1000000");
  answer = client.ask(get("/nowhere"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  server.stop();
  EXPECT_EQ(server.served(), (std::vector<int>{200, 200, 201, 404}));
}

TEST(HttpServer, AnswersRequestsThatAreSentAheadInTheirOrder) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  client.send(get("/hello/a") + post("/echo", "b") + post("/count", "cc") + get("/hello/d"));
  EXPECT_EQ(client.read().body, "hello a");
  EXPECT_EQ(client.read().body, "b");
  EXPECT_EQ(client.read().body, "2");
  EXPECT_EQ(client.read().body, "hello d");
}

// Long bodies are received while what came before is taken.
TEST(HttpServer, LongBodiesArriveWholeAndInOrder) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  std::mt19937_64 random(7);
  for (const std::size_t size : {(1u << 20) - 1, 1u << 20, (1u << 20) + 1, 3'000'001u, 7'654'321u}) {
    std::string body(size, ' ');
    for (char& c : body) c = static_cast<char>(random());
    const std::string hash = to_hex(Sha256().of(body));
    std::string chunked = "POST /hash HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::string_view left = body; !left.empty();) {
      const std::string_view chunk = left.substr(0, 1 + random() % 300'000);
      std::array<char, 16> digits;
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), chunk.size(), 16).ptr;
      chunked.append(digits.data(), end).append("\r\n").append(chunk).append("\r\n");
      left.remove_prefix(chunk.size());
    }
    // With a request behind each that must not lose its first bytes to the body.
    client.send(post("/hash", body) + get("/hello/a") + chunked + "0\r\n\r\n" + get("/hello/b"));
    EXPECT_EQ(client.read().body, hash) << size;
    EXPECT_EQ(client.read().body, "hello a") << size;
    EXPECT_EQ(client.read().body, hash) << size;
    EXPECT_EQ(client.read().body, "hello b") << size;
  }
}

TEST(HttpServer, ALongBodyThatIsRefusedOnItsWayIsAnsweredAtOnce) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  // The client stops with the byte that is too much, and would send the rest some time later.
  std::string begun = post("/hash", std::string(2 * kMostHashed, 'x'));
  begun.resize(begun.size() - kMostHashed + 1);
  client.send(begun);
  const auto answer = client.read();
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(answer.body.contains("That is enough.")) << answer.body;
}

TEST(HttpServer, UnderstandsChunkedBodies) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  std::string head = "Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string body = "3\r\nabc\r\n2;name=value\r\nde\r\n0\r\nTrailer: x\r\n\r\n";
  EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\n" + head + body).body, "abcde");
  EXPECT_EQ(client.ask("POST /count HTTP/1.1\r\n" + head + body).body, "5");
}

TEST(HttpServer, ClosesWhereTheClientWantsItAndForHttp10) {
  RunningServer server(some_routes());
  RawClient closing(server.port());
  EXPECT_EQ(closing.ask(get("/hello/a", "Connection: close\r\n")).header("Connection"), "close");
  EXPECT_TRUE(closing.is_closed());
  RawClient old(server.port());
  auto answer = old.ask("GET /count HTTP/1.0\r\n\r\n");  // no chunks in HTTP/1.0: the end is the end
  EXPECT_EQ(answer.body, "210");
  EXPECT_EQ(answer.header("Transfer-Encoding"), "");
}

TEST(HttpServer, AnswersHeadAsGetWithoutTheBody) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  client.send("HEAD /hello/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read("HEAD").header("Content-Length"), "7");
  client.send("HEAD /count HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read("HEAD").header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(client.ask(get("/hello/b")).body, "hello b");
}

TEST(HttpServer, SendsAStreamInChunksAndCutsItWhereItFails) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  auto answer = client.ask(get("/count"));
  EXPECT_EQ(answer.body, "210");
  EXPECT_TRUE(answer.whole);
  answer = client.ask(get("/fails/before"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_FALSE(answer.body.contains("disk"));
  answer = client.ask(get("/fails/within"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.whole);
}

TEST(HttpServer, TellsNoSecretsOfAFailure) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  for (const char* path : {"/throws", "/io"}) {
    auto answer = client.ask(get(path, "X-Request-Id: mine-1\r\n"));
    EXPECT_EQ(answer.status, 500);
    EXPECT_FALSE(answer.body.contains("secret"));
    EXPECT_EQ(nlohmann::json::parse(answer.body)["requestId"], "mine-1");
    EXPECT_EQ(answer.header("X-Request-Id"), "mine-1");
  }
  auto answer = client.ask(get("/hello/a", "X-Request-Id: \"><script>\r\n"));
  EXPECT_EQ(answer.header("X-Request-Id").size(), 36U);
}

TEST(HttpServer, TellsWhichMethodsThereAre) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  auto answer = client.ask("PUT /hello/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow"), "DELETE, GET, HEAD, OPTIONS");
  answer = client.ask("OPTIONS /hello/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("Allow"), "DELETE, GET, HEAD, OPTIONS");
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 204);
}

TEST(HttpServer, KnowsItsOwnAddress) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  EXPECT_EQ(client.ask("GET /origin HTTP/1.1\r\nHost: here:81\r\n\r\n").body,
            "http://here:81 from 127.0.0.1");
  EXPECT_EQ(client.ask("GET http://there/origin HTTP/1.1\r\nHost: here\r\n\r\n").body,
            "http://there from 127.0.0.1");
  RunningServer known(some_routes(), {.public_origin = "https://sluice.example"});
  RawClient other(known.port());
  EXPECT_EQ(other.ask(get("/origin")).body, "https://sluice.example from 127.0.0.1");
}

TEST(HttpServer, RefusesPagesOfOtherSitesAndForeignNames) {
  RunningServer server(some_routes(), {.host_check = HostCheck::loopback});
  RawClient client(server.port());
  EXPECT_EQ(client.ask(post("/echo", "a", "Origin: https://evil.example\r\n")).status, 403);
  EXPECT_EQ(client.ask(post("/echo", "a", "Origin: http://localhost\r\n")).status, 200);
  EXPECT_EQ(client.ask("GET /hello/a HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 421);
  EXPECT_EQ(client.ask("GET http://evil.example/hello/a HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 421);
}

Result<Principal> authenticate(const Request& request) {
  auto key = request.headers.get("Authorization");
  if (key == "Bearer viewer") return Principal{.tenant = "t", .actor = "key:1", .role = Role::viewer};
  if (key == "Bearer people") {
    return Principal{.tenant = "t", .actor = "key:2", .role = Role::uploader, .pipelines = {"people"}};
  }
  if (key == "Bearer admin") return Principal{.tenant = "t", .actor = "key:3", .role = Role::admin};
  return refuse({.status = 401, .name = "unauthorized", .title = "No key", .detail = "Send a key."});
}

TEST(HttpServer, AsksWhoItIsAndWhetherTheyMay) {
  RunningServer server(some_routes(), {}, authenticate);
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/health")).body, "anonymous of ''");
  auto answer = client.ask(get("/hello/a"));
  EXPECT_EQ(answer.status, 401);
  EXPECT_TRUE(answer.header("WWW-Authenticate").starts_with("Bearer"));
  EXPECT_EQ(client.ask(post("/echo", "a")).status, 401);
  EXPECT_EQ(client.ask(post("/count", "a")).status, 401);
  EXPECT_EQ(client.ask(get("/hello/a", "Authorization: Bearer viewer\r\n")).status, 200);
  EXPECT_EQ(client.ask(post("/echo", "a", "Authorization: Bearer viewer\r\n")).status, 403);
  EXPECT_EQ(client.ask(post("/count", "a", "Authorization: Bearer viewer\r\n")).status, 403);
  EXPECT_EQ(client.ask(post("/count", "a", "Authorization: Bearer people\r\n")).status, 201);
  std::string remove = "DELETE /hello/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ";
  EXPECT_EQ(client.ask(remove + "people\r\n\r\n").status, 403);
  EXPECT_EQ(client.ask(remove + "admin\r\n\r\n").status, 204);
}

TEST(HttpServer, AFlagMayNeedMore) {
  RunningServer server(some_routes(), {}, authenticate);
  RawClient client(server.port());
  auto status = [&](std::string_view path, std::string_view key) {
    return client
        .ask("PUT " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
             std::string(key) + "\r\n\r\n")
        .status;
  };
  EXPECT_EQ(status("/flagged", "viewer"), 200);
  EXPECT_EQ(status("/flagged?all=false", "viewer"), 200);
  EXPECT_EQ(status("/flagged?all=true", "viewer"), 403);
  EXPECT_EQ(status("/flagged?%61ll=false&all", "viewer"), 403);
  EXPECT_EQ(status("/flagged?all=true", "admin"), 200);
}

TEST(HttpServer, AKeyForOnePipelineOpensNoOther) {
  RunningServer server(some_routes(), {}, authenticate);
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/v1/pipelines/people", "Authorization: Bearer people\r\n")).body,
            "key:2 sees people");
  EXPECT_EQ(client.ask(get("/v1/pipelines/money", "Authorization: Bearer people\r\n")).status, 403);
  EXPECT_EQ(client.ask(get("/v1/pipelines/money", "Authorization: Bearer viewer\r\n")).body,
            "key:1 sees money");
}

TEST(HttpServer, SaysWhyItCannotBeOpened) {
  RunningServer first(some_routes());
  Routes routes;
  NoEvents live;
  auto open = [&](const HttpOptions& options) {
    auto server = HttpServer::open(options, routes, nullptr, live, nullptr);
    return server ? std::string("open") : server.error().message;
  };
  EXPECT_TRUE(open({.port = first.port()}).contains("Another program listens on 127.0.0.1, port "));
  EXPECT_TRUE(open({.address = "192.0.2.1", .port = 0}).contains("192.0.2.1"));
  EXPECT_TRUE(open({.address = "example", .port = 0}).contains("has to be a number"));
  EXPECT_TRUE(open({.port = 0, .certificate_file = "a.pem"}).contains("both a certificate and its key"));
  EXPECT_TRUE(open({.port = 0, .certificate_file = "/none.pem", .private_key_file = "/none.key"})
                  .contains("/none.pem cannot be used"));
  EXPECT_EQ(open({.address = "::1", .port = 0}), "open");
}

}  // namespace
}  // namespace sluice
