#include "server/readiness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kLongEnough{60'000};

TEST(Readiness, SaysWhatEachSays) {
  Readiness readiness({{"store", [] { return Result<>(); }},
                       {"queue", []() -> Result<> { return fail(ErrorKind::io, "it is full"); }}},
                      kLongEnough);
  for (int times = 0; times < 3; ++times) {
    const auto answers = readiness.ask();
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(answers[0].name, "store");
    EXPECT_TRUE(answers[0].said);
    ASSERT_FALSE(answers[1].said);
    EXPECT_EQ(answers[1].said.error().message, "it is full");
  }
}

TEST(Readiness, OneThatDoesNotAnswerHoldsNobodyUpAndIsAskedOnce) {
  std::latch answer(1);
  std::atomic<int> asked = 0;
  Readiness readiness({{"blobs",
                        [&]() -> Result<> {
                          ++asked;
                          answer.wait();
                          return {};
                        }},
                       {"store", [] { return Result<>(); }}},
                      1s);
  for (int times = 0; times < 2; ++times) {
    const auto answers = readiness.ask();
    ASSERT_FALSE(answers[0].said);
    EXPECT_EQ(answers[0].said.error().kind, ErrorKind::unavailable);
    EXPECT_TRUE(answers[1].said) << answers[1].said.error().message;
  }
  EXPECT_EQ(asked, 1);
  answer.count_down();
  while (!readiness.ask()[0].said) {
  }
  EXPECT_LE(asked, 3);
}

}  // namespace
}  // namespace sluice
