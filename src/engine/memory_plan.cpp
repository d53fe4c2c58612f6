#include "engine/memory_plan.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::uint64_t kMiB = 1ull << 20;

// Code, libraries, stacks and the allocator's own needs, measured with an empty input and rounded up.
constexpr std::uint64_t kProcessBytes = 20 * kMiB;

// What a chunk occupies at most besides its bytes: cells, row records, the canonical text and the hashes.
constexpr std::uint64_t kChunkFactor = 5;

}  // namespace

Result<MemoryPlan> plan_memory(std::uint64_t total_bytes, unsigned threads, std::uint64_t row_bytes) {
  if (total_bytes < kLeastMemoryBytes)
    return fail(ErrorKind::usage, "--memory must be at least " + std::to_string(kLeastMemoryBytes / kMiB) +
                                      "MiB; with less the store and one row in work do not fit.");
  MemoryPlan plan;
  plan.total_bytes = total_bytes;
  std::uint64_t free_bytes = total_bytes - kProcessBytes;
  plan.store_cache_bytes = free_bytes * 35 / 100;
  plan.batch_bytes = free_bytes * 30 / 100;
  plan.batch_rows = 50'000;
  plan.chunks_in_flight = threads + 1;
  std::uint64_t for_chunks = free_bytes * 35 / 100;
  std::uint64_t reading = std::min<std::uint64_t>(row_bytes, for_chunks / 2);
  std::uint64_t per_chunk = (for_chunks - reading) / (plan.chunks_in_flight * kChunkFactor);
  plan.chunk.bytes = std::clamp<std::uint64_t>(per_chunk, 64 * 1024, kMiB);
  plan.chunk.rows = std::max<std::uint64_t>(1024, plan.chunk.bytes / 64);
  return plan;
}

std::string MemoryPlan::formula() const {
  auto mib = [](std::uint64_t bytes) {
    std::string text = std::to_string(bytes / kMiB);
    std::uint64_t tenth = bytes % kMiB * 10 / kMiB;
    return text + "." + std::to_string(tenth) + " MiB";
  };
  return "memory at most " + mib(total_bytes) + ": process " + mib(kProcessBytes) + ", store cache " +
         mib(store_cache_bytes) + ", batch " + mib(batch_bytes) + ", " + std::to_string(chunks_in_flight) +
         " chunks of " + mib(chunk.bytes) + " × " + std::to_string(kChunkFactor);
}

}  // namespace sluice
