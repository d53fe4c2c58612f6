// FIPS 180-4, section 6.2, with Intel's SHA extensions for two messages side by side. The two halves of a
// state are held as the instructions want them: words a, b, e, f and c, d, g, h, the first in the highest
// place.
#include "base/sha256_many.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice {
namespace {

void hash_one_by_one(std::span<const TextToHash> texts) {
  Sha256 sha;
  for (const TextToHash& each : texts) *each.digest = sha.of(each.text);
}

#ifdef __x86_64__
#define SLUICE_SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

constexpr std::size_t kBlock = 64, kLengthBytes = 8;

alignas(16) constexpr std::uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// One message on its way: its whole blocks where they stand, then its end with the padding.
struct Lane {
  __m128i abef, cdgh;
  const std::uint8_t* at = nullptr;
  std::size_t blocks = 0;  // left of this part
  std::uint8_t end[2 * kBlock];
  std::size_t end_blocks = 0;  // 0: they are what is being hashed
  Digest* digest = nullptr;    // null: the lane is idle
};

SLUICE_SHA_TARGET void begin(Lane& lane, const TextToHash& message) {
  lane.abef =
      _mm_set_epi32(0x6a09e667, static_cast<int>(0xbb67ae85), 0x510e527f, static_cast<int>(0x9b05688c));
  lane.cdgh = _mm_set_epi32(0x3c6ef372, static_cast<int>(0xa54ff53a), 0x1f83d9ab, 0x5be0cd19);
  const std::size_t size = message.text.size(), rest = size % kBlock;
  lane.at = reinterpret_cast<const std::uint8_t*>(message.text.data());
  lane.blocks = size / kBlock;
  lane.end_blocks = rest + 1 + kLengthBytes > kBlock ? 2 : 1;
  std::memset(lane.end, 0, lane.end_blocks * kBlock);
  if (rest > 0) std::memcpy(lane.end, lane.at + size - rest, rest);
  lane.end[rest] = 0x80;
  const std::uint64_t bits = __builtin_bswap64(std::uint64_t{size} * 8);
  std::memcpy(lane.end + lane.end_blocks * kBlock - kLengthBytes, &bits, kLengthBytes);
  lane.digest = message.digest;
}

SLUICE_SHA_TARGET void finish(Lane& lane) {
  const __m128i reversed = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128i abcd = _mm_unpackhi_epi64(lane.cdgh, lane.abef),
                efgh = _mm_unpacklo_epi64(lane.cdgh, lane.abef);
  auto* out = reinterpret_cast<__m128i*>(lane.digest->data());
  _mm_storeu_si128(out, _mm_shuffle_epi8(abcd, reversed));
  _mm_storeu_si128(out + 1, _mm_shuffle_epi8(efgh, reversed));
  lane.digest = nullptr;
}

// The next `blocks` blocks of each of N lanes.
template <std::size_t N>
SLUICE_SHA_TARGET void compress(Lane* const (&lanes)[N], std::size_t blocks) {
  const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  __m128i abef[N], cdgh[N], words[N][4];
  const std::uint8_t* at[N];
  for (std::size_t n = 0; n < N; ++n) {
    abef[n] = lanes[n]->abef;
    cdgh[n] = lanes[n]->cdgh;
    at[n] = lanes[n]->at;
  }
  for (std::size_t block = 0; block < blocks; ++block) {
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants) + i);
#pragma GCC unroll 2
      for (std::size_t n = 0; n < N; ++n) {
        __m128i& word = words[n][i % 4];
        if (i < 4) {
          word = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at[n]) + i), big_endian);
        } else {
          const __m128i before = words[n][(i + 3) % 4], two_before = words[n][(i + 2) % 4];
          word = _mm_sha256msg1_epu32(word, words[n][(i + 1) % 4]);
          word = _mm_add_epi32(word, _mm_alignr_epi8(before, two_before, 4));
          word = _mm_sha256msg2_epu32(word, before);
        }
        const __m128i added = _mm_add_epi32(word, constants);
        cdgh[n] = _mm_sha256rnds2_epu32(cdgh[n], abef[n], added);
        abef[n] = _mm_sha256rnds2_epu32(abef[n], cdgh[n], _mm_shuffle_epi32(added, 0x0E));
      }
    }
    for (std::size_t n = 0; n < N; ++n) {
      abef[n] = lanes[n]->abef = _mm_add_epi32(abef[n], lanes[n]->abef);
      cdgh[n] = lanes[n]->cdgh = _mm_add_epi32(cdgh[n], lanes[n]->cdgh);
      at[n] += kBlock;
    }
  }
  for (std::size_t n = 0; n < N; ++n) {
    lanes[n]->at = at[n];
    lanes[n]->blocks -= blocks;
  }
}

// Goes on to the lane's end, and from there to the next text.
SLUICE_SHA_TARGET void advance(Lane& lane, std::span<const TextToHash>& texts) {
  while (lane.blocks == 0) {
    if (lane.digest != nullptr && lane.end_blocks > 0) {
      lane.at = lane.end;
      lane.blocks = std::exchange(lane.end_blocks, 0);
      return;
    }
    if (lane.digest != nullptr) finish(lane);
    if (texts.empty()) return;
    begin(lane, texts.front());
    texts = texts.subspan(1);
  }
}

SLUICE_SHA_TARGET void hash_two_by_two(std::span<const TextToHash> texts) {
  Lane first, second;
  advance(first, texts);
  advance(second, texts);
  while (first.blocks > 0 && second.blocks > 0) {
    compress<2>({&first, &second}, std::min(first.blocks, second.blocks));
    advance(first, texts);
    advance(second, texts);
  }
  for (Lane* last : {&first, &second}) {
    while (last->blocks > 0) {
      compress<1>({last}, last->blocks);
      advance(*last, texts);
    }
  }
}

bool has_sha_extension() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0 &&
         __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}
#endif

}  // namespace

void hash_many(std::span<const TextToHash> texts) {
#ifdef __x86_64__
  static const bool two_by_two = has_sha_extension();
  if (two_by_two) return hash_two_by_two(texts);
#endif
  hash_one_by_one(texts);
}

}  // namespace sluice
