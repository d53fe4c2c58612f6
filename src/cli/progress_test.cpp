// What the progress line says: share, time left, speed; of one pass over the file or of several.
#include "cli/progress.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Progress, ALineSaysShareTimeLeftAndSpeed) {
  ProgressState state{"people.csv", "loading", 40'000'000, 10'000'000, 20'000, 7};
  EXPECT_EQ(progress_text(ProgressStyle::lines, state, 10),
            "people.csv: loading 25%, 30 s left, 1.0 MB/s, 20,000 rows (2,000/s), 7 rejected");
  EXPECT_EQ(
      progress_text(ProgressStyle::bar, state, 10),
      "people.csv: loading █████░░░░░░░░░░░░░░░ 25%, 30 s left, 1.0 MB/s, 20,000 rows (2,000/s), 7 rejected");
}

TEST(Progress, LongTimesAreMinutesAndHours) {
  ProgressState state{"a", "loading", 100'000, 2'000, 0, 0};
  EXPECT_EQ(progress_text(ProgressStyle::lines, state, 4), "a: loading 2%, 3 min 16 s left, 500 B/s");
  EXPECT_EQ(progress_text(ProgressStyle::lines, state, 100), "a: loading 2%, 1 h 21 min left, 20 B/s");
}

TEST(Progress, EveryPassOverTheFileBeginsAtNothing) {
  ProgressState state{"a", "looking at the whole file", 1'000, 1'000, 0, 0};
  EXPECT_EQ(progress_text(ProgressStyle::lines, state, 1), "a: looking at the whole file 100%, 1.0 kB/s");
  state.bytes = 1'500;  // half of the second pass, at the speed so far
  EXPECT_EQ(progress_text(ProgressStyle::lines, state, 3),
            "a: looking at the whole file 50%, 1 s left, 500 B/s");
}

TEST(Progress, WithoutASizeThereIsNoShare) {
  EXPECT_EQ(progress_text(ProgressStyle::bar, {"standard input", "spooling", 0, 3'000, 0, 0}, 2),
            "standard input: spooling, 1.5 kB/s");
  EXPECT_EQ(progress_text(ProgressStyle::bar, {"a", "reading", 0, 0, 0, 0}, 0), "a: reading, 0 B/s");
}

}  // namespace
}  // namespace sluice
