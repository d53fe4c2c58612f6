// UTF-16 and UTF-32 in both byte orders. A lone surrogate, a number beyond Unicode and bytes that are left
// over at the end are undecodable. One thread per decoder.
#include <bit>
#include <cstring>

#include "formats/encoding_decoders.h"

namespace sluice {
namespace {

template <class Unit, std::endian order>
Unit load(const char* from) {
  Unit unit;
  std::memcpy(&unit, from, sizeof unit);
  if constexpr (order != std::endian::native) {
    if constexpr (sizeof unit == 2) unit = __builtin_bswap16(unit);
    if constexpr (sizeof unit == 4) unit = __builtin_bswap32(unit);
  }
  return unit;
}

constexpr bool is_high_surrogate(char32_t c) { return c >= 0xD800 && c < 0xDC00; }
constexpr bool is_low_surrogate(char32_t c) { return c >= 0xDC00 && c < 0xE000; }

// One character from the front of `left` > 0 bytes: its value (or what put_utf8 calls undecodable) and its
// size; size 0 where the rest of it is to follow.
struct Taken {
  char32_t character = 0xFFFFFFFF;
  std::size_t size = 0;
};

template <std::endian order>
struct Utf16 {
  static Taken take(const char* from, std::size_t left, bool at_end) {
    if (left < 2) return {0xFFFFFFFF, at_end ? left : 0};
    char32_t first = load<std::uint16_t, order>(from);
    if (!is_high_surrogate(first)) return {first, 2};
    if (left < 4) return {first, at_end ? std::size_t{2} : 0};
    char32_t second = load<std::uint16_t, order>(from + 2);
    if (!is_low_surrogate(second)) return {first, 2};
    return {0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), 4};
  }

  // Four ASCII characters at once; false where they are not.
  static constexpr std::size_t kFastBytes = 8, kFastCharacters = 4;
  static bool take_ascii(const char* from, char* to) {
    std::uint64_t units;
    std::memcpy(&units, from, sizeof units);
    constexpr bool swapped = order != std::endian::native;
    if ((units & (swapped ? 0x80FF80FF80FF80FF : 0xFF80FF80FF80FF80)) != 0) return false;
    if constexpr (swapped) units >>= 8;
    for (int at = 0; at < 4; ++at) to[at] = static_cast<char>(units >> (16 * at));
    return true;
  }
};

template <std::endian order>
struct Utf32 {
  static Taken take(const char* from, std::size_t left, bool at_end) {
    if (left < 4) return {0xFFFFFFFF, at_end ? left : 0};
    return {load<std::uint32_t, order>(from), 4};
  }
  static constexpr std::size_t kFastBytes = 4, kFastCharacters = 1;
  static bool take_ascii(const char*, char*) { return false; }
};

template <class Encoding>
class UnicodeDecoder : public Decoder {
 public:
  Progress decode(std::string_view in, std::span<char> out, bool at_end) override {
    const char* from = in.data();
    const char* const from_end = from + in.size();
    char* to = out.data();
    char* const to_end = to + out.size();
    while (from != from_end && to_end - to >= 4) {
      if (from_end - from >= static_cast<std::ptrdiff_t>(Encoding::kFastBytes) &&
          Encoding::take_ascii(from, to)) {
        from += Encoding::kFastBytes;
        to += Encoding::kFastCharacters;
        begun_ = true;
        continue;
      }
      Taken taken = Encoding::take(from, static_cast<std::size_t>(from_end - from), at_end);
      if (taken.size == 0) break;
      from += taken.size;
      if (begun_ || taken.character != kByteOrderMark) to = put_utf8(to, taken.character);
      begun_ = true;
    }
    return {static_cast<std::size_t>(from - in.data()), static_cast<std::size_t>(to - out.data())};
  }

 private:
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_utf16_decoder(std::endian order) {
  if (order == std::endian::big) return std::make_unique<UnicodeDecoder<Utf16<std::endian::big>>>();
  return std::make_unique<UnicodeDecoder<Utf16<std::endian::little>>>();
}

std::unique_ptr<Decoder> make_utf32_decoder(std::endian order) {
  if (order == std::endian::big) return std::make_unique<UnicodeDecoder<Utf32<std::endian::big>>>();
  return std::make_unique<UnicodeDecoder<Utf32<std::endian::little>>>();
}

}  // namespace sluice
