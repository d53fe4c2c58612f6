#include "adapters/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace sluice {
namespace {

struct Range4 {
  std::uint32_t begin;
  int bits;
};

constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// The registries of special-purpose addresses (RFC 6890 and after), and one that a cloud uses inside.
constexpr std::array<Range4, 17> kNotPublic4 = {{
    {ip(0, 0, 0, 0), 8},         // this network; 0.0.0.0 is this machine
    {ip(10, 0, 0, 0), 8},        // private
    {ip(100, 64, 0, 0), 10},     // carrier-grade NAT; a cloud's metadata
    {ip(127, 0, 0, 0), 8},       // loopback
    {ip(168, 63, 129, 16), 32},  // Azure's inner services
    {ip(169, 254, 0, 0), 16},    // link-local; metadata of most clouds
    {ip(172, 16, 0, 0), 12},     // private
    {ip(192, 0, 0, 0), 24},      // protocol assignments; a cloud's metadata
    {ip(192, 0, 2, 0), 24},      // documentation
    {ip(192, 31, 196, 0), 24},   // AS112
    {ip(192, 88, 99, 0), 24},    // 6to4 relays
    {ip(192, 168, 0, 0), 16},    // private
    {ip(198, 18, 0, 0), 15},     // benchmarks
    {ip(198, 51, 100, 0), 24},   // documentation
    {ip(203, 0, 113, 0), 24},    // documentation
    {ip(224, 0, 0, 0), 4},       // multicast
    {ip(240, 0, 0, 0), 4},       // reserved, broadcast
}};

bool is_public4(std::uint32_t address) {
  for (const Range4& range : kNotPublic4)
    if ((address ^ range.begin) >> (32 - range.bits) == 0) return false;
  return true;
}

using Bytes16 = std::array<std::uint8_t, 16>;

bool begins(const Bytes16& address, std::initializer_list<std::uint8_t> with) {
  return std::memcmp(address.data(), with.begin(), with.size()) == 0;
}

std::uint32_t inner4(const Bytes16& address, std::size_t at) {
  return ip(address[at], address[at + 1], address[at + 2], address[at + 3]);
}

// What is not global unicast is out, and of that what stands for something else is judged by it.
bool is_public6(const Bytes16& address) {
  const bool mapped = begins(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
  const bool nat64 = begins(address, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0});
  if (mapped || nat64) return is_public4(inner4(address, 12));
  if ((address[0] & 0xe0) != 0x20) return false;                             // not 2000::/3
  if (begins(address, {0x20, 0x02})) return is_public4(inner4(address, 2));  // 6to4
  if (begins(address, {0x20, 0x01}) && address[2] < 2) return false;         // 2001::/23, Teredo and others
  if (begins(address, {0x20, 0x01, 0x0d, 0xb8})) return false;               // documentation
  if (begins(address, {0x3f, 0xff}) && address[2] < 0x10) return false;      // documentation
  return true;
}

}  // namespace

bool is_public_address(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    return is_public4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return false;
  sockaddr_in6 v6;
  std::memcpy(&v6, address, sizeof v6);
  Bytes16 bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return is_public6(bytes);
}

std::string address_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  sockaddr_in v4;
  sockaddr_in6 v6;
  const char* done = nullptr;
  if (address->sa_family == AF_INET) {
    std::memcpy(&v4, address, sizeof v4);
    done = inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address->sa_family == AF_INET6) {
    std::memcpy(&v6, address, sizeof v6);
    done = inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return done != nullptr ? done : "another kind of address";
}

}  // namespace sluice
