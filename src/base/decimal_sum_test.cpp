#include "base/decimal_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace sluice {
namespace {

std::string sum_of(std::initializer_list<const char*> decimals) {
  DecimalSum sum;
  for (const char* decimal : decimals) EXPECT_TRUE(sum.add(decimal)) << decimal;
  return sum.text();
}

TEST(DecimalSum, NothingIsRounded) {
  EXPECT_EQ(sum_of({}), "0");
  EXPECT_EQ(sum_of({"0.1", "0.2"}), "0.3");
  EXPECT_EQ(sum_of({"1e21", "-1"}), "999999999999999999999");
  EXPECT_EQ(sum_of({"1e300", "1e-300", "-1e300"}), "1e-300");
  EXPECT_EQ(sum_of({"9007199254740993", "1"}), "9007199254740994");
  EXPECT_EQ(sum_of({"123456789012345678901234567890.5", "0.50"}), "123456789012345678901234567891");
  EXPECT_EQ(sum_of({"-5", "5.00"}), "0");
  EXPECT_EQ(sum_of({"999999999999999999", "1"}), "1000000000000000000");
  EXPECT_EQ(sum_of({"90", "10"}), "100");
}

TEST(DecimalSum, WhatWouldTakeAllMemoryIsNotSummed) {
  DecimalSum sum;
  for (const char* decimal :
       {"1e999999999", "1e-999999999", "1e400", "1e-401", "", "x", "1x", ".", "-", "1.2.3"}) {
    EXPECT_FALSE(sum.add(decimal)) << decimal;
    EXPECT_FALSE(can_be_summed(decimal)) << decimal;
  }
  EXPECT_TRUE(sum.is_zero());
  for (const char* decimal : {"1e399", "1e-400", "5e-324", "1.7976931348623157e308", "0e999999999", "-0"})
    EXPECT_TRUE(can_be_summed(decimal)) << decimal;
}

// What is added and taken away again leaves nothing, in any order; the parts' sums are the sum.
TEST(DecimalSum, OrderDoesNotMatter) {
  std::mt19937_64 random(20240611);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<std::string, DecimalSum::Sign>> steps;
    DecimalSum of_those_that_stay;
    for (int i = 0; i < 30; ++i) {
      std::string decimal = std::to_string(static_cast<std::int64_t>(random()) >> (random() % 60));
      if (random() % 2 == 0) decimal += "." + std::to_string(random() >> (random() % 60));
      if (random() % 5 == 0) decimal += "e" + std::to_string(static_cast<int>(random() % 60) - 30);
      steps.emplace_back(decimal, DecimalSum::Sign::plus);
      if (random() % 2 == 0) {
        steps.emplace_back(decimal, DecimalSum::Sign::minus);
      } else {
        ASSERT_TRUE(of_those_that_stay.add(decimal)) << decimal;
      }
    }
    std::ranges::shuffle(steps, random);
    DecimalSum one, parts[2];
    for (std::size_t i = 0; i < steps.size(); ++i) {
      ASSERT_TRUE(one.add(steps[i].first, steps[i].second));
      ASSERT_TRUE(parts[i % 2].add(steps[i].first, steps[i].second));
    }
    parts[0].add(parts[1]);
    EXPECT_EQ(one.text(), of_those_that_stay.text());
    EXPECT_EQ(parts[0].text(), of_those_that_stay.text());
  }
}

}  // namespace
}  // namespace sluice
