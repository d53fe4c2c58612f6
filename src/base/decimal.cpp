// Reading, comparing and writing of decimals. Called for every number cell of every row: the usual number is
// recognised as canonical, or as containing its canonical form, in one pass over its text and without a copy.
#include "base/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <system_error>

#include "base/ascii.h"

namespace sluice {
namespace {

constexpr std::int64_t kExponentLimit = 999'999'999;
// Where ECMAScript changes from plain digits to an exponent: 1e21 and 1e-7.
constexpr std::int64_t kPlainIntegerDigits = 21;
constexpr std::size_t kPlainZerosAfterPoint = 5;
// Any decimal of 15 significant digits survives the way through a double, none of more than 17 is the
// shortest text.
constexpr std::size_t kAlwaysExactDigits = 15, kLongestShortestDigits = 17;
constexpr std::int64_t kAlwaysExactMagnitude = 300;  // safely inside the normal doubles (1e-307 to 1e308)

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// The parts of [+-]digits[.digits][e…] as positions in the text, leading and trailing zeros left out.
struct Parts {
  bool negative = false, has_exponent = false;
  std::size_t integer = 0, integer_end = 0;    // from the first digit that is not zero
  std::size_t fraction = 0, fraction_end = 0;  // up to the last digit that is not zero
  std::size_t exponent = 0;                    // after the e, where has_exponent

  std::size_t integer_size() const { return integer_end - integer; }
  std::size_t fraction_size() const { return fraction_end - fraction; }
  bool is_zero() const { return integer_size() == 0 && fraction_size() == 0; }
};

// False where the text is no decimal; the exponent's own digits are not looked at yet.
bool take_apart(std::string_view text, Parts& parts) {
  std::size_t at = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    parts.negative = text[0] == '-';
    at = 1;
  }
  const std::size_t first = at;
  while (at < text.size() && text[at] == '0') ++at;
  parts.integer = at;
  parts.integer_end = at = skip_digits(text, at);
  std::size_t digits = at - first;
  parts.fraction = parts.fraction_end = at;
  if (at < text.size() && text[at] == '.') {
    parts.fraction = ++at;
    at = skip_digits(text, at);
    digits += at - parts.fraction;
    parts.fraction_end = at;
    while (parts.fraction_end > parts.fraction && text[parts.fraction_end - 1] == '0') --parts.fraction_end;
  }
  if (digits == 0) return false;
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  parts.has_exponent = true;
  parts.exponent = at + 1;
  return true;
}

// The number after the e. Saturates far beyond the limit, so that any number of digits is bounded work.
std::optional<std::int64_t> read_exponent(std::string_view text) {
  constexpr std::int64_t kSaturated = std::int64_t{1} << 60;
  bool negative = false;
  std::size_t at = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    at = 1;
  }
  if (at == text.size()) return std::nullopt;
  std::int64_t value = 0;
  for (; at < text.size(); ++at) {
    if (!is_digit(text[at])) return std::nullopt;
    value = value >= kSaturated / 10 ? kSaturated : value * 10 + (text[at] - '0');
  }
  return negative ? -value : value;
}

// The canonical form as a part of `text`, where it stands there as a whole; "" where it does not.
std::string_view canonical_part(std::string_view text, const Parts& parts) {
  if (parts.has_exponent || parts.is_zero()) return {};
  std::size_t begin = parts.integer,
              end = parts.fraction_size() != 0 ? parts.fraction_end : parts.integer_end;
  if (parts.integer_size() == 0) {
    std::size_t zeros = text.find_first_not_of('0', parts.fraction) - parts.fraction;
    if (zeros > kPlainZerosAfterPoint) return {};
    if (begin == 0 || text[begin - 1] != '0') return {};  // ".5": the 0 before the point has to be written
    --begin;
  } else if (parts.integer_size() > static_cast<std::size_t>(kPlainIntegerDigits)) {
    if (parts.fraction_size() != 0 || text[parts.integer_end - 1] == '0') return {};
  }
  if (parts.negative) {
    if (begin != 1) return {};  // zeros stand between the sign and the digits
    begin = 0;
  }
  return text.substr(begin, end - begin);
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  Parts parts;
  if (!take_apart(text, parts)) return std::nullopt;
  std::int64_t exponent = 0;
  if (parts.has_exponent) {
    auto read = read_exponent(text.substr(parts.exponent));
    if (!read) return std::nullopt;
    exponent = *read;
  }
  Decimal decimal;
  if (parts.is_zero()) return decimal;
  decimal.negative = parts.negative;
  std::string_view fraction = text.substr(parts.fraction, parts.fraction_size());
  std::string_view integer = text.substr(parts.integer, parts.integer_size());
  if (integer.empty()) {
    exponent -= static_cast<std::int64_t>(fraction.size());
    fraction.remove_prefix(fraction.find_first_not_of('0'));
  } else if (fraction.empty()) {
    std::size_t kept = integer.find_last_not_of('0') + 1;
    exponent += static_cast<std::int64_t>(integer.size() - kept);
    integer = integer.substr(0, kept);
  } else {
    exponent -= static_cast<std::int64_t>(fraction.size());
  }
  std::int64_t digits = static_cast<std::int64_t>(integer.size() + fraction.size());
  std::int64_t scientific = exponent + digits - 1;
  if (scientific > kExponentLimit || scientific < -kExponentLimit) return std::nullopt;
  decimal.digits.reserve(integer.size() + fraction.size());
  decimal.digits.append(integer).append(fraction);
  decimal.exponent = exponent;
  return decimal;
}

bool is_json_number(std::string_view text) {
  std::size_t at = 0;
  auto digits = [&] {
    std::size_t first = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - first;
  };
  if (at < text.size() && text[at] == '-') ++at;
  std::size_t first = at, integer = digits();
  if (integer == 0 || (integer > 1 && text[first] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

int compare(const Decimal& a, const Decimal& b) {
  auto sign = [](const Decimal& d) { return d.digits.empty() ? 0 : d.negative ? -1 : 1; };
  if (sign(a) != sign(b)) return sign(a) < sign(b) ? -1 : 1;
  if (sign(a) == 0) return 0;
  auto magnitude = [](const Decimal& d) { return d.exponent + static_cast<std::int64_t>(d.digits.size()); };
  int order =
      magnitude(a) != magnitude(b) ? (magnitude(a) < magnitude(b) ? -1 : 1) : a.digits.compare(b.digits);
  if (order == 0) return 0;
  return (order < 0) == (sign(a) > 0) ? -1 : 1;
}

std::string sort_key(const Decimal& value) {
  if (value.digits.empty()) return "1";
  constexpr std::int64_t kBias = 5'000'000'000'000;  // all have the same number of digits
  const std::int64_t magnitude = value.exponent + static_cast<std::int64_t>(value.digits.size());
  std::string key =
      (value.negative ? "0" : "2") + std::to_string(kBias + (value.negative ? -magnitude : magnitude));
  if (!value.negative) return key + value.digits;
  for (char digit : value.digits) key += static_cast<char>('0' + ('9' - digit));
  return key + '~';  // a longer one is further from zero
}

void append_canonical(std::string& out, const Decimal& value) {
  if (value.digits.empty()) {
    out += '0';
    return;
  }
  if (value.negative) out += '-';
  const std::string& digits = value.digits;
  const std::int64_t count = static_cast<std::int64_t>(digits.size());
  const std::int64_t point = count + value.exponent;  // digits before the point; n in ECMA-262
  if (value.exponent >= 0 && (point <= kPlainIntegerDigits || value.exponent == 0)) {
    out.append(digits).append(static_cast<std::size_t>(value.exponent), '0');
  } else if (point > 0 && point <= kPlainIntegerDigits) {
    out.append(digits, 0, static_cast<std::size_t>(point)).append(1, '.');
    out.append(digits, static_cast<std::size_t>(point));
  } else if (point <= 0 && -point <= static_cast<std::int64_t>(kPlainZerosAfterPoint)) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else {
    out += digits[0];
    if (count > 1) out.append(1, '.').append(digits, 1);
    out += 'e';
    if (point > 0) out += '+';
    out += std::to_string(point - 1);
  }
}

std::optional<std::string_view> canonical_decimal(std::string_view text, std::string& out) {
  out.clear();
  Parts parts;
  if (!take_apart(text, parts)) return std::nullopt;
  if (std::string_view part = canonical_part(text, parts); !part.empty()) return part;
  std::optional<Decimal> decimal = parse_decimal(text);
  if (!decimal) return std::nullopt;
  append_canonical(out, *decimal);
  return out;
}

bool is_exact_json_number(std::string_view canonical) {
  Parts parts;
  if (canonical.size() <= kAlwaysExactDigits && canonical.find('e') == std::string_view::npos) return true;
  if (!take_apart(canonical, parts)) return false;
  std::optional<Decimal> decimal = parse_decimal(canonical);
  if (!decimal) return false;
  const std::size_t digits = decimal->digits.size();
  const std::int64_t magnitude = decimal->exponent + static_cast<std::int64_t>(digits);
  if (digits > kLongestShortestDigits) return false;
  if (digits <= kAlwaysExactDigits && std::abs(magnitude) <= kAlwaysExactMagnitude) return true;
  double value = 0;
  auto read = std::from_chars(canonical.data(), canonical.data() + canonical.size(), value);
  if (read.ec != std::errc()) return false;  // beyond the doubles, or so small that it is no double but zero
  std::array<char, 40> shortest;
  auto written =
      std::to_chars(shortest.data(), shortest.data() + shortest.size(), value, std::chars_format::scientific);
  return parse_decimal({shortest.data(), written.ptr}) == decimal;
}

}  // namespace sluice
