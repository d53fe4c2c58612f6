#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

// Every code point, written by the definition of UTF-8, is one character of the right length; one byte less
// is none.
TEST(Utf8, every_code_point) {
  for (unsigned c = 0; c <= 0x10FFFF; ++c) {
    std::string text;
    auto more = [&](unsigned shift) { text += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += static_cast<char>(0xC0 | c >> 6);
      more(0);
    } else if (c < 0x10000) {
      text += static_cast<char>(0xE0 | c >> 12);
      more(6), more(0);
    } else {
      text += static_cast<char>(0xF0 | c >> 18);
      more(12), more(6), more(0);
    }
    bool surrogate = c >= 0xD800 && c < 0xE000;
    ASSERT_EQ(utf8_length(text + "x", 0), surrogate ? 0 : text.size()) << c;
    if (text.size() > 1) {
      ASSERT_EQ(utf8_length(text.substr(0, text.size() - 1), 0), 0u) << c;
      ASSERT_EQ(utf8_length(text, 1), 0u) << c;
    }
  }
}

TEST(Utf8, what_is_no_character) {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3(", "\xE2\x82", "\xF0\x9F\x98"})
    EXPECT_EQ(utf8_length(text, 0), 0u) << text;
}

}  // namespace
}  // namespace sluice
