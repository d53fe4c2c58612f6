#include "base/decimal_sum.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/decimal.h"

namespace sluice {
namespace {

using boost::multiprecision::cpp_int;

constexpr std::size_t kShortDigits = 18;  // fit into 64 bits

cpp_int power_of_ten(unsigned exponent) { return boost::multiprecision::pow(cpp_int(10), exponent); }

bool is_within(const Decimal& decimal, std::int64_t most) {
  return decimal.exponent >= -most &&
         decimal.exponent + static_cast<std::int64_t>(decimal.digits.size()) <= most;
}

// [-]digits[.digits] of few digits, as nearly all are; false for others.
bool read_short(std::string_view text, std::int64_t& value, unsigned& scale) {
  if (text.size() > kShortDigits) return false;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  bool point = false;
  std::size_t digits = 0;
  for (char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(c)) return false;
    value = value * 10 + (c - '0');
    ++digits;
    if (point) ++scale;
  }
  if (negative) value = -value;
  return digits != 0;
}

}  // namespace

bool can_be_summed(std::string_view text) {
  std::int64_t value = 0;
  unsigned scale = 0;
  if (read_short(text, value, scale)) return true;
  const auto decimal = parse_decimal(text);
  return decimal && is_within(*decimal, kSumDigits);
}

bool DecimalSum::add(std::string_view text, Sign sign, std::int64_t most) {
  const int factor = static_cast<int>(sign);
  std::int64_t value = 0;
  unsigned scale = 0;
  if (read_short(text, value, scale)) {
    add(cpp_int(value * factor), scale);
    return true;
  }
  const auto decimal = parse_decimal(text);
  if (!decimal || !is_within(*decimal, most)) return false;
  cpp_int digits = decimal->digits.empty() ? cpp_int(0) : cpp_int(decimal->digits);
  if (decimal->negative) digits = -digits;
  if (decimal->exponent > 0) digits *= power_of_ten(static_cast<unsigned>(decimal->exponent));
  add(digits * factor, static_cast<unsigned>(std::max<std::int64_t>(0, -decimal->exponent)));
  return true;
}

void DecimalSum::add(const DecimalSum& other) { add(other.value_, other.scale_); }

void DecimalSum::add(cpp_int value, unsigned scale) {
  if (scale < scale_) value *= power_of_ten(scale_ - scale);
  if (scale > scale_) {
    value_ *= power_of_ten(scale - scale_);
    scale_ = scale;
  }
  value_ += value;
}

std::string DecimalSum::text() const {
  std::string digits = cpp_int(abs(value_)).str();
  digits.erase(0, digits.find_first_not_of('0'));
  Decimal decimal{.negative = value_ < 0, .digits = digits, .exponent = -static_cast<std::int64_t>(scale_)};
  if (digits.empty()) decimal = {};
  while (!decimal.digits.empty() && decimal.digits.back() == '0') {
    decimal.digits.pop_back();
    ++decimal.exponent;
  }
  std::string out;
  append_canonical(out, decimal);
  return out;
}

}  // namespace sluice
