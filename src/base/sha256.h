// SHA-256 (FIPS 180-4) by OpenSSL. One object is one running digest; re-use it: making one costs more
// than hashing a short row. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256() { reset(); }
  void reset();
  void update(std::string_view bytes);
  Digest finish();                    // the digest of all bytes since reset; resets
  Digest peek() const;                // the digest so far; hashing may go on
  Digest of(std::string_view bytes);  // reset, update, finish
  // The running digest as text, to go on with it in another process; false where that is no such text.
  std::string state() const;
  bool go_on(std::string_view state);

 private:
  alignas(8) std::array<std::byte, 112> state_;  // a SHA256_CTX, kept out of this header
};

std::string to_hex(std::string_view bytes);
std::string to_hex(const Digest& digest);
std::optional<Digest> digest_from_hex(std::string_view hex);

}  // namespace sluice
