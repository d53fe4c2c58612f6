#include "base/decimal.h"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <random>

namespace sluice {
namespace {

std::string canonical(std::string_view text) {
  std::string out = "left over";
  auto view = canonical_decimal(text, out);
  return view ? std::string(*view) : "none";
}

TEST(Decimal, SortKeysSortAsTheNumbersDo) {
  const std::vector<std::string> rising = {
      "-1e999999999", "-1e+21", "-100.5",        "-100.25", "-100",         "-9",
      "-0.5",         "-0.05",  "-1e-999999999", "0",       "1e-999999999", "0.05",
      "0.5",          "9",      "9.5",           "10",      "99",           "100",
      "100.25",       "100.5",  "101",           "1e+21",   "1e999999999"};
  for (std::size_t i = 0; i < rising.size(); ++i)
    for (std::size_t j = 0; j < rising.size(); ++j)
      EXPECT_EQ(sort_key(*parse_decimal(rising[i])) < sort_key(*parse_decimal(rising[j])), i < j)
          << rising[i] << " and " << rising[j];
}

TEST(Decimal, canonical_form_of_what_people_write) {
  EXPECT_EQ(canonical("+01.50"), "1.5");
  EXPECT_EQ(canonical("100.00"), "100");
  EXPECT_EQ(canonical("0.10"), "0.1");
  EXPECT_EQ(canonical("1e3"), "1000");
  EXPECT_EQ(canonical("1E+3"), "1000");
  EXPECT_EQ(canonical("12.5e-1"), "1.25");
  EXPECT_EQ(canonical(".5"), "0.5");
  EXPECT_EQ(canonical("-.5"), "-0.5");
  EXPECT_EQ(canonical("5."), "5");
  EXPECT_EQ(canonical("-007"), "-7");
  EXPECT_EQ(canonical("-00.70"), "-0.7");
  EXPECT_EQ(canonical("00.7"), "0.7");
  for (const char* zero :
       {"0", "-0", "+0", "000", "0.00", "-0.0", ".0", "0.", "0e5", "-0e-7", "0e99999999999999999999"})
    EXPECT_EQ(canonical(zero), "0") << zero;
}

TEST(Decimal, exponents_appear_where_ecmascript_has_them) {
  EXPECT_EQ(canonical("100000000000000000000"), "100000000000000000000");  // 1e20
  EXPECT_EQ(canonical("1000000000000000000000"), "1e+21");
  EXPECT_EQ(canonical("1e21"), "1e+21");
  EXPECT_EQ(canonical("-1e21"), "-1e+21");
  EXPECT_EQ(canonical("123000000000000000000000"), "1.23e+23");
  EXPECT_EQ(canonical("0.000001"), "0.000001");
  EXPECT_EQ(canonical("0.0000001"), "1e-7");
  EXPECT_EQ(canonical("0.00000012300"), "1.23e-7");
  EXPECT_EQ(canonical("123456789012345678901.5"), "123456789012345678901.5");
  EXPECT_EQ(canonical("1234567890123456789012.5"), "1.2345678901234567890125e+21");
  EXPECT_EQ(canonical("12345678901234567890123"), "12345678901234567890123");
  EXPECT_EQ(canonical("12345678901234567890123.0"), "12345678901234567890123");
  EXPECT_EQ(canonical("1.2345678901234567890123e22"), "12345678901234567890123");
  EXPECT_EQ(canonical("12345678901234567890120"), "1.234567890123456789012e+22");
}

TEST(Decimal, everything_else_is_none) {
  for (const char* text :
       {"",   "+",  "-",   ".",   "-.",   "e5",  ".e5",      "1e",  "1e+",   "1e-", "1e1.5", "1.2.3", "1,5",
        " 1", "1 ", "--1", "+-1", "0x10", "NaN", "Infinity", "inf", "1_000", "١",   "1e5x",  "1f",    "1\n"})
    EXPECT_EQ(canonical(text), "none") << text;
  EXPECT_EQ(canonical(std::string_view("1\0", 2)), "none");
}

TEST(Decimal, the_exponent_is_bounded) {
  EXPECT_EQ(canonical("1e999999999"), "1e+999999999");
  EXPECT_EQ(canonical("-1.5e-999999999"), "-1.5e-999999999");
  EXPECT_EQ(canonical("10e999999999"), "none");
  EXPECT_EQ(canonical("0.1e1000000000"), "1e+999999999");
  EXPECT_EQ(canonical("1e1000000000"), "none");
  EXPECT_EQ(canonical("1e-1000000000"), "none");
  EXPECT_EQ(canonical("1e18446744073709551617"), "none");  // 2^64 + 1 must not wrap round
  EXPECT_EQ(canonical("1e-" + std::string(10000, '9')), "none");
  EXPECT_EQ(canonical("1e" + std::string(10000, '0') + "7"), "10000000");
  std::string long_one = "1" + std::string(1 << 20, '0');
  EXPECT_EQ(canonical(long_one), "1e+1048576");
}

TEST(Decimal, what_stands_there_already_is_not_copied) {
  for (std::string text : {"0.5", "-12.25", "1000", "7.00", "+3", "0012", "12345678901234567890123"}) {
    std::string out;
    auto view = canonical_decimal(text, out);
    ASSERT_TRUE(view);
    EXPECT_GE(view->data(), text.data()) << text;
    EXPECT_LE(view->data() + view->size(), text.data() + text.size()) << text;
  }
}

// The twin: the value as digits and exponent, worked out character by character.
struct Twin {
  bool negative = false;
  std::string digits;
  long exponent = 0;
};
Twin twin_of(const std::string& text) {
  Twin twin;
  std::size_t e = text.find_first_of("eE");
  if (e != std::string::npos) twin.exponent = std::stol(text.substr(e + 1));
  bool after_point = false;
  for (char c : text.substr(0, e)) {
    if (c == '-') twin.negative = true;
    if (c == '.') after_point = true;
    if (c < '0' || c > '9') continue;
    twin.digits += c;
    if (after_point) --twin.exponent;
  }
  while (!twin.digits.empty() && twin.digits.front() == '0') twin.digits.erase(0, 1);
  while (!twin.digits.empty() && twin.digits.back() == '0') twin.digits.pop_back(), ++twin.exponent;
  if (twin.digits.empty()) twin = {};
  return twin;
}

std::string random_decimal(std::mt19937_64& random) {
  auto up_to = [&](unsigned n) { return static_cast<unsigned>(random() % (n + 1)); };
  auto digits = [&](unsigned count) {
    std::string text;
    for (unsigned i = 0; i < count; ++i) text += static_cast<char>('0' + (up_to(2) == 0 ? 0 : up_to(9)));
    return text;
  };
  std::string text = std::array{"", "-", "+"}[up_to(2)];
  text += digits(1 + up_to(up_to(4) == 0 ? 30 : 6));
  if (up_to(1)) text += "." + digits(up_to(up_to(4) == 0 ? 30 : 6));
  if (up_to(3) == 0) text += std::array{"e", "E", "e-", "e+"}[up_to(3)] + std::to_string(up_to(40));
  return text;
}

TEST(Decimal, property_value_is_kept_and_form_depends_on_the_value_alone) {
  std::mt19937_64 random(20240611);
  for (int i = 0; i < 200'000; ++i) {
    std::string text = random_decimal(random);
    Twin twin = twin_of(text);
    auto decimal = parse_decimal(text);
    ASSERT_TRUE(decimal) << text;
    ASSERT_EQ(decimal->negative, twin.negative) << text;
    ASSERT_EQ(decimal->digits, twin.digits) << text;
    ASSERT_EQ(decimal->exponent, twin.exponent) << text;
    std::string form = canonical(text), by_value;
    append_canonical(by_value, *decimal);
    ASSERT_EQ(form, by_value) << text;         // however it was written
    ASSERT_EQ(canonical(form), form) << text;  // once more changes nothing
    ASSERT_EQ(parse_decimal(form), decimal) << text;
  }
}

TEST(Decimal, property_compare_orders_like_doubles_and_is_total) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 50'000; ++i) {
    // Few digits, so that the double is the value and comparing doubles is the truth.
    auto draw = [&] {
      return std::to_string(static_cast<int>(random() % 2001) - 1000) + "e" + std::to_string(random() % 5);
    };
    std::string a = draw(), b = draw();
    double x = std::stod(a), y = std::stod(b);
    ASSERT_EQ(compare(*parse_decimal(a), *parse_decimal(b)), x < y ? -1 : x > y ? 1 : 0) << a << " and " << b;
  }
  EXPECT_EQ(compare(*parse_decimal("12345678901234567890123"), *parse_decimal("12345678901234567890124")),
            -1);
  EXPECT_EQ(compare(*parse_decimal("1e999999999"), *parse_decimal("2e-999999999")), 1);
  EXPECT_EQ(compare(*parse_decimal("-1e999999999"), *parse_decimal("0")), -1);
}

TEST(Decimal, exact_json_numbers) {
  for (const char* exact : {"0",
                            "1",
                            "-1",
                            "0.1",
                            "1.5",
                            "9007199254740992",
                            "-9007199254740992",
                            "9007199254740991",
                            "123456789012345",
                            "0.12345678901234",
                            "1e+21",
                            "1e-7",
                            "5e-324",
                            "1.7976931348623157e+308",
                            "2.2250738585072014e-308",
                            "123456789012345680000",
                            "333333333.3333333",
                            "1e+308",
                            "4.35",
                            "0.000001",
                            "1.7976931348623157e+308"})
    EXPECT_TRUE(is_exact_json_number(exact)) << exact;
  for (const char* inexact : {"9007199254740993", "-9007199254740993", "0.1000000000000000055511151231257827",
                              "1e+309", "-1e+400", "1e-400", "4e-324", "4.9e-324", "12345678901234567890123",
                              "1.7976931348623159e+308", "123456789012345678", "0.12345678901234567890",
                              "1e+999999999", "1e-999999999", "2.4703282292062327e-324"})
    EXPECT_FALSE(is_exact_json_number(inexact)) << inexact;
}

TEST(Decimal, property_a_number_is_exact_if_and_only_if_its_double_prints_as_it) {
  std::mt19937_64 random(99);
  for (int i = 0; i < 100'000; ++i) {
    std::string text = canonical(random_decimal(random));
    std::array<char, 64> shortest;
    double value = std::strtod(text.c_str(), nullptr);
    auto end = std::to_chars(shortest.begin(), shortest.end(), value, std::chars_format::scientific).ptr;
    ASSERT_EQ(is_exact_json_number(text), canonical({shortest.data(), end}) == text) << text;
  }
  // Every double's shortest text is exact.
  for (int i = 0; i < 100'000; ++i) {
    std::uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    std::array<char, 64> shortest;
    auto end = std::to_chars(shortest.begin(), shortest.end(), value, std::chars_format::scientific).ptr;
    ASSERT_TRUE(is_exact_json_number(canonical({shortest.data(), end}))) << value;
  }
}

TEST(Decimal, KnowsTheNumbersOfJson) {
  for (const char* number : {"0", "-0", "10", "-1.50", "1e3", "1E+3", "0.1e-7"})
    EXPECT_TRUE(is_json_number(number)) << number;
  for (const char* other :
       {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1 ", " 1", "0x1", "NaN", "1.2.3"})
    EXPECT_FALSE(is_json_number(other)) << other;
}

}  // namespace
}  // namespace sluice
