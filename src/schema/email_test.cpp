#include "schema/email.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice {
namespace {

// Addresses with one slip or none, made of what decides: both ways of looking have to say the same.
TEST(Email, the_quick_way_says_what_the_slow_one_says) {
  std::mt19937_64 random(11);
  constexpr std::string_view kUsual = "abcxyzABCZ019.-", kAll = "az019.-_+@!#\xC3\xA9 \t@[`{/:,";
  auto text_of = [&](std::string_view alphabet, std::size_t longest) {
    std::string text(random() % (longest + 1), ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    return text;
  };
  int good = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string text;
    switch (random() % 4) {
      case 0: text = text_of(kAll, 12); break;
      case 1: text = text_of(kUsual, 8) + "@" + text_of(kUsual, 12); break;
      case 2: text = text_of(kUsual, 40) + "@" + text_of("abc019", 20) + "." + text_of("ab09", 6); break;
      default:
        text = "jane.doe+1@mail.example-shop.org";
        text[random() % text.size()] = kAll[random() % kAll.size()];
    }
    ASSERT_EQ(is_email(text), is_email_by_character(text)) << "'" << text << "'";
    good += is_email(text) ? 1 : 0;
  }
  EXPECT_GT(good, 50'000);
}

TEST(Email, at_the_size_that_the_quick_way_knows) {
  for (std::size_t size : {62, 63, 64, 65, 66}) {
    const std::string domain = "@example.org", address = std::string(size - domain.size(), 'a') + domain;
    EXPECT_TRUE(is_email(address)) << size;
    EXPECT_FALSE(is_email(address.substr(0, size - 2))) << "a last label of one letter";
    EXPECT_FALSE(is_email(address + ".")) << size;
  }
}

}  // namespace
}  // namespace sluice
