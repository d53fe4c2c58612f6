#include "base/nearest.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 6> kKeys = {"delimiter", "quoteChar", "header",
                                                   "encoding",  "format",    "id"};

TEST(Nearest, finds_what_was_meant) {
  EXPECT_EQ(nearest("delimeter", kKeys), "delimiter");
  EXPECT_EQ(nearest("delmiiter", kKeys), "delimiter");  // neighbours swapped
  EXPECT_EQ(nearest("QUOTECHAR", kKeys), "quoteChar");
  EXPECT_EQ(nearest("quote_char", kKeys), "quoteChar");
  EXPECT_EQ(nearest("headers", kKeys), "header");
  EXPECT_EQ(nearest("ids", kKeys), "id");
  EXPECT_EQ(nearest("format", kKeys), "format");
}

TEST(Nearest, says_nothing_where_nothing_is_near) {
  EXPECT_EQ(nearest("schema", kKeys), "");
  EXPECT_EQ(nearest("", kKeys), "");
  EXPECT_EQ(nearest("delimiter", std::vector<std::string>{}), "");
  EXPECT_EQ(nearest(std::string(100, 'x'), kKeys), "");
}

TEST(Nearest, prefers_the_nearer_and_among_equals_the_first) {
  std::vector<std::string> candidates = {"column", "columns", "colour"};
  EXPECT_EQ(nearest("columns", candidates), "columns");
  EXPECT_EQ(nearest("colum", candidates), "column");
  EXPECT_EQ(nearest("bar", std::vector<std::string>{"car", "far"}), "car");
}

TEST(Nearest, suggestion_ends_with_the_known_words) {
  std::array<std::string_view, 2> known = {"touch", "skip"};
  EXPECT_EQ(suggest_known("tuch", known), "did you mean 'touch'? Known: touch, skip.");
  EXPECT_EQ(suggest_known("replace", known), "known: touch, skip.");
}

}  // namespace
}  // namespace sluice
