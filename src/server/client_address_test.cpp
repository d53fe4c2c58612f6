#include "server/client_address.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>

namespace sluice {
namespace {

std::string client(const TrustedProxies& proxies, const std::string& peer,
                   const std::vector<std::string>& told) {
  Headers headers;
  for (const std::string& value : told) headers.add("x-forwarded-for", value);
  return proxies.client_of(boost::asio::ip::make_address(peer), headers).to_string();
}

TEST(ClientAddress, IsTheConnectionsWhereNobodyIsTrusted) {
  const auto none = TrustedProxies::parse(" ");
  ASSERT_TRUE(none);
  EXPECT_EQ(client(*none, "10.0.0.7", {"198.51.100.1"}), "10.0.0.7");
  EXPECT_EQ(client(*none, "::ffff:10.0.0.7", {}), "10.0.0.7");
}

TEST(ClientAddress, IsWhatTheLastOfTheTrustedProxiesHasHeard) {
  const auto some = TrustedProxies::parse("10.0.0.7, 192.168.128.0/17,fd00::/9");
  ASSERT_TRUE(some);
  struct Case {
    std::string peer;
    std::vector<std::string> told;
    std::string client;
  };
  const Case cases[] = {
      {"10.0.0.7", {"198.51.100.1"}, "198.51.100.1"},
      {"10.0.0.8", {"198.51.100.1"}, "10.0.0.8"},                                 // no proxy of ours
      {"10.0.0.7", {"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},                // the first may be invented
      {"10.0.0.7", {"203.0.113.9,198.51.100.1 ,192.168.200.1"}, "198.51.100.1"},  // through two proxies
      {"10.0.0.7", {"198.51.100.1", "192.168.255.1"}, "198.51.100.1"},  // each with a header of its own
      {"10.0.0.7", {"198.51.100.1, 192.168.127.1"}, "192.168.127.1"},   // beyond the network
      {"10.0.0.7", {"198.51.100.1:4711"}, "198.51.100.1"},
      {"fd7f::1", {"[2001:db8::5]:4711"}, "2001:db8::5"},
      {"fd80::1", {"2001:db8::5"}, "fd80::1"},
      {"::ffff:10.0.0.7", {"2001:db8::5"}, "2001:db8::5"},
      {"10.0.0.7", {"198.51.100.1, unknown"}, "10.0.0.7"},
      {"10.0.0.7", {"unknown, 192.168.200.1"}, "192.168.200.1"},
      {"10.0.0.7", {"[", "[]", ":", ""}, "10.0.0.7"},
      {"10.0.0.7", {}, "10.0.0.7"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(client(*some, one.peer, one.told), one.client) << one.peer << " tells " << one.told.size();
  }
}

TEST(ClientAddress, ListsOfProxiesThatCannotBeReadAreRefused) {
  for (const char* wrong : {"10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/-1", "proxy.example",
                            "10.0.0.1,,10.0.0.2", "10.0.0.1 10.0.0.2"}) {
    const auto parsed = TrustedProxies::parse(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().kind, ErrorKind::usage);
  }
  EXPECT_TRUE(TrustedProxies::parse("0.0.0.0/0,::/0")->has(boost::asio::ip::make_address("203.0.113.9")));
}

TEST(ClientAddress, OneNetworkOfIpv6IsOnePlace) {
  EXPECT_EQ(place_of(boost::asio::ip::make_address("2001:db8:1:2:3:4:5:6")), "2001:db8:1:2::");
  EXPECT_EQ(place_of(boost::asio::ip::make_address("10.0.0.7")), "10.0.0.7");
}

}  // namespace
}  // namespace sluice
