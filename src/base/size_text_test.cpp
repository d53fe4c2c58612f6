#include "base/size_text.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(SizeText, ReadsWhatPeopleWrite) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("1MiB"), 1048576u);
  EXPECT_EQ(parse_size("1 mib"), 1048576u);
  EXPECT_EQ(parse_size("100GB"), 100'000'000'000u);
  EXPECT_EQ(parse_size("1.5kB"), 1500u);
  EXPECT_EQ(parse_size("0"), 0u);
}

TEST(SizeText, RefusesTheRest) {
  for (const char* text : {"", "MB", "-1", "1 parsec", "1e3", "nan", "1MiBs", "99999999TB"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(SizeText, WritesForPeople) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(2'612'345), "2.6 MB");
  EXPECT_EQ(size_text(999'999), "1.0 MB");
  EXPECT_EQ(count_text(7), "7");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(1234567), "1,234,567");
}

}  // namespace
}  // namespace sluice
