#include "server/client_address.h"

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <optional>
#include <ranges>
#include <span>

namespace sluice {
namespace {

namespace ip = boost::asio::ip;

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  return from == std::string_view::npos ? "" : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::vector<std::string_view> words_between_commas(std::string_view list) {
  std::vector<std::string_view> words;
  for (const auto word : std::views::split(list, ','))
    words.push_back(trimmed(std::string_view(word.begin(), word.end())));
  return words;
}

std::optional<Address> address_in(std::string_view text) {
  boost::system::error_code error;
  const Address address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return plain(address);
}

// As proxies write it: some add the port.
std::optional<Address> told_address(std::string_view text) {
  if (text.starts_with('[')) return address_in(text.substr(1, text.find(']') - 1));
  if (std::ranges::count(text, ':') == 1) text = text.substr(0, text.find(':'));
  return address_in(text);
}

bool same_begin(std::span<const unsigned char> one, std::span<const unsigned char> other, unsigned bits) {
  for (std::size_t i = 0; bits > 0; ++i, bits -= std::min(bits, 8u)) {
    const unsigned unused = bits < 8 ? 8 - bits : 0;
    if ((one[i] ^ other[i]) >> unused != 0) return false;
  }
  return true;
}

}  // namespace

Address plain(const Address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::string place_of(const Address& address) {
  if (!address.is_v6()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return ip::address_v6(bytes).to_string();
}

Result<TrustedProxies> TrustedProxies::parse(std::string_view list) {
  TrustedProxies proxies;
  if (trimmed(list).empty()) return proxies;
  for (const std::string_view word : words_between_commas(list)) {
    const std::size_t slash = word.find('/');
    const auto base = address_in(word.substr(0, slash));
    const unsigned most = base && base->is_v6() ? 128 : 32;
    unsigned prefix = most;
    bool good = base.has_value();
    if (slash != std::string_view::npos) {
      const std::string_view digits = word.substr(slash + 1);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
      good = good && error == std::errc() && end == digits.data() + digits.size() && prefix <= most;
    }
    if (!good)
      return fail(ErrorKind::usage,
                  "'" + std::string(word.substr(0, 100)) +
                      "' is no address of a proxy; write addresses and networks, with commas "
                      "between them: 10.0.0.7, 192.168.0.0/16, fd00::/8.");
    proxies.networks_.push_back({*base, prefix});
  }
  return proxies;
}

bool TrustedProxies::has(const Address& address) const {
  const Address asked = plain(address);
  return std::ranges::any_of(networks_, [&](const Network& network) {
    if (network.base.is_v6() != asked.is_v6()) return false;
    if (asked.is_v6())
      return same_begin(asked.to_v6().to_bytes(), network.base.to_v6().to_bytes(), network.prefix);
    return same_begin(asked.to_v4().to_bytes(), network.base.to_v4().to_bytes(), network.prefix);
  });
}

Address TrustedProxies::client_of(const Address& peer, const Headers& headers) const {
  Address client = plain(peer);
  if (!has(client)) return client;
  std::vector<std::string_view> told;  // each proxy adds whom it has heard, at the end
  for (const auto& [name, value] : headers)
    if (boost::beast::iequals(name, "X-Forwarded-For"))
      for (const std::string_view word : words_between_commas(value)) told.push_back(word);
  for (const std::string_view word : std::views::reverse(told)) {
    const auto address = told_address(word);
    if (!address) break;  // "unknown": then it is the last one that is known
    client = *address;
    if (!has(client)) break;
  }
  return client;
}

}  // namespace sluice
