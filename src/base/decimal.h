// Decimal numbers as text: the one place that says what a number's canonical form is. A number stays
// the decimal that was written; it never passes through a double on its way to the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// A parsed decimal: value = (negative ? -1 : 1) × digits × 10^exponent. `digits` has no leading and no
// trailing zeros; zero is digits "" with exponent 0 and never negative.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;

  bool is_integer() const { return exponent >= 0; }
  friend bool operator==(const Decimal&, const Decimal&) = default;
};

// Reads [+-]digits[.digits][(e|E)[+-]digits], also ".5" and "5."; nothing else (no blanks, NaN or Inf),
// std::nullopt otherwise, or where the value in scientific notation needs an exponent beyond ±999,999,999.
std::optional<Decimal> parse_decimal(std::string_view text);

// Is this a number as JSON writes it (RFC 8259): [-]digits[.digits][(e|E)[+-]digits] without leading zeros?
// Stricter than what parse_decimal reads.
bool is_json_number(std::string_view text);

int compare(const Decimal& a, const Decimal& b);  // -1, 0, 1

// Text that sorts, byte by byte, as the decimals do.
std::string sort_key(const Decimal& value);

// Appends the canonical decimal: the layout of ECMAScript Number::toString (ECMA-262 section 6.1.6.1.20)
// with all the digits, plus one rule: an integer that does not end in a zero is always plain.
//   100.00 → 100   0.10 → 0.1   1e3 → 1000   1e21 → 1e+21   12345678901234567890123 stays
void append_canonical(std::string& out, const Decimal& value);

// canonical_decimal("+01.50") = "1.5"; std::nullopt where parse_decimal gives none.
// Writes into `out` (cleared first) and returns a view of it, or of (a part of) `text` where the canonical
// form stands in there already: 100.00 → the first three characters.
std::optional<std::string_view> canonical_decimal(std::string_view text, std::string& out);

// Is the ECMAScript form of this canonical decimal (the shortest text that reads back as the same double)
// exactly this value? Then RFC 8785 may write it as a JSON number, else it has to be a string.
bool is_exact_json_number(std::string_view canonical);

}  // namespace sluice
