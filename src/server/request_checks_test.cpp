#include "server/request_checks.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

Request request_with(std::string method, std::initializer_list<std::pair<const char*, const char*>> headers) {
  Request request;
  request.method = std::move(method);
  for (auto [name, value] : headers) request.headers.add(name, value);
  return request;
}

int status_of(const Result<>& result) { return result ? 0 : problem_of(result.error()).status; }

TEST(RequestId, IsTakenWhereItIsShortAndPlain) {
  EXPECT_TRUE(is_sane_request_id("0193f0c1-7c3a_x.y:z"));
  EXPECT_FALSE(is_sane_request_id(""));
  EXPECT_FALSE(is_sane_request_id("a b"));
  EXPECT_FALSE(is_sane_request_id("a\"b"));
  EXPECT_TRUE(is_sane_request_id(std::string(128, 'a')));
  EXPECT_FALSE(is_sane_request_id(std::string(129, 'a')));
}

TEST(LoopbackHost, IsThisMachineByName) {
  for (const char* host : {"localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:80", "127.9.8.7", "[::1]",
                           "[::1]:8080", "sluice.localhost"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.1.evil", "127.0.0",
        "127.0.0.1.1", "127.0..1", "10.0.0.1", "[::2]", "evillocalhost"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

Request here(std::string method, std::initializer_list<std::pair<const char*, const char*>> headers) {
  Request request = request_with(std::move(method), headers);
  request.headers.add("Host", "localhost:8080");
  return request;
}

TEST(CrossSite, ChangesNothing) {
  auto check = [](const Request& request) { return status_of(refuse_cross_site(request, "", false)); };
  EXPECT_EQ(check(here("POST", {})), 0);  // no browser
  EXPECT_EQ(check(here("POST", {{"Origin", "http://localhost:8080"}})), 0);
  EXPECT_EQ(check(here("POST", {{"Origin", "https://LOCALHOST:8080"}})), 0);  // TLS ends in front
  EXPECT_EQ(check(here("POST", {{"Origin", "http://localhost:3000"}})), 403);
  EXPECT_EQ(check(here("DELETE", {{"Origin", "https://evil.example"}})), 403);
  EXPECT_EQ(check(here("POST", {{"Origin", "null"}})), 403);
  EXPECT_EQ(check(here("POST", {{"Origin", ""}})), 403);
  EXPECT_EQ(check(here("POST", {{"Sec-Fetch-Site", "cross-site"}})), 403);
  EXPECT_EQ(check(here("GET", {{"Origin", "https://evil.example"}})), 0);
  EXPECT_EQ(check(here("POST", {{"Origin", "https://evil.example"}, {"Authorization", "Bearer x"}})), 0);
}

TEST(CrossSite, OpensNoWebSocket) {
  auto foreign = here("GET", {{"Origin", "https://evil.example"}});
  EXPECT_EQ(status_of(refuse_cross_site(foreign, "", true)), 403);
  auto own = here("GET", {{"Origin", "http://localhost:8080"}});
  EXPECT_EQ(status_of(refuse_cross_site(own, "", true)), 0);
}

TEST(CrossSite, KnowsTheNameUsersCallTheServerBy) {
  auto request = here("POST", {{"Origin", "https://sluice.example"}});
  EXPECT_EQ(status_of(refuse_cross_site(request, "https://sluice.example:443", false)), 0);
  EXPECT_EQ(status_of(refuse_cross_site(request, "https://other.example", false)), 403);
  auto beside = here("POST", {{"Origin", "http://localhost:8080"}});  // past the proxy
  EXPECT_EQ(status_of(refuse_cross_site(beside, "https://sluice.example", false)), 0);
}

TEST(Ambiguous, FramingIsRefused) {
  auto check = [](std::initializer_list<std::pair<const char*, const char*>> headers, int minor = 1) {
    auto request = request_with("POST", headers);
    if (minor > 0) request.headers.add("Host", "localhost");
    return status_of(refuse_ambiguous(request, minor));
  };
  EXPECT_EQ(check({}), 0);
  EXPECT_EQ(check({{"Content-Length", "5"}}), 0);
  EXPECT_EQ(check({{"Transfer-Encoding", "Chunked"}}), 0);
  EXPECT_EQ(check({{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}), 400);
  EXPECT_EQ(check({{"Content-Length", "5"}, {"Content-Length", "5"}}), 400);
  EXPECT_EQ(check({{"Content-Length", "5, 5"}}), 400);
  EXPECT_EQ(check({{"Content-Length", "+5"}}), 400);
  EXPECT_EQ(check({{"Content-Length", ""}}), 400);
  EXPECT_EQ(check({{"Transfer-Encoding", "gzip, chunked"}}), 400);
  EXPECT_EQ(check({{"Transfer-Encoding", "identity"}}), 400);
  EXPECT_EQ(check({{"Transfer-Encoding", "chunked"}}, 0), 400);
}

TEST(Ambiguous, ThereIsOneHost) {
  EXPECT_EQ(status_of(refuse_ambiguous(request_with("GET", {}), 1)), 400);
  EXPECT_EQ(status_of(refuse_ambiguous(request_with("GET", {}), 0)), 0);
  EXPECT_EQ(status_of(refuse_ambiguous(request_with("GET", {{"Host", "a"}, {"Host", "a"}}), 1)), 400);
  EXPECT_EQ(status_of(refuse_ambiguous(request_with("GET", {{"Host", "a/b"}}), 1)), 400);
  EXPECT_EQ(status_of(refuse_ambiguous(request_with("GET", {{"Host", "[::1]:80"}}), 1)), 0);
}

TEST(ForeignHost, IsMisdirectedWhereOnlyThisMachineIsServed) {
  EXPECT_EQ(status_of(refuse_foreign_host("evil.example", HostCheck::loopback)), 421);
  EXPECT_EQ(status_of(refuse_foreign_host("localhost:8080", HostCheck::loopback)), 0);
  EXPECT_EQ(status_of(refuse_foreign_host("sluice.example", HostCheck::any)), 0);
}

TEST(Subprotocol, CarriesTheKeyOfABrowser) {
  auto both = choose_subprotocol("sluice.events, sluice.bearer.abc");
  EXPECT_EQ(both.key, "abc");
  EXPECT_EQ(both.answer, "sluice.events");
  auto key = choose_subprotocol("sluice.bearer.abc");
  EXPECT_EQ(key.key, "abc");
  EXPECT_EQ(key.answer, "sluice.bearer.abc");
  auto other = choose_subprotocol("chat");
  EXPECT_EQ(other.key, "");
  EXPECT_EQ(other.answer, "");
}

}  // namespace
}  // namespace sluice
