// The CSV reader against its slow twin, over small random texts of hostile alphabets, with every chunk size
// and from every border.
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "formats/csv_twin.h"

namespace sluice {
namespace {

using csv_twin::difference;

std::string text_of(std::mt19937_64& random, std::string_view alphabet, std::size_t size) {
  std::string text(size, ' ');
  for (char& c : text) c = alphabet[random() % alphabet.size()];
  return text;
}

ReadPlan random_plan(std::mt19937_64& random) {
  ReadPlan plan;
  for (std::size_t i = random() % 5; i > 0; --i)
    plan.columns.push_back("c" + std::to_string(plan.columns.size()));
  plan.row_bytes = random() % 3 == 0 ? 4 + random() % 20 : random() % 2 == 0 ? 30 : 1000;
  if (random() % 4 == 0) plan.csv.double_quote = false;
  if (random() % 4 == 0) plan.csv.escape = '\\';
  if (random() % 4 == 0) plan.csv.skip_initial_space = true;
  if (random() % 4 == 0) plan.csv.comment = '#';
  if (random() % 6 == 0) plan.csv.quote = '\0';
  if (random() % 4 == 0) plan.csv.null_sequence = random() % 2 ? "a" : "";
  if (random() % 6 == 0) plan.csv.comment_rows = {2, 3};
  if (random() % 8 == 0) plan.csv.delimiter = ' ';
  if (random() % 4 == 0) plan.csv.trailing_delimiter = !plan.columns.empty();
  return plan;
}

void expect_same(const ReadPlan& plan, const std::string& text, const std::vector<std::size_t>& targets,
                 std::uint64_t seed) {
  std::string found = difference(plan, text, targets);
  ASSERT_EQ(found, "") << "seed " << seed << ", columns " << plan.columns.size() << ", row_bytes "
                       << plan.row_bytes << ", text " << shown_value(text, 2000);
}

TEST(CsvProperty, SmallTextsInEveryChunking) {
  static constexpr std::string_view kAlphabets[] = {
      ",\"\na",      ",\"\r\na",          ",\"\r\n a#\\", std::string_view(",\"\na\0\xFF \r", 8),
      "\"\"\"\"\n,", ",,\n\r\"a\xC3\xA4", "\"\n\r"};
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    std::mt19937_64 random(seed);
    ReadPlan plan = random_plan(random);
    std::string text = text_of(random, kAlphabets[random() % std::size(kAlphabets)], random() % 40);
    std::vector<std::size_t> targets(text.size() + 1);
    std::iota(targets.begin(), targets.end(), 1);
    expect_same(plan, text, targets, seed);
    if (HasFatalFailure()) return;
  }
}

// Mostly well-formed, long enough for several blocks of the kernel, with a fault here and there.
TEST(CsvProperty, LongerTextsWithFaults) {
  static constexpr std::string_view kCells[] = {"",           "a",        "\"\"",       "\"b\"", "\"c,d\"",
                                                "\"e\"\"f\"", "\"g\nh\"", "some words", "12345", " x"};
  static constexpr std::string_view kFaults[] = {
      "\"", "\"\"", "\n", "\r", "#", "\"x\"y", std::string_view("\0", 1), "\xFF", ",,,,"};
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    std::mt19937_64 random(seed);
    ReadPlan plan = random_plan(random);
    plan.columns = {"a", "b", "c"};
    plan.row_bytes = random() % 4 ? 5000 : 40 + random() % 40;
    std::string_view line_end = random() % 3 == 0 ? "\r\n" : random() % 5 == 0 ? "\r" : "\n";
    std::uint64_t faults = random() % 3 * 20;
    std::string text;
    for (std::uint64_t row = random() % 60; row > 0; --row) {
      for (int column = 0; column < 3; ++column) {
        if (column) text += plan.csv.delimiter;
        text += kCells[random() % std::size(kCells)];
        if (faults && random() % faults == 0) text += kFaults[random() % std::size(kFaults)];
      }
      if (row > 1 || random() % 2) text += line_end;
    }
    expect_same(plan, text, {3, 64, 65, 200, 100000}, seed);
    if (HasFatalFailure()) return;
  }
}

// Wherever a text is torn, what is taken of it is what would have been taken, had the rest come.
TEST(CsvProperty, WhatIsTakenBeforeATearIsFinal) {
  static constexpr std::string_view kAlphabets[] = {",\"\na", ",\"\r\n a#\\", "\"\n\r", ",\n\rab"};
  std::uint64_t taken = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    std::mt19937_64 random(seed);
    ReadPlan plan = random_plan(random);
    std::string text = text_of(random, kAlphabets[random() % std::size(kAlphabets)], random() % 40);
    auto whole = csv_twin::drive(plan, nullptr, text, 1, {}, 1);
    auto format = make_csv_format(plan, nullptr);
    for (std::size_t size = 0; size <= text.size(); ++size) {
      auto splitter = format->splitter({});
      Position at;
      while (true) {
        auto cut =
            splitter->cut_torn(std::string_view(text).substr(at.offset, size - at.offset), 1 + random() % 3);
        ASSERT_TRUE(cut.has_value());
        if (cut->bytes == 0) break;
        at = {at.offset + cut->bytes, at.row + cut->rows, at.line + cut->lines};
        ASSERT_LE(at.offset, size);
        ASSERT_NE(std::find(whole.borders.begin(), whole.borders.end(), at), whole.borders.end())
            << "seed " << seed << ", torn at " << size << ", taken to " << at.offset << " of "
            << shown_value(text, 2000);
      }
      taken += at.row - 1;
      // Without quotes and escapes every line is whole that has its end.
      bool plain = text.find_first_of("\"\\") == std::string::npos && plan.row_bytes > text.size();
      std::size_t last = size == 0 ? std::string::npos : text.rfind('\n', size - 1);
      if (plain && last != std::string::npos) {
        ASSERT_GE(at.offset, last + 1) << "seed " << seed;
      }
    }
  }
  EXPECT_GT(taken, 10000u);
}

}  // namespace
}  // namespace sluice
