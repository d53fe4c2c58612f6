// The service's stores and the embedded queue: the conformance suites of their ports on SQLite and, where
// tools/with_postgres.sh gives a server, on PostgreSQL; and what is the embedded queue's own.
#include <gtest/gtest.h>

#include <thread>

#include "adapters/store_postgres_under_test.h"
#include "adapters/store_sqlite_under_test.h"
#include "ports/job_queue_conformance.h"
#include "ports/records_conformance.h"

namespace sluice {
namespace {

std::unique_ptr<StoreUnderTest> sqlite() { return make_sqlite_under_test(); }
std::unique_ptr<StoreUnderTest> postgres() {
  return test_postgres().empty() ? nullptr : make_postgres_under_test({});
}

INSTANTIATE_TEST_SUITE_P(Sqlite, RecordsConformance, testing::Values(StoreFactory(sqlite)));
INSTANTIATE_TEST_SUITE_P(Postgres, RecordsConformance, testing::Values(StoreFactory(postgres)));

class QueueOfStore final : public JobQueueUnderTest {
 public:
  explicit QueueOfStore(std::unique_ptr<StoreUnderTest> database) : database_(std::move(database)) {}
  std::shared_ptr<JobQueue> open() override {
    std::shared_ptr<Store> store = database_->open();
    return {store, &store->queue()};
  }

 private:
  std::unique_ptr<StoreUnderTest> database_;
};

JobQueueFactory queue_of(std::unique_ptr<StoreUnderTest> (*make)()) {
  return [make]() -> std::unique_ptr<JobQueueUnderTest> {
    auto database = make();
    return database ? std::make_unique<QueueOfStore>(std::move(database)) : nullptr;
  };
}

INSTANTIATE_TEST_SUITE_P(Sqlite, JobQueueConformance, testing::Values(queue_of(sqlite)));
INSTANTIATE_TEST_SUITE_P(Postgres, JobQueueConformance, testing::Values(queue_of(postgres)));

class EmbeddedQueue : public testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override {
    database_ = GetParam()();
    if (!database_) GTEST_SKIP() << "its server is not there";
    store_ = database_->open();
  }
  void enqueue(const std::string& tenant, std::uint32_t first, std::uint32_t last,
               std::int32_t priority = 0) {
    std::vector<QueueMessage> messages;
    for (std::uint32_t split = first; split <= last; ++split)
      messages.push_back({tenant + "/" + std::to_string(split), tenant, "job of " + tenant, split, priority});
    ASSERT_TRUE(store_->queue().enqueue(messages));
  }
  std::optional<Reservation> take() {
    return store_->queue().reserve("worker", std::chrono::hours(1), std::chrono::milliseconds(0), {}).value();
  }
  std::string take_ids(int count) {
    std::string ids;
    for (int i = 0; i < count; ++i)
      if (auto taken = take()) ids += taken->message.id + " ";
    return ids;
  }

  std::unique_ptr<StoreUnderTest> database_;
  std::unique_ptr<Store> store_;
};
INSTANTIATE_TEST_SUITE_P(Sqlite, EmbeddedQueue, testing::Values(StoreFactory(sqlite)));
INSTANTIATE_TEST_SUITE_P(Postgres, EmbeddedQueue, testing::Values(StoreFactory(postgres)));

TEST_P(EmbeddedQueue, TheTenantWithTheFewestActiveOnesIsServedNext) {
  enqueue("acme", 1, 50);
  auto first = take();
  enqueue("globex", 1, 2);
  enqueue("initech", 1, 1);
  EXPECT_EQ(take_ids(3), "globex/1 initech/1 acme/2 ") << "one each, then the oldest";
  ASSERT_TRUE(store_->queue().complete(*first));
  EXPECT_EQ(take_ids(3), "acme/3 globex/2 acme/4 ");
}

TEST_P(EmbeddedQueue, PriorityCountsAmongTenantsThatHaveEquallyMany) {
  enqueue("acme", 1, 2);
  enqueue("globex", 1, 2, 5);
  EXPECT_EQ(take_ids(4), "globex/1 acme/1 globex/2 acme/2 ");
}

TEST_P(EmbeddedQueue, AReservationThatRanOutIsNotActive) {
  enqueue("acme", 1, 3);
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(
        store_->queue().reserve("worker", std::chrono::milliseconds(1), std::chrono::minutes(1), {}).value());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (store_->queue().health()->active != 0 && std::chrono::steady_clock::now() < deadline) continue;
  enqueue("globex", 1, 1);
  EXPECT_EQ(take_ids(1), "acme/1 ") << "both tenants have none active, and this one is older";
}

TEST_P(EmbeddedQueue, AThousandMessagesAreEnqueuedAtOnce) {
  enqueue("acme", 1, 1000);
  EXPECT_EQ(store_->queue().health()->waiting, 1000u);
}

}  // namespace
}  // namespace sluice
