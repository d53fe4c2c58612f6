// The block kernel in plain C++, for any processor, and the choice between kernels.
#include "formats/csv_kernel.h"

namespace sluice {
namespace {

#include "formats/csv_kernel_body.h"

class PlainBlock {
 public:
  explicit PlainBlock(const char* bytes) : bytes_(bytes) {}
  std::uint64_t where(char c) const {
    std::uint64_t mask = 0;
    for (int i = 0; i < 64; ++i) mask |= static_cast<std::uint64_t>(bytes_[i] == c) << i;
    return mask;
  }
  static std::uint64_t prefix_xor(std::uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
  }

 private:
  const char* bytes_;
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
