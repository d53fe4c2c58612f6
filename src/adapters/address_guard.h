// Which addresses of the network a node connects to on behalf of its users: those of the public internet, and
// none of its own surroundings (loopback, private networks, the metadata services of clouds …), however they
// are spelled or wrapped into IPv6. Free functions, any thread.
#pragma once

#include <string>

struct sockaddr;

namespace sluice {

// Also "no" for a family that is neither IPv4 nor IPv6.
bool is_public_address(const sockaddr* address);
std::string address_text(const sockaddr* address);  // "127.0.0.1", "::1"; "another kind of address"

}  // namespace sluice
