// The block kernel with AVX2 and carry-less multiplication. Compiled with those flags, so nothing of it may
// be called, and nothing of the standard library instantiated, that the rest of the program shares.
#include "formats/csv_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace sluice {
namespace {

#include "formats/csv_kernel_body.h"

class Avx2Block {
 public:
  [[gnu::always_inline]] explicit Avx2Block(const char* bytes)
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes))),
        high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32))) {}
  [[gnu::always_inline]] std::uint64_t where(char c) const {
    __m256i wanted = _mm256_set1_epi8(c);
    auto low = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low_, wanted)));
    auto high = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high_, wanted)));
    return low | (static_cast<std::uint64_t>(high) << 32);
  }
  [[gnu::always_inline]] static std::uint64_t prefix_xor(std::uint64_t bits) {
    __m128i all_ones = _mm_set1_epi8(static_cast<char>(0xFF));
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(bits)), all_ones, 0);
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(product));
  }

 private:
  __m256i low_, high_;
};

}  // namespace

const CsvKernel kAvx2CsvKernel{"avx2", &split<Avx2Block>, &index<Avx2Block>};

}  // namespace sluice
#endif
