#include "engine/batch_size.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

TEST(BatchSize, HalvesWhileCommitsTakeLongAndComesBack) {
  BatchSize size(50'000, true);
  EXPECT_EQ(size.rows(), 50'000u);
  size.committed(50'000, 300ms);
  EXPECT_EQ(size.rows(), 50'000u) << "quick enough: as it is";
  size.committed(50'000, 5s);
  EXPECT_EQ(size.rows(), 25'000u);
  size.committed(25'000, 1s);
  EXPECT_EQ(size.rows(), 25'000u) << "neither long nor short";
  size.committed(25'000, 100ms);
  EXPECT_EQ(size.rows(), 50'000u);
  size.committed(50'000, 100ms);
  EXPECT_EQ(size.rows(), 50'000u) << "never more than the memory holds";
}

TEST(BatchSize, SmallCommitsThatTakeLongAreHalvedFromWhatTheyHeld) {
  BatchSize size(50'000, true);
  size.committed(4'000, 3s);  // rows are large: the bytes were full first
  EXPECT_EQ(size.rows(), 2'000u);
  for (int i = 0; i < 10; ++i) size.committed(size.rows(), 10s);
  EXPECT_EQ(size.rows(), 500u) << "a commit of one row costs as much as one of some hundred";
}

TEST(BatchSize, AFixedSizeStays) {
  BatchSize size(200, false);
  size.committed(200, 60s);
  size.committed(200, 1ms);
  EXPECT_EQ(size.rows(), 200u);
}

TEST(BatchSize, ALimitBelowTheLeastIsKept) {
  BatchSize size(100, true);
  size.committed(100, 60s);
  EXPECT_EQ(size.rows(), 100u);
}

}  // namespace
}  // namespace sluice
