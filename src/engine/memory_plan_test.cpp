#include "engine/memory_plan.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(MemoryPlan, SpendsNoMoreThanItHas) {
  for (std::uint64_t mib : {48, 64, 128, 512, 4096})
    for (unsigned threads : {1u, 2u, 8u}) {
      auto plan = plan_memory(mib << 20, threads, 1 << 20);
      ASSERT_TRUE(plan);
      std::uint64_t chunks = plan->chunks_in_flight * plan->chunk.bytes * 5;
      EXPECT_LE(chunks + plan->batch_bytes + plan->store_cache_bytes, plan->total_bytes)
          << mib << " MiB, " << threads;
      EXPECT_GE(plan->chunk.rows, 1024u);
      EXPECT_GT(plan->chunks_in_flight, threads);
    }
}

TEST(MemoryPlan, RefusesLessThanItsLeast) {
  auto plan = plan_memory(47ull << 20, 2, 1 << 20);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::usage);
  EXPECT_NE(plan.error().message.find("48MiB"), std::string::npos) << plan.error().message;
}

}  // namespace
}  // namespace sluice
