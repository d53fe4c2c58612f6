// An exact sum of decimals: nothing is rounded, and the order of the additions does not matter. Not
// thread-safe.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// Decimals further from the point than so many digits are not summed: one number of a few characters
// (1e999999999) must not take a gigabyte. Doubles are well within.
inline constexpr std::int64_t kSumDigits = 400;

// Can this be summed? A decimal (parse_decimal) within kSumDigits before and after the point.
bool can_be_summed(std::string_view decimal);
// What a sum of such numbers itself may have.
inline constexpr std::int64_t kDigitsOfSum = kSumDigits + 100;

class DecimalSum {
 public:
  enum class Sign : std::int8_t { plus = 1, minus = -1 };
  // False, and nothing is added, where it cannot be summed: `most` digits before and after the point.
  bool add(std::string_view decimal, Sign sign = Sign::plus, std::int64_t most = kSumDigits);
  void add(const DecimalSum& other);
  bool is_zero() const { return value_ == 0; }
  std::string text() const;  // the canonical decimal

 private:
  void add(boost::multiprecision::cpp_int value, unsigned scale);

  boost::multiprecision::cpp_int value_;  // times 10^-scale_
  unsigned scale_ = 0;
};

}  // namespace sluice
