#include "rows/outcome.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace sluice {
namespace {

TEST(Outcome, names) {
  EXPECT_EQ(name_of(Outcome::inserted), "inserted");
  EXPECT_EQ(name_of(Outcome::updated), "updated");
  EXPECT_EQ(name_of(Outcome::duplicate), "duplicate");
  EXPECT_EQ(name_of(Outcome::rejected), "rejected");
  EXPECT_EQ(name_of(Outcome::none), "none");
}

TEST(Outcome, counts_add_up) {
  RowCounts counts;
  for (Outcome outcome : {Outcome::inserted, Outcome::inserted, Outcome::updated, Outcome::duplicate,
                          Outcome::rejected, Outcome::none})
    counts.add(outcome);
  EXPECT_EQ(counts, (RowCounts{5, 2, 1, 1, 1}));
  counts += counts;
  EXPECT_EQ(counts, (RowCounts{10, 4, 2, 2, 2}));
}

TEST(OutcomeRuns, a_run_is_a_byte_or_two) {
  OutcomeRuns runs;
  EXPECT_TRUE(runs.empty());
  EXPECT_EQ(runs.encoded(), "");
  for (std::uint64_t row = 1; row <= 15; ++row) runs.append(row, Outcome::inserted);
  EXPECT_EQ(runs.encoded(), std::string(1, 15 << 3 | 1));
  runs.append(16, Outcome::inserted);
  EXPECT_EQ(runs.encoded(), "\x81\x01");  // 16 × 8 + 1 = 129
  EXPECT_EQ(runs.first_row(), 1u);
  EXPECT_EQ(runs.last_row(), 16u);
}

TEST(OutcomeRuns, property_against_a_map) {
  std::mt19937_64 random(41);
  for (int round = 0; round < 3000; ++round) {
    std::map<std::uint64_t, Outcome> truth;
    OutcomeRuns runs;
    std::uint64_t row = 1 + random() % (round % 2 ? 5 : 1'000'000'000'000), first = 0;
    bool gaps = random() % 2;
    for (std::size_t count = random() % 60; count-- > 0;) {
      auto outcome = static_cast<Outcome>(1 + random() % 4);
      for (std::size_t run = 1 + (random() % 4 == 0 ? random() % 300 : random() % 3); run-- > 0; ++row) {
        if (first == 0) first = row;
        runs.append(row, outcome);
        truth[row] = outcome;
        if (random() % 50 == 0) runs.encoded();  // looking changes nothing
      }
      if (gaps && random() % 3 == 0) row += random() % 1000;
    }
    ASSERT_EQ(runs.empty(), truth.empty());
    std::string encoded = runs.encoded();
    if (truth.empty()) continue;
    ASSERT_EQ(runs.first_row(), first);
    ASSERT_EQ(runs.last_row(), truth.rbegin()->first);
    for (std::uint64_t asked = first > 3 ? first - 3 : 0; asked < truth.rbegin()->first + 3;
         asked += 1 + random() % 3) {
      auto known = truth.find(asked);
      ASSERT_EQ(outcome_in(encoded, first, asked), known == truth.end() ? Outcome::none : known->second)
          << asked << " in round " << round;
    }
  }
}

// What a damaged store may hold must not loop, overflow or give an outcome that does not exist.
TEST(OutcomeRuns, any_bytes_are_survived) {
  std::mt19937_64 random(42);
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes(random() % 24, ' ');
    for (char& c : bytes) c = static_cast<char>(random() % 3 ? random() | 0x80 : random());
    Outcome outcome =
        outcome_in(bytes, random() % 3 ? 1 : random(), random() % 3 ? random() % 100 : random());
    ASSERT_LE(static_cast<int>(outcome), static_cast<int>(Outcome::rejected));
  }
}

}  // namespace
}  // namespace sluice
