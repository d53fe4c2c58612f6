#include "base/uuid.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <mutex>

namespace sluice {
namespace {

using Uint128 = unsigned __int128;

// 48 bits of milliseconds, and 74 bits that are random at first and rise within a millisecond
// (RFC 9562 section 6.2, method 2). Version and variant are put between them when the bytes are written.
constexpr int kRandomBits = 74;

Uint128 random_bits(int count) {
  Uint128 bits;
  // The kernel's generator fails only where it is missing altogether; ids would then collide in silence.
  if (getentropy(&bits, sizeof bits) != 0) std::abort();
  return bits & ((Uint128{1} << count) - 1);
}

Uint128 next_value() {
  static std::mutex mutex;
  static Uint128 last = 0;  // guarded by mutex
  using std::chrono::milliseconds;
  auto now =
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  Uint128 fresh = Uint128{static_cast<std::uint64_t>(now)} << kRandomBits | random_bits(kRandomBits);
  std::lock_guard lock(mutex);
  // Within one millisecond, or after the clock was set back: a random step, so that ids cannot be guessed.
  last = fresh > last ? fresh : last + 1 + random_bits(32);
  return last;
}

}  // namespace

UuidBytes new_uuid_bytes() {
  Uint128 value = next_value();
  std::uint64_t high = static_cast<std::uint64_t>(value >> kRandomBits) << 16 | 0x7000 |
                       static_cast<std::uint64_t>(value >> 62 & 0xFFF);
  std::uint64_t low =
      std::uint64_t{1} << 63 | (static_cast<std::uint64_t>(value) & ((std::uint64_t{1} << 62) - 1));
  UuidBytes bytes;
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<std::uint8_t>(low >> (56 - 8 * i));
  }
  return bytes;
}

std::string new_uuid() { return uuid_text(new_uuid_bytes()); }

std::string uuid_text(std::span<const std::uint8_t, 16> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::optional<UuidBytes> uuid_bytes(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  UuidBytes bytes{};
  std::size_t nibbles = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return std::nullopt;
      continue;
    }
    int value = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (value < 0) return std::nullopt;
    bytes[nibbles / 2] = static_cast<std::uint8_t>(bytes[nibbles / 2] << 4 | value);
    ++nibbles;
  }
  return bytes;
}

}  // namespace sluice
