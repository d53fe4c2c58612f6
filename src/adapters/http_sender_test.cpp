// The sender of webhooks against a real server on loopback: what is sent, what is made of answers, and that
// no spelling of an address leads into the own network.
#include "adapters/http_sender_curl.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "adapters/address_guard.h"
#include "adapters/http_test_server.h"

namespace sluice {
namespace {

std::unique_ptr<HttpSender> open_sender() {
  HttpSenderOptions options;
  options.private_addresses = PrivateAddresses::allowed;
  return make_http_sender_curl(options);
}

std::string said(int status, const std::string& headers = "", const std::string& body = "") {
  return HttpTestServer::answer(status, headers, body);
}

TEST(HttpSender, posts_and_tells_the_status) {
  HttpTestServer server([](const ReceivedRequest&) { return said(202, "Retry-After: 7\r\n", "thanks"); });
  const std::string body = "{\"a\":\"" + std::string(100'000, 'x') + "\"}";
  auto answer = open_sender()->post(
      {server.url("/hook?x=1"), {{"Content-Type", "application/cloudevents+json"}}, body}, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(answer->retry_after, std::chrono::seconds(7));
  auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].first_line, "POST /hook?x=1 HTTP/1.1");
  EXPECT_EQ(requests[0].headers["content-type"], "application/cloudevents+json");
  EXPECT_FALSE(requests[0].headers.contains("expect"));
  EXPECT_EQ(requests[0].body, body);
}

TEST(HttpSender, follows_no_redirection) {
  HttpTestServer elsewhere([](const ReceivedRequest&) { return said(200); });
  HttpTestServer server(
      [&](const ReceivedRequest&) { return said(307, "Location: " + elsewhere.url() + "\r\n"); });
  auto answer = open_sender()->post({server.url(), {}, "x"}, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 307);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(HttpSender, an_endless_answer_is_cut) {
  HttpTestServer server([](const ReceivedRequest&) {
    return "HTTP/1.1 200 Said\r\nContent-Length: 99999999999\r\n\r\n" + std::string(1 << 20, 'x');
  });
  auto answer = open_sender()->post({server.url(), {}, "x"}, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
}

TEST(HttpSender, says_what_failed) {
  std::string port;
  {
    port = HttpTestServer([](const ReceivedRequest&) { return ""; }).port();
  }  // nobody listens any more
  auto sender = open_sender();
  auto nobody = sender->post({"http://127.0.0.1:" + port + "/s3cret", {}, "x"}, {});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(nobody.error().retryable);
  EXPECT_EQ(nobody.error().message.find("s3cret"), std::string::npos) << nobody.error().message;
  for (const char* url : {"ftp://example.org/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://", "",
                          "x", "http://me:pass@127.0.0.1/"}) {
    auto wrong = sender->post({url, {}, "x"}, {});
    ASSERT_FALSE(wrong) << url;
    EXPECT_EQ(wrong.error().kind, ErrorKind::usage) << url << ": " << wrong.error().message;
  }
  HttpTestServer mute([](const ReceivedRequest&) { return ""; });
  EXPECT_EQ(sender->post({mute.url(), {}, "x"}, {}).error().kind, ErrorKind::unavailable);
}

TEST(HttpSender, a_receiver_that_does_not_answer_is_left_after_a_while_or_at_a_stop) {
  // Connections wait in the queue of a socket that nobody accepts from.
  int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  HttpSenderOptions options;
  options.private_addresses = PrivateAddresses::allowed;
  options.answer_within = std::chrono::milliseconds(200);
  auto late = make_http_sender_curl(options)->post({url, {}, "x"}, {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::unavailable);
  std::stop_source stop;
  stop.request_stop();
  auto stopped = open_sender()->post({url, {}, "x"}, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
  ::close(listener);
}

TEST(HttpSender, no_spelling_leads_to_this_machine) {
  HttpTestServer server([](const ReceivedRequest&) { return said(200); });
  HttpTestServer server6([](const ReceivedRequest&) { return said(200); }, AF_INET6);
  auto sender = make_http_sender_curl({});
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1",
                           "0x7f.1", "0", "0.0.0.0", "127.8.9.10", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
                           "[::127.0.0.1]", "LOCALHOST", "[64:ff9b::7f00:1]"}) {
    const std::string url = "http://" + std::string(host) + ":" + server.port() + "/";
    auto answer = sender->post({url, {}, "x"}, {});
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().kind, ErrorKind::usage) << url << ": " << answer.error().message;
    EXPECT_NE(answer.error().message.find("webhooks.allow_private"), std::string::npos)
        << answer.error().message;
  }
  for (const char* host : {"[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "localhost", "127.0.0.1."})
    EXPECT_FALSE(sender->post({"http://" + std::string(host) + ":" + server6.port() + "/", {}, "x"}, {}))
        << host;
  EXPECT_EQ(server.connections() + server6.connections(), 0) << "refused before a connection is made";
}

TEST(HttpSender, a_name_that_comes_to_lead_inside_gains_nothing) {
  HttpTestServer server([](const ReceivedRequest&) { return said(200); });
  HttpSenderOptions options;
  options.resolve = {"hook.example:" + server.port() + ":127.0.0.1",
                     "mixed.example:" + server.port() + ":[::1],127.0.0.1"};
  for (const char* host : {"hook.example", "mixed.example"}) {
    const std::string url = "http://" + std::string(host) + ":" + server.port() + "/";
    auto answer = make_http_sender_curl(options)->post({url, {}, "x"}, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::usage) << answer.error().message;
  }
  EXPECT_EQ(server.connections(), 0);
  options.private_addresses = PrivateAddresses::allowed;
  auto answer =
      make_http_sender_curl(options)->post({"http://hook.example:" + server.port() + "/", {}, "x"}, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(server.requests()[0].headers["host"], "hook.example:" + server.port());
}

TEST(HttpSender, no_proxy_of_the_environment_is_used) {
  HttpTestServer proxy([](const ReceivedRequest&) { return said(200); });
  HttpTestServer server([](const ReceivedRequest&) { return said(204); });
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::setenv(name, proxy.url().c_str(), 1);
  auto answer = open_sender()->post({server.url(), {}, "x"}, {});
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 204);
  EXPECT_EQ(proxy.connections(), 0);
}

bool is_public(const std::string& text) {
  sockaddr_storage storage{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  storage.ss_family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  void* into = storage.ss_family == AF_INET ? static_cast<void*>(&v4->sin_addr) : &v6->sin6_addr;
  if (inet_pton(storage.ss_family, text.c_str(), into) != 1) throw std::runtime_error("no address: " + text);
  return is_public_address(reinterpret_cast<sockaddr*>(&storage));
}

TEST(AddressGuard, the_first_and_last_of_each_range_and_their_neighbours) {
  for (const char* inside : {"0.0.0.0",
                             "0.255.255.255",
                             "10.0.0.0",
                             "10.255.255.255",
                             "100.64.0.0",
                             "100.127.255.255",
                             "100.100.100.200",
                             "127.0.0.0",
                             "127.255.255.255",
                             "168.63.129.16",
                             "169.254.0.0",
                             "169.254.169.254",
                             "169.254.255.255",
                             "172.16.0.0",
                             "172.31.255.255",
                             "192.0.0.0",
                             "192.0.0.192",
                             "192.0.2.1",
                             "192.168.0.0",
                             "192.168.255.255",
                             "198.18.0.0",
                             "198.19.255.255",
                             "198.51.100.7",
                             "203.0.113.7",
                             "224.0.0.0",
                             "239.255.255.255",
                             "240.0.0.0",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "::7f00:1",
                             "::ffff:10.0.0.1",
                             "::ffff:169.254.169.254",
                             "64:ff9b::a00:1",
                             "64:ff9b:1::808:808",
                             "100::1",
                             "2001::1",
                             "2001:0:808:808::1",
                             "2001:10::1",
                             "2001:1ff:ffff::",
                             "2001:db8::1",
                             "2002:a00:1::",
                             "2002:7f00:1::1",
                             "3fff::1",
                             "fc00::1",
                             "fd00:ec2::254",
                             "fe80::1",
                             "fec0::1",
                             "ff02::1",
                             "4000::1",
                             "::ffff:0:127.0.0.1"})
    EXPECT_FALSE(is_public(inside)) << inside;
  for (const char* outside :
       {"1.0.0.0",          "9.255.255.255",   "11.0.0.0",        "100.63.255.255",  "100.128.0.0",
        "126.255.255.255",  "128.0.0.0",       "168.63.129.17",   "169.253.255.255", "169.255.0.0",
        "172.15.255.255",   "172.32.0.0",      "192.0.1.0",       "192.167.255.255", "192.169.0.0",
        "198.17.255.255",   "198.20.0.0",      "223.255.255.255", "8.8.8.8",         "::ffff:8.8.8.8",
        "64:ff9b::808:808", "2002:808:808::1", "2001:200::1",     "2600::1",         "2a00:1450::1",
        "3fff:1000::1"})
    EXPECT_TRUE(is_public(outside)) << outside;
  sockaddr local{};
  local.sa_family = AF_UNIX;
  EXPECT_FALSE(is_public_address(&local));
}

}  // namespace
}  // namespace sluice
