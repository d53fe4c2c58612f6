#include "rows/columns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace sluice {
namespace {

TEST(Columns, blank_and_repeated_names) {
  EXPECT_EQ(unique_columns({"a", "", "b", " \t"}), (Columns{"a", "column_2", "b", "column_4"}));
  EXPECT_EQ(unique_columns({"a", "a", "a"}), (Columns{"a", "a_2", "a_3"}));
  EXPECT_EQ(unique_columns({}), Columns{});
  EXPECT_EQ(unique_columns({"A", "a"}), (Columns{"A", "a"}));
  EXPECT_EQ(unique_columns({" a", "a"}), (Columns{" a", "a"}));
}

TEST(Columns, a_derived_name_gives_way_to_one_that_stands_there) {
  EXPECT_EQ(unique_columns({"a", "a", "a_2"}), (Columns{"a", "a_3", "a_2"}));
  EXPECT_EQ(unique_columns({"a_2", "a", "a"}), (Columns{"a_2", "a", "a_3"}));
  EXPECT_EQ(unique_columns({"", "column_1"}), (Columns{"column_1_2", "column_1"}));
  EXPECT_EQ(unique_columns({"a", "a", "a_2", "a_2"}), (Columns{"a", "a_3", "a_2", "a_2_2"}));
}

TEST(Columns, property_unique_and_the_first_of_each_name_keeps_it) {
  std::mt19937_64 random(31);
  const std::vector<std::string> words = {"",      " ",        "a",        "b",          "a_2",
                                          "a_2_2", "column_1", "column_2", "column_1_2", "a_3"};
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::string> names(random() % 9);
    for (std::string& name : names) name = words[random() % words.size()];
    Columns unique = unique_columns(names);
    std::string shown;
    for (const std::string& name : names) shown += "'" + name + "' ";
    ASSERT_EQ(unique.size(), names.size()) << shown;
    ASSERT_EQ(std::set<std::string>(unique.begin(), unique.end()).size(), unique.size()) << shown;
    std::set<std::string> seen;
    for (std::size_t c = 0; c < names.size(); ++c) {
      bool blank = names[c].find_first_not_of(' ') == std::string::npos;
      if (!blank && seen.insert(names[c]).second) {
        ASSERT_EQ(unique[c], names[c]) << shown;
      }
      std::string base = blank ? "column_" + std::to_string(c + 1) : names[c];
      ASSERT_TRUE(unique[c].starts_with(base)) << shown;
    }
  }
}

// A header of many equal names is data from outside: it must not take quadratic time.
TEST(Columns, many_equal_names) {
  std::vector<std::string> names(20'000, "x");
  Columns unique = unique_columns(names);
  EXPECT_EQ(unique.front(), "x");
  EXPECT_EQ(unique.back(), "x_20000");
}

}  // namespace
}  // namespace sluice
