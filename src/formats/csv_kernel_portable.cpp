// The block kernel in plain C++, for any little-endian processor, and the choice between kernels.
#include "formats/csv_kernel.h"

namespace sluice {
namespace {

#include "formats/csv_kernel_body.h"

class PlainBlock {
 public:
  explicit PlainBlock(const char* bytes) {
    for (int i = 0; i < 8; ++i) __builtin_memcpy(&words_[i], bytes + 8 * i, 8);
  }
  std::uint64_t where(char c) const {
    const std::uint64_t wanted = 0x0101010101010101u * static_cast<unsigned char>(c);
    std::uint64_t mask = 0;
    for (int i = 0; i < 8; ++i) mask |= equal_bytes(words_[i] ^ wanted) << (8 * i);
    return mask;
  }
  static std::uint64_t prefix_xor(std::uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
  }

 private:
  // Bit k is set where byte k is zero: the high bits of such bytes, gathered by a multiplication that puts
  // each at its place without carries.
  static std::uint64_t equal_bytes(std::uint64_t difference) {
    constexpr std::uint64_t kLow7 = 0x7F7F7F7F7F7F7F7Fu;
    std::uint64_t zero = ~(((difference & kLow7) + kLow7) | difference | kLow7);
    return ((zero >> 7) * 0x0102040810204080u) >> 56;
  }

  std::uint64_t words_[8];
};

}  // namespace

const CsvKernel kPortableCsvKernel{"portable", &split<PlainBlock>, &index<PlainBlock>};

const CsvKernel& best_csv_kernel() {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
                               __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt") &&
                               __builtin_cpu_supports("lzcnt");
  if (has_avx2) return kAvx2CsvKernel;
#endif
  return kPortableCsvKernel;
}

}  // namespace sluice
