// The row's JSON against a slow twin: a sorted map dumped by another library, numbers checked by the
// decimals.
#include "pipeline/row_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/decimal.h"
#include "pipeline/jcs.h"

namespace sluice {
namespace {

std::string random_text(std::mt19937_64& random) {
  static constexpr std::string_view kPieces[] = {"a",    "Z", "0",      "\"", "\\", "\n",
                                                 "\x01", "é", "\u20ac", "😀", "/",  " "};
  std::string text;
  for (std::size_t n = random() % 12; n > 0; --n) text += kPieces[random() % std::size(kPieces)];
  return text;
}

TEST(RowJson, EqualsAnotherLibrary) {
  std::mt19937_64 random(20240707);
  for (int round = 0; round < 3000; ++round) {
    std::map<std::string, nlohmann::json> twin;
    std::vector<std::string> texts;
    std::vector<Cell> cells;
    std::vector<RowMember> members;
    texts.reserve(64);
    for (char name = 'a'; name < 'a' + static_cast<char>(random() % 9); ++name) {
      members.push_back({json_key(std::string(1, name)), static_cast<std::uint32_t>(cells.size())});
      switch (random() % 4) {
        case 0: cells.push_back(Cell::null()); continue;
        case 1: {
          auto value = static_cast<std::int64_t>(random() % 2'000'001) - 1'000'000;
          twin[std::string(1, name)] = value;
          cells.push_back(Cell::number(texts.emplace_back(std::to_string(value))));
          continue;
        }
        case 2: {
          bool value = random() % 2 == 0;
          twin[std::string(1, name)] = value;
          cells.push_back(Cell::boolean(value));
          continue;
        }
        default:
          cells.push_back(Cell::string(texts.emplace_back(random_text(random))));
          twin[std::string(1, name)] = texts.back();
      }
    }
    Arena arena;
    std::string_view out;
    std::vector<JsonProblem> problems;
    ASSERT_TRUE(RowJsonWriter().write(members, cells.data(), arena, out, problems))
        << "seed 20240707, round " << round;
    EXPECT_EQ(out, nlohmann::json(twin).dump()) << "seed 20240707, round " << round;
  }
}

TEST(RowJson, PlainNumbersAreTheirOwnCanonicalForm) {
  for (std::string_view plain : {"0", "7", "-7", "0.5", "-0.25", "123456789012345", "1.5", "0.000001", "100"})
    EXPECT_TRUE(is_plain_number(plain)) << plain;
  for (std::string_view other : {"", "-", "-0", "00", "01", "1.", ".5", "1.0", "1.50", "1e3", "+1",
                                 "0.0000001", "1234567890123456", "1.2.3", "1 ", "--1"})
    EXPECT_FALSE(is_plain_number(other)) << other;
  std::mt19937_64 random(99);
  static constexpr std::string_view kCharacters = "0123456789.-e";
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (std::size_t n = 1 + random() % 12; n > 0; --n)
      text += kCharacters[random() % (n % 3 == 0 ? 13 : 11)];
    if (!is_plain_number(text)) continue;
    std::string scratch;
    auto canonical = canonical_decimal(text, scratch);
    ASSERT_TRUE(canonical) << text << " (seed 99)";
    EXPECT_EQ(*canonical, text) << "seed 99";
    EXPECT_TRUE(is_exact_json_number(text)) << text << " (seed 99)";
  }
}

TEST(RowJson, SaysWhatItCannotHold) {
  Arena arena;
  std::string_view out;
  std::vector<JsonProblem> problems;
  std::vector<RowMember> members = {{json_key("a"), 0}, {json_key("b"), 1}, {json_key("c"), 2}};
  Cell cells[] = {Cell::string(std::string_view("x\0y", 3)), Cell::json(R"({"k":1,"k":2})"),
                  Cell::string("fine")};
  EXPECT_FALSE(RowJsonWriter().write(members, cells, arena, out, problems));
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].member, 1u);
  EXPECT_EQ(problems[1].member, 0u);
  EXPECT_TRUE(problems[1].is_nul);
}

TEST(RowJson, LargeRows) {
  Arena arena;
  std::string_view out;
  std::vector<JsonProblem> problems;
  std::string text(300'000, '"');
  std::vector<RowMember> members = {{json_key("a"), 0}};
  Cell cell = Cell::string(text);
  ASSERT_TRUE(RowJsonWriter().write(members, &cell, arena, out, problems));
  EXPECT_EQ(out, nlohmann::json({{"a", text}}).dump());
  EXPECT_LT(arena.bytes(), 900'000u);
}

}  // namespace
}  // namespace sluice
