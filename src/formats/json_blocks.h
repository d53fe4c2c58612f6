// Looking at JSON text many bytes at a time: masks of the interesting bytes of 64, line ends, special bytes
// of a string. Pure functions; all may read up to Buffer::kPadding bytes past the end of what they are given.
// SSE2 is part of every x86-64; elsewhere the same is done byte by byte.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::json_blocks {

inline constexpr std::size_t kBlock = 64;

// One bit a byte, the first byte lowest.
struct StructureMasks {
  std::uint64_t quote = 0, backslash = 0, open = 0, close = 0, comma = 0;
};
struct LineMasks {
  std::uint64_t lf = 0, cr = 0;
};

#if defined(__SSE2__)
inline std::uint64_t bits_of(__m128i matches) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(matches)));
}

inline StructureMasks structure_of(const char* bytes) {
  StructureMasks masks;
  for (unsigned i = 0; i < kBlock; i += 16) {
    const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
    const __m128i folded = _mm_or_si128(c, _mm_set1_epi8(0x20));  // [ and { fall together, so do ] and }
    masks.quote |= bits_of(_mm_cmpeq_epi8(c, _mm_set1_epi8('"'))) << i;
    masks.backslash |= bits_of(_mm_cmpeq_epi8(c, _mm_set1_epi8('\\'))) << i;
    masks.open |= bits_of(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{'))) << i;
    masks.close |= bits_of(_mm_cmpeq_epi8(folded, _mm_set1_epi8('}'))) << i;
    masks.comma |= bits_of(_mm_cmpeq_epi8(c, _mm_set1_epi8(','))) << i;
  }
  return masks;
}

inline LineMasks lines_of(const char* bytes) {
  LineMasks masks;
  for (unsigned i = 0; i < kBlock; i += 16) {
    const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
    masks.lf |= bits_of(_mm_cmpeq_epi8(c, _mm_set1_epi8('\n'))) << i;
    masks.cr |= bits_of(_mm_cmpeq_epi8(c, _mm_set1_epi8('\r'))) << i;
  }
  return masks;
}

// The first byte from `at` on that ends a run of plain string bytes: a quote, a backslash or a control
// character. One must stand there before the padding ends.
inline const char* find_string_special(const char* at) {
  for (;; at += 16) {
    const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(c, _mm_set1_epi8(0x1f)), c);
    const __m128i quote = _mm_cmpeq_epi8(c, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(c, _mm_set1_epi8('\\'));
    const int found = _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash)));
    if (found != 0) return at + std::countr_zero(static_cast<unsigned>(found));
  }
}
#else
inline StructureMasks structure_of(const char* bytes) {
  StructureMasks masks;
  for (unsigned i = 0; i < kBlock; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    switch (bytes[i]) {
      case '"': masks.quote |= bit; break;
      case '\\': masks.backslash |= bit; break;
      case '{':
      case '[': masks.open |= bit; break;
      case '}':
      case ']': masks.close |= bit; break;
      case ',': masks.comma |= bit; break;
      default: break;
    }
  }
  return masks;
}

inline LineMasks lines_of(const char* bytes) {
  LineMasks masks;
  for (unsigned i = 0; i < kBlock; ++i) {
    masks.lf |= static_cast<std::uint64_t>(bytes[i] == '\n') << i;
    masks.cr |= static_cast<std::uint64_t>(bytes[i] == '\r') << i;
  }
  return masks;
}

inline const char* find_string_special(const char* at) {
  while (*at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}
#endif

// The lowest `count` bits.
inline std::uint64_t low_bits(std::size_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

// Every bit becomes the parity of itself and all lower ones: the places between an opening and a closing
// quote.
inline std::uint64_t prefix_parity(std::uint64_t bits) {
  for (unsigned shift = 1; shift < 64; shift <<= 1) bits ^= bits << shift;
  return bits;
}

// Line ends among the bytes: LF, CRLF and CR each end one line. A CR that is the last byte counts.
inline std::uint64_t count_lines(std::string_view bytes) {
  std::uint64_t lines = 0;
  bool after_cr = false;
  for (std::size_t at = 0; at < bytes.size(); at += kBlock) {
    const std::uint64_t inside = low_bits(bytes.size() - at);
    LineMasks masks = lines_of(bytes.data() + at);
    masks.lf &= inside;
    masks.cr &= inside;
    const std::uint64_t second_of_pair = masks.lf & ((masks.cr << 1) | (after_cr ? 1 : 0));
    lines += static_cast<std::uint64_t>(std::popcount(masks.lf & ~second_of_pair) + std::popcount(masks.cr));
    after_cr = (masks.cr >> 63) != 0;
  }
  return lines;
}

// The first LF or CR in [at, end), or end.
inline const char* find_line_end(const char* at, const char* end) {
  for (; at < end; at += kBlock) {
    const LineMasks masks = lines_of(at);
    if (const std::uint64_t ends = masks.lf | masks.cr) {
      const char* found = at + std::countr_zero(ends);
      return found < end ? found : end;
    }
  }
  return end;
}

}  // namespace sluice::json_blocks
