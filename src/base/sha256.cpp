// The low-level SHA256_* calls are deprecated in OpenSSL 3 but measure three times faster than the
// one-shot EVP call on rows of some hundred bytes, and use the same SHA-NI code.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/sha256.h"

#include <openssl/sha.h>

#include <charconv>
#include <cstring>

namespace sluice {
namespace {
SHA256_CTX* context(std::array<std::byte, 112>& state) { return reinterpret_cast<SHA256_CTX*>(state.data()); }
static_assert(sizeof(SHA256_CTX) <= 112 && alignof(SHA256_CTX) <= 8);
}  // namespace

void Sha256::reset() { SHA256_Init(context(state_)); }
void Sha256::update(std::string_view bytes) { SHA256_Update(context(state_), bytes.data(), bytes.size()); }

Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(digest.data(), context(state_));
  reset();
  return digest;
}

Digest Sha256::peek() const {
  Sha256 copy = *this;
  return copy.finish();
}

Digest Sha256::of(std::string_view bytes) {
  reset();
  update(bytes);
  return finish();
}

// "COUNT:CHAINING VALUE:BYTES OF THE BLOCK THAT IS NOT FULL", the two in hexadecimal: what FIPS 180-4 names,
// not OpenSSL's layout, so that another version of it can go on.
std::string Sha256::state() const {
  std::array<std::byte, 112> copy = state_;
  const SHA256_CTX& from = *context(copy);
  std::uint64_t bits = std::uint64_t{from.Nh} << 32 | from.Nl;
  std::string chaining;
  for (std::uint32_t word : from.h)
    for (int shift = 24; shift >= 0; shift -= 8) chaining += static_cast<char>(word >> shift & 0xFF);
  std::string_view rest(reinterpret_cast<const char*>(from.data), from.num);
  return std::to_string(bits / 8) + ":" + to_hex(chaining) + ":" + to_hex(rest);
}

bool Sha256::go_on(std::string_view state) {
  std::uint64_t bytes = 0;
  auto [after, error] = std::from_chars(state.data(), state.data() + state.size(), bytes);
  if (error != std::errc()) return false;
  state.remove_prefix(static_cast<std::size_t>(after - state.data()));
  std::size_t rest_size = bytes % SHA256_CBLOCK;
  if (state.size() != 1 + 64 + 1 + 2 * rest_size || state[0] != ':' || state[65] != ':') return false;
  auto chaining = digest_from_hex(state.substr(1, 64));
  // The bytes that fill no block are hexadecimal of any even length: padded to one digest's length at a time.
  std::string rest;
  for (std::string_view hex = state.substr(66); !hex.empty();) {
    std::string part(hex.substr(0, 64));
    std::size_t size = part.size() / 2;
    auto piece = digest_from_hex(part.append(64 - part.size(), '0'));
    if (!piece) return false;
    rest.append(reinterpret_cast<const char*>(piece->data()), size);
    hex.remove_prefix(2 * size);
  }
  if (!chaining) return false;
  reset();
  SHA256_CTX& into = *context(state_);
  for (std::size_t i = 0; i < 8; ++i) {
    const std::uint8_t* word = chaining->data() + 4 * i;
    into.h[i] =
        std::uint32_t{word[0]} << 24 | std::uint32_t{word[1]} << 16 | std::uint32_t{word[2]} << 8 | word[3];
  }
  std::uint64_t bits = (bytes - rest_size) * 8;
  into.Nl = static_cast<SHA_LONG>(bits);
  into.Nh = static_cast<SHA_LONG>(bits >> 32);
  update(rest);
  return true;
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (unsigned char c : bytes) {
    hex += kDigits[c >> 4];
    hex += kDigits[c & 15];
  }
  return hex;
}

std::string to_hex(const Digest& digest) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::optional<Digest> digest_from_hex(std::string_view hex) {
  Digest digest;
  if (hex.size() != digest.size() * 2) return std::nullopt;
  auto nibble = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < digest.size(); ++i) {
    int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digest;
}

}  // namespace sluice
