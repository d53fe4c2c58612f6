#include "server/rate_limit.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace sluice {
namespace {

TEST(RateLimit, GivesASecondsWorthAtOnceAndThenAsMuchAsTimePasses) {
  using std::chrono::milliseconds;
  RateLimit limit(10);
  RateLimit::Time start{};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limit.take("a", start));
  EXPECT_FALSE(limit.take("a", start));
  EXPECT_TRUE(limit.take("b", start));  // somebody else
  EXPECT_FALSE(limit.take("a", start + milliseconds(90)));
  EXPECT_TRUE(limit.has("a", start + milliseconds(200)));
  EXPECT_TRUE(limit.take("a", start + milliseconds(200)));
  EXPECT_TRUE(limit.take("a", start + milliseconds(200)));
  EXPECT_FALSE(limit.take("a", start + milliseconds(200)));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limit.take("a", start + milliseconds(60'000)));
  EXPECT_FALSE(limit.take("a", start + milliseconds(60'000)));
}

TEST(RateLimit, OfNothingIsNone) {
  RateLimit limit(0);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(limit.take("a", {}));
}

TEST(RateLimit, ForgetsThoseWhoCameLongAgoButNotWhoIsAtTheLimit) {
  RateLimit limit(1);
  RateLimit::Time start{}, later = start + std::chrono::seconds(10);
  for (int i = 0; i < 9'999; ++i) EXPECT_TRUE(limit.take(std::to_string(i), start));
  EXPECT_TRUE(limit.take("late", later));
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(limit.take("x" + std::to_string(i), later));
  EXPECT_FALSE(limit.take("late", later));
}

// Two nodes that tell each other ten times a second, and the bucket between them, as the store keeps it.
class TwoNodes {
 public:
  explicit TwoNodes(std::uint32_t rate)
      : nodes_{RateLimit(rate, kMany), RateLimit(rate, kMany)}, tokens_(rate) {}

  // How many of `requests` a second go through in so many seconds, the nodes being asked as `turns` says.
  int let_through(int seconds, int requests, const std::vector<int>& turns) {
    int through = 0;
    for (int i = 0; i < seconds * requests; ++i) {
      now_ += std::chrono::microseconds(1'000'000 / requests);
      through += nodes_.at(static_cast<std::size_t>(turns[turn_++ % turns.size()])).take("a", now_) ? 1 : 0;
      if (!away && now_ - told_ > std::chrono::milliseconds(100)) tell();
    }
    return through;
  }
  void tell() {
    for (RateLimit& node : nodes_) tell(node);
  }
  void tell(RateLimit& node) {
    const double rate = node.rate(), since = std::chrono::duration<double>(now_ - told_).count();
    tokens_ = std::min(rate, tokens_ + rate * since);
    told_ = now_;
    for (const RequestCount& count : node.count()) {
      tokens_ -= static_cast<double>(count.taken);
      asked_ += count.asked;
      node.share(std::vector<SharedBucket>{{"a", tokens_, asked_}}, now_);
    }
  }
  RateLimit& first() { return nodes_.front(); }
  bool away = false;  // the store

 private:
  static constexpr auto kMany = RateLimit::Nodes::many;
  std::array<RateLimit, 2> nodes_;
  double tokens_;
  std::uint64_t asked_ = 0;
  RateLimit::Time now_{}, told_{};
  std::size_t turn_ = 0;
};

TEST(RateLimit, OfTwoNodesIsOneLimitHoweverRequestsAreDividedAmongThem) {
  constexpr int kRate = 50, kSeconds = 20;
  for (const auto& turns : std::vector<std::vector<int>>{{0, 1}, {0}, {0, 0, 0, 1}}) {
    TwoNodes nodes(kRate);
    const int through = nodes.let_through(kSeconds, 4 * kRate, turns);
    EXPECT_GE(through, kRate * kSeconds) << "with " << turns.size() << " turns";
    EXPECT_LE(through, kRate * kSeconds + 2 * kRate) << "with " << turns.size() << " turns";
    EXPECT_NEAR(nodes.let_through(kSeconds, 4 * kRate, turns), kRate * kSeconds, kRate / 5);
  }
}

TEST(RateLimit, WithoutTheOthersANodeGoesOnWithItsPart) {
  constexpr int kRate = 50, kSeconds = 20;
  TwoNodes nodes(kRate);
  nodes.let_through(5, 4 * kRate, {0, 1});
  nodes.away = true;
  EXPECT_NEAR(nodes.let_through(kSeconds, 4 * kRate, {0, 1}), kRate * kSeconds, kRate / 2);
  nodes.away = false;  // what went through meanwhile is not paid back
  EXPECT_GE(nodes.let_through(10, 4 * kRate, {0, 1}), kRate * 10 - 4 * kRate);
}

TEST(RateLimit, ANodeThatLooksTwiceBeforeAnotherTellsKeepsToItsPart) {
  constexpr int kRate = 50, kSeconds = 20;
  TwoNodes nodes(kRate);
  nodes.let_through(5, 4 * kRate, {0, 1});
  nodes.tell();
  nodes.away = true;  // from the other
  for (int look = 0; look < 2; ++look) {
    nodes.let_through(1, kRate / 5, {0, 1});
    nodes.tell(nodes.first());
  }
  EXPECT_NEAR(nodes.let_through(kSeconds, 4 * kRate, {0, 1}), kRate * kSeconds, kRate * kSeconds / 8);
}

TEST(RateLimit, SaysHowLongIsToBeWaitedForWhatWasTakenTooMuchElsewhere) {
  RateLimit limit(10, RateLimit::Nodes::many);
  RateLimit::Time start{};
  EXPECT_TRUE(limit.take("a", start));
  (void)limit.count();
  limit.share(std::vector<SharedBucket>{{"a", -14.5, 30}}, start);
  EXPECT_EQ(limit.seconds_to_wait("a", start), 2);  // 15.5 tokens at 10 a second
  EXPECT_FALSE(limit.take("a", start + std::chrono::milliseconds(1500)));
  EXPECT_TRUE(limit.take("a", start + std::chrono::milliseconds(1600)));
}

}  // namespace
}  // namespace sluice
