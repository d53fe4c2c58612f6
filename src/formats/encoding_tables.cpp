// Windows-1252 and ISO-8859-1 by table: most files that are not UTF-8. One thread per decoder.
#include <array>
#include <cstring>

#include "formats/encoding_decoders.h"

namespace sluice {
namespace {

// 0x80 to 0x9F of Windows-1252 (0: not defined); the rest is as in ISO-8859-1.
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

struct Entry {
  char bytes[4] = {};
  std::uint8_t size = 0;
};
using Table = std::array<Entry, 256>;

Table make_table(SingleByteSet set) {
  Table table;
  for (unsigned byte = 0; byte < 256; ++byte) {
    char32_t character = byte;
    if (set == SingleByteSet::windows_1252 && byte >= 0x80 && byte < 0xA0) {
      character = kWindows1252[byte - 0x80] != 0 ? kWindows1252[byte - 0x80] : 0xFFFFFFFF;
    }
    char* end = put_utf8(table[byte].bytes, character);
    table[byte].size = static_cast<std::uint8_t>(end - table[byte].bytes);
  }
  return table;
}

const Table& table_of(SingleByteSet set) {
  static const Table windows = make_table(SingleByteSet::windows_1252);
  static const Table latin = make_table(SingleByteSet::iso_8859_1);
  return set == SingleByteSet::windows_1252 ? windows : latin;
}

class SingleByteDecoder : public Decoder {
 public:
  explicit SingleByteDecoder(SingleByteSet set) : table_(table_of(set)) {}

  Progress decode(std::string_view in, std::span<char> out, bool) override {
    constexpr std::size_t kStep = 8;
    const char* from = in.data();
    const char* const from_end = from + in.size();
    char* to = out.data();
    char* const to_end = to + out.size();
    while (from != from_end && to_end - to >= static_cast<std::ptrdiff_t>(kStep)) {
      if (from_end - from >= static_cast<std::ptrdiff_t>(kStep)) {
        std::uint64_t eight;
        std::memcpy(&eight, from, kStep);
        if ((eight & 0x8080808080808080) == 0) {
          std::memcpy(to, &eight, kStep);
          from += kStep;
          to += kStep;
          continue;
        }
      }
      const Entry& entry = table_[static_cast<unsigned char>(*from++)];
      std::memcpy(to, entry.bytes, sizeof entry.bytes);
      to += entry.size;
    }
    return {static_cast<std::size_t>(from - in.data()), static_cast<std::size_t>(to - out.data())};
  }

 private:
  const Table& table_;
};

}  // namespace

std::unique_ptr<Decoder> make_single_byte_decoder(SingleByteSet set) {
  return std::make_unique<SingleByteDecoder>(set);
}

}  // namespace sluice
