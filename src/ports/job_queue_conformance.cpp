#include "ports/job_queue_conformance.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

namespace sluice {

using std::chrono::milliseconds;

namespace {
constexpr milliseconds kNone{0};
constexpr milliseconds kTiny{1};          // a reservation that runs out at once
constexpr milliseconds kLong{3'600'000};  // one that does not while a test runs
constexpr milliseconds kPatience{60'000};
}  // namespace

void JobQueueConformance::SetUp() {
  place_ = GetParam()();
  if (!place_) GTEST_SKIP() << "its server is not there";
  queue_ = place_->open();
  ASSERT_TRUE(queue_);
}

QueueMessage JobQueueConformance::message(std::uint32_t split, std::int32_t priority, const std::string& job,
                                          const std::string& tenant) {
  return {.id = job + "/" + std::to_string(split) + "/1",
          .tenant = tenant,
          .job_id = job,
          .split_number = split,
          .priority = priority};
}

void JobQueueConformance::enqueue(const std::vector<QueueMessage>& messages) {
  auto done = queue_->enqueue(messages);
  ASSERT_TRUE(done) << done.error().message;
}

std::optional<Reservation> JobQueueConformance::take(milliseconds hold) {
  auto taken = queue_->reserve("worker", hold, kNone, {});
  EXPECT_TRUE(taken) << taken.error().message;
  return taken ? *taken : std::nullopt;
}

Reservation JobQueueConformance::await(JobQueue& queue, milliseconds hold) {
  auto taken = queue.reserve("another", hold, kPatience, {});
  EXPECT_TRUE(taken) << taken.error().message;
  EXPECT_TRUE(taken && *taken) << "nothing came";
  return taken && *taken ? **taken : Reservation{};
}

QueueHealth JobQueueConformance::health() {
  auto health = queue_->health();
  EXPECT_TRUE(health) << health.error().message;
  return health.value_or(QueueHealth{});
}

void JobQueueConformance::until(const std::function<bool()>& true_now) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!true_now())
    if (std::chrono::steady_clock::now() > deadline) return ADD_FAILURE() << "it never came true";
}

namespace {

TEST_P(JobQueueConformance, AnEmptyQueueGivesNothing) { EXPECT_FALSE(take(kLong)); }

TEST_P(JobQueueConformance, AMessageComesAsItWasPut) {
  const QueueMessage put{
      .id = "job-7/3/2", .tenant = "acme", .job_id = "job-7", .split_number = 3, .priority = -5};
  enqueue({put});
  auto taken = take(kLong);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->message.id, put.id);
  EXPECT_EQ(taken->message.tenant, put.tenant);
  EXPECT_EQ(taken->message.job_id, put.job_id);
  EXPECT_EQ(taken->message.split_number, put.split_number);
  EXPECT_EQ(taken->message.priority, put.priority);
}

TEST_P(JobQueueConformance, OneWorkerHasItUntilItIsComplete) {
  enqueue({message(1)});
  auto taken = take(kLong);
  ASSERT_TRUE(taken);
  EXPECT_FALSE(take(kLong));
  ASSERT_TRUE(queue_->complete(*taken));
  EXPECT_FALSE(take(kLong));
  EXPECT_TRUE(queue_->complete(*taken)) << "again is no error";
  until([&] { return health().active + health().waiting + health().delayed == 0; });
}

TEST_P(JobQueueConformance, WhatWasPutIsThereForAnotherProcessAndAfterThisOne) {
  enqueue({message(1), message(2)});
  queue_.reset();
  queue_ = place_->open();
  EXPECT_TRUE(take(kLong));
  EXPECT_EQ(await(*place_->open(), kLong).message.job_id, "job-1");
}

TEST_P(JobQueueConformance, AMessageThatIsThereAlreadyIsLeftAsItIs) {
  if (!place_->promises().known_ids) GTEST_SKIP() << "this queue knows no ids";
  enqueue({message(1, 5)});
  enqueue({message(1, 9)});
  auto taken = take(kLong);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->message.priority, 5);
  enqueue({message(1, 9)});
  EXPECT_FALSE(take(kLong)) << "it is reserved";
}

TEST_P(JobQueueConformance, HigherPriorityGoesFirstAndOfEqualOnesTheOlder) {
  if (!place_->promises().order) GTEST_SKIP() << "this queue keeps no order";
  enqueue({message(1)});
  enqueue({message(2), message(3)});
  enqueue({message(4, 1)});
  enqueue({message(5, -1), message(6, 1)});
  std::vector<std::uint32_t> order;
  while (auto taken = take(kLong)) {
    order.push_back(taken->message.split_number);
    ASSERT_TRUE(queue_->complete(*taken));
  }
  EXPECT_EQ(order, (std::vector<std::uint32_t>{4, 6, 1, 2, 3, 5}));
}

TEST_P(JobQueueConformance, AReservationThatRunsOutIsAnothersToTake) {
  enqueue({message(1)});
  auto lost = take(kTiny);
  ASSERT_TRUE(lost);
  auto other = place_->open();
  const Reservation won = await(*other, kLong);
  EXPECT_EQ(won.message.id, lost->message.id);
  auto extended = queue_->extend(*lost, kLong);
  ASSERT_FALSE(extended);
  EXPECT_EQ(extended.error().kind, ErrorKind::conflict);
  EXPECT_TRUE(queue_->put_back(*lost, kNone)) << "no error, and no effect";
  EXPECT_TRUE(queue_->complete(*lost)) << "no error, and no effect";
  EXPECT_FALSE(take(kLong)) << "it is the other's";
  EXPECT_TRUE(other->extend(won, kLong));
  EXPECT_TRUE(other->complete(won));
}

TEST_P(JobQueueConformance, AReservationThatRanOutGoesBackInFront) {
  if (!place_->promises().order) GTEST_SKIP() << "this queue keeps no order";
  enqueue({message(1)});
  ASSERT_TRUE(take(kTiny));
  enqueue({message(2)});
  until([&] { return health().active == 0; });
  auto taken = take(kLong);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->message.split_number, 1u);
}

TEST_P(JobQueueConformance, AnExtendedReservationLastsLonger) {
  // Two that would run out one after the other; the first is extended, so that the second is the first to.
  enqueue({message(1)});
  auto first = take(milliseconds(100));
  ASSERT_TRUE(first);
  enqueue({message(2)});
  auto second = take(milliseconds(200));
  ASSERT_TRUE(second);
  if (second->message.split_number == 1) GTEST_SKIP() << "this machine stood still meanwhile";
  ASSERT_TRUE(queue_->extend(*first, kLong));
  EXPECT_EQ(await(*queue_, kLong).message.split_number, 2u);
  EXPECT_FALSE(take(kLong));
}

TEST_P(JobQueueConformance, AMessageThatIsGoneCannotBeExtended) {
  enqueue({message(1)});
  auto taken = take(kLong);
  ASSERT_TRUE(taken);
  ASSERT_TRUE(queue_->complete(*taken));
  auto extended = queue_->extend(*taken, kLong);
  ASSERT_FALSE(extended);
  EXPECT_EQ(extended.error().kind, ErrorKind::conflict);
  EXPECT_TRUE(queue_->put_back(*taken, kNone)) << "no error";
  EXPECT_FALSE(take(kLong)) << "and not back";
}

TEST_P(JobQueueConformance, WhatIsPutBackComesAgainAfterItsDelay) {
  enqueue({message(1)});
  auto taken = take(kLong);
  ASSERT_TRUE(taken);
  ASSERT_TRUE(queue_->put_back(*taken, kNone));
  taken = take(kLong);
  ASSERT_TRUE(taken) << "no delay";
  ASSERT_TRUE(queue_->put_back(*taken, kTiny));
  taken = await(*queue_, kLong);
  ASSERT_TRUE(queue_->put_back(*taken, kLong));
  EXPECT_FALSE(take(kLong));
  until([&] { return (place_->promises().delays_counted ? health().delayed : health().active) == 1; });
}

TEST_P(JobQueueConformance, ACancelledJobsMessagesAreWithdrawn) {
  if (!place_->promises().withdrawal) {
    EXPECT_TRUE(queue_->withdraw("job-1")) << "no error";
    GTEST_SKIP() << "nothing can be taken out of this queue";
  }
  enqueue({message(1), message(1, 0, "job-2")});
  auto first = take(kLong), second = take(kLong);
  ASSERT_TRUE(first && second);
  enqueue({message(2), message(3), message(2, 0, "job-2")});
  ASSERT_TRUE(queue_->withdraw("job-1"));
  auto left = take(kLong);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->message.id, "job-2/2/1");
  EXPECT_FALSE(take(kLong));
  EXPECT_TRUE(queue_->extend(*first, kLong)) << "what is reserved goes on";
  EXPECT_TRUE(queue_->extend(*second, kLong));
}

TEST_P(JobQueueConformance, NothingIsReservedWhileTheQueueIsPaused) {
  enqueue({message(1)});
  auto taken = take(kLong);
  ASSERT_TRUE(taken);
  enqueue({message(2)});
  ASSERT_TRUE(queue_->pause());
  EXPECT_TRUE(health().paused);
  EXPECT_FALSE(take(kLong));
  auto elsewhere = place_->open()->reserve("another", kLong, kNone, {});
  ASSERT_TRUE(elsewhere);
  EXPECT_FALSE(*elsewhere) << "in other processes neither";
  EXPECT_TRUE(queue_->extend(*taken, kLong)) << "what is reserved goes on";
  enqueue({message(3)});
  until([&] { return health().waiting == 2; });  // some servers count a moment later
  ASSERT_TRUE(queue_->complete(*taken));
  ASSERT_TRUE(queue_->resume());
  EXPECT_FALSE(health().paused);
  EXPECT_TRUE(take(kLong));
  EXPECT_TRUE(take(kLong));
}

TEST_P(JobQueueConformance, WhoeverWaitsIsWoken) {
  auto other = place_->open();
  std::optional<Reservation> here, there;
  {
    std::jthread waits_here([&] { here = await(*queue_, kLong); });
    std::jthread waits_there([&] { there = await(*other, kLong); });
    enqueue({message(1), message(2)});
  }
  ASSERT_TRUE(here && there);
  EXPECT_NE(here->message.id, there->message.id);
}

TEST_P(JobQueueConformance, WhoeverWaitsIsWokenWhenThePauseIsOver) {
  enqueue({message(1)});
  ASSERT_TRUE(queue_->pause());
  std::optional<Reservation> taken;
  {
    std::jthread waits([&] { taken = await(*queue_, kLong); });
    ASSERT_TRUE(queue_->resume());
  }
  EXPECT_TRUE(taken);
}

TEST_P(JobQueueConformance, AStopRequestEndsTheWait) {
  std::stop_source stop;
  std::optional<Result<std::optional<Reservation>>> answer;
  {
    std::jthread waits([&] { answer = queue_->reserve("worker", kLong, kLong, stop.get_token()); });
    stop.request_stop();
  }
  ASSERT_TRUE(*answer);
  EXPECT_FALSE(**answer);
}

TEST_P(JobQueueConformance, TheWaitEndsWithItsTime) {
  auto answer = queue_->reserve("worker", kLong, milliseconds(5), {});
  ASSERT_TRUE(answer);
  EXPECT_FALSE(*answer);
}

TEST_P(JobQueueConformance, HealthSaysWhatIsThere) {
  EXPECT_FALSE(health().name.empty());
  EXPECT_FALSE(health().oldest_waiting);
  enqueue({message(1), message(2), message(3)});
  auto back = take(kLong), held = take(kLong);
  ASSERT_TRUE(back && held);
  ASSERT_TRUE(queue_->put_back(*back, kLong));
  until([&] { return health().waiting == 1; });
  const QueueHealth now = health();
  EXPECT_EQ(now.active + now.delayed, 2u);
  if (place_->promises().delays_counted) {
    EXPECT_EQ(now.delayed, 1u);
  }
  EXPECT_EQ(now.failed, 0u);
  EXPECT_FALSE(now.paused);
  if (!place_->promises().ages) return;
  EXPECT_TRUE(now.oldest_waiting);
  until([&] { return health().oldest_waiting.value_or(kNone) > kNone; });
}

TEST_P(JobQueueConformance, ManyWorkersOfManyProcessesShareTheMessages) {
  constexpr std::uint32_t kMessages = 200;
  // An answer that a queue's server gave and nobody got holds its message for so long.
  constexpr milliseconds kHold{60'000};
  std::vector<QueueMessage> messages;
  for (std::uint32_t split = 1; split <= kMessages; ++split)
    messages.push_back(message(split, 0, "job-" + std::to_string(split % 7), split % 3 ? "acme" : "globex"));
  enqueue(messages);
  auto other = place_->open();
  std::mutex mutex;
  std::map<std::string, int> times;
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i)
      workers.emplace_back([&, queue = i % 2 ? other : queue_] {
        for (;;) {
          auto taken = queue->reserve("worker", kHold, milliseconds(20), {});
          ASSERT_TRUE(taken) << taken.error().message;
          if (!*taken) return;
          ASSERT_TRUE(queue->complete(**taken));
          std::lock_guard lock(mutex);
          ++times[(*taken)->message.id];
        }
      });
  }
  // One whose neighbours were quicker each time may have left; what is there still is there once.
  const auto end = std::chrono::steady_clock::now() + 2 * kHold;
  while (times.size() < kMessages && std::chrono::steady_clock::now() < end)
    if (auto taken = take(kHold)) ++times[taken->message.id];
  EXPECT_EQ(times.size(), kMessages);
  EXPECT_FALSE(take(kHold));
  EXPECT_TRUE(std::ranges::all_of(times, [](auto& message) { return message.second == 1; }));
}

}  // namespace
}  // namespace sluice
