#include "rows/issue.h"

#include <gtest/gtest.h>

#include <random>

#include "base/utf8.h"

namespace sluice {
namespace {

TEST(RejectCode, names_are_the_contracts_and_go_both_ways) {
  const std::vector<std::pair<RejectCode, std::string_view>> known = {
      {RejectCode::blank_row, "blank-row"},
      {RejectCode::missing_cell, "missing-cell"},
      {RejectCode::extra_cell, "extra-cell"},
      {RejectCode::type_error, "type-error"},
      {RejectCode::constraint_error, "constraint-error"},
      {RejectCode::unique_error, "unique-error"},
      {RejectCode::encoding_error, "encoding-error"},
      {RejectCode::syntax_error, "syntax-error"},
      {RejectCode::row_too_large, "row-too-large"},
      {RejectCode::transform_error, "transform-error"}};
  for (auto [code, name] : known) {
    EXPECT_EQ(name_of(code), name);
    EXPECT_EQ(reject_code_named(name), code);
  }
  EXPECT_FALSE(reject_code_named(""));
  EXPECT_FALSE(reject_code_named("Type-Error"));
}

TEST(ShownValue, what_cannot_be_seen_is_made_visible) {
  EXPECT_EQ(shown_value("plain, Köln 😀"), "plain, Köln 😀");
  EXPECT_EQ(shown_value("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(shown_value(std::string_view("\0\x01\x1f\x7f", 4)), "\\x00\\x01\\x1F\\x7F");
  EXPECT_EQ(shown_value("K\xF6ln"), "K\\xF6ln");
  EXPECT_EQ(shown_value("\xED\xA0\x80"), "\\xED\\xA0\\x80");  // a surrogate is no UTF-8
  EXPECT_EQ(shown_value(""), "");
}

TEST(ShownValue, is_cut_between_characters) {
  EXPECT_EQ(shown_value("abcdef", 6), "abcdef");
  EXPECT_EQ(shown_value("abcdefg", 6), "abcdef…");
  EXPECT_EQ(shown_value("äöü", 6), "äöü");
  EXPECT_EQ(shown_value("äöü", 5), "äö…");
  EXPECT_EQ(shown_value("äöü", 4), "äö…");
  EXPECT_EQ(shown_value("x😀", 4), "x…");
  EXPECT_EQ(shown_value("x\ny", 2), "x…");
  EXPECT_EQ(shown_value("abc", 0), "…");
  EXPECT_EQ(shown_value(std::string(1000, 'x')).size(), kIssueValueBytes + std::string("…").size());
}

TEST(ShownValue, property_is_always_utf8_and_never_longer_than_asked) {
  std::mt19937_64 random(51);
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes(random() % 30, ' ');
    for (char& c : bytes) c = static_cast<char>(random());
    std::size_t limit = random() % 40;
    for (const std::string& text : {shown_value(bytes, limit), visible_text(bytes)}) {
      for (std::size_t at = 0; at < text.size();) {
        std::size_t length = utf8_length(text, at);
        ASSERT_NE(length, 0u) << i;
        ASSERT_NE(text[at], '\0') << i;
        at += length;
      }
    }
    ASSERT_LE(shown_value(bytes, limit).size(), limit + 3) << i;
  }
}

TEST(VisibleText, leaves_text_alone) {
  EXPECT_EQ(visible_text("a\r\n\tb \x01 Köln"), "a\r\n\tb \x01 Köln");
  EXPECT_EQ(visible_text(std::string_view("a\0b\xFF", 4)), "a\\x00b\\xFF");
}

}  // namespace
}  // namespace sluice
