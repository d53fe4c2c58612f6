#include "engine/memory_plan.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

TEST(MemoryPlan, ItsSharesTogetherAreNoMoreThanItHas) {
  for (std::uint64_t mib : {48, 49, 64, 100, 128, 512, 4096, 100'000})
    for (unsigned threads : {1u, 2u, 8u, 256u}) {
      auto plan = plan_memory(mib * kMiB, threads, kMiB);
      ASSERT_TRUE(plan);
      // One chunk is being cut and one waits for the batch, besides those in flight; a chunk takes 16 times
      // its size.
      std::uint64_t chunks = (plan->chunks_in_flight + 2) * plan->chunk.bytes * 16;
      std::uint64_t all = plan->process_bytes + plan->store_cache_bytes + plan->batch_bytes +
                          plan->reading_bytes + chunks + plan->spare_bytes;
      EXPECT_LE(all, plan->total_bytes) << mib << " MiB, " << threads;
      EXPECT_GE(plan->spare_bytes, (plan->total_bytes - plan->process_bytes) / 10);
      EXPECT_GE(plan->chunk.bytes, 32u * 1024) << mib << " MiB, " << threads;
      EXPECT_GE(plan->chunk.rows, 1024u);
      EXPECT_GE(plan->threads, 1u);
      EXPECT_LE(plan->threads, threads);
      EXPECT_GT(plan->chunks_in_flight, plan->threads);
    }
  EXPECT_EQ(plan_memory(128 * kMiB, 8, kMiB)->threads, 8u);
}

TEST(MemoryPlan, AWindowComesOutOfTheBatch) {
  for (std::uint64_t mib : {48, 64, 100, 128, 255, 256, 4096}) {
    MemoryPlan plan = *plan_memory(mib * kMiB, 2, kMiB);
    EXPECT_LE(plan.window_bytes * 4, plan.total_bytes);
    EXPECT_GT(plan.window_bytes * 8, plan.total_bytes);
    EXPECT_LE(plan.beside_window().batch_bytes + plan.window_bytes, plan.batch_bytes + 3 * kMiB)
        << mib;  // of the spare
    EXPECT_GE(plan.beside_window().batch_bytes, 2 * kMiB);
  }
}

TEST(MemoryPlan, RefusesLessThanItsLeast) {
  auto plan = plan_memory(47 * kMiB, 2, kMiB);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::usage);
  EXPECT_NE(plan.error().message.find("48MiB"), std::string::npos) << plan.error().message;
}

TEST(MemoryPlan, LongRowsNeedMore) {
  EXPECT_EQ(least_memory(1024), 48 * kMiB);
  EXPECT_EQ(least_memory(64 * kMiB), (48 + 4 * 63) * kMiB);
  EXPECT_TRUE(plan_memory(300 * kMiB, 2, 64 * kMiB));
  auto plan = plan_memory(299 * kMiB, 2, 64 * kMiB);
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("300MiB"), std::string::npos) << plan.error().message;
  EXPECT_NE(plan.error().message.find("row_bytes"), std::string::npos) << plan.error().message;
}

}  // namespace
}  // namespace sluice
