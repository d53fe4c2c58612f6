// Whose address a request comes from: the connection's, or the one that a proxy tells which is trusted to say
// it.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/http_message.h"

namespace sluice {

using Address = boost::asio::ip::address;

// An IPv4 address that is written as one of IPv6 (::ffff:10.0.0.1) is that one of IPv4.
Address plain(const Address& address);

// What counts as one client: one may have a whole /64 of IPv6.
std::string place_of(const Address& address);

// The proxies in front of this server. Immutable.
class TrustedProxies {
 public:
  // Addresses and networks with commas between them: "10.0.0.7, 192.168.0.0/16, fd00::/8". Usage error naming
  // the one that is neither.
  static Result<TrustedProxies> parse(std::string_view list);

  bool has(const Address& address) const;
  // Of a request that came from `peer`: where that is a proxy, the last address of X-Forwarded-For that is
  // none. What stands before it anybody may have written.
  Address client_of(const Address& peer, const Headers& headers) const;

 private:
  struct Network {
    Address base;
    unsigned prefix = 0;  // so many bits count
  };
  std::vector<Network> networks_;
};

}  // namespace sluice
