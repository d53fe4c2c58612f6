// The shares of the memory. They are promises about what other files allocate; tests/cases/memory.case
// measures that they are kept.
#include "engine/memory_plan.h"

#include <algorithm>
#include <bit>

#include "formats/compression.h"

namespace sluice {
namespace {

constexpr std::uint64_t kMiB = 1ull << 20;

// Code, libraries and tables, and the store's connection for reading with its cache: measured with an empty
// input (18 MiB) and at the end of a long one (code that is used is code that is in memory).
constexpr std::uint64_t kProcessBytes = 23 * kMiB;
// A thread's stack, its parser and the allocator's cache for it.
constexpr std::uint64_t kThreadBytes = 128 * 1024;

// What a chunk occupies at most with all that is made of it: cells, row records, the canonical text and
// hashes are some 7 times its bytes; where every row is rejected for several reasons, the sentences are more.
constexpr std::uint64_t kChunkFactor = 16;
// One chunk is being cut, and one more waits because it does not fit into the batch that is being committed.
constexpr std::uint64_t kChunksBesides = 2;
// As much as stays in a core's cache on its way: larger chunks were not faster.
constexpr std::uint64_t kLeastChunkBytes = 32 * 1024, kMostChunkBytes = 256 * 1024;
constexpr std::uint64_t kLeastBatchBytes = 2 * kMiB;

// A row over the usual size is there as read, in the reader's buffer, as cells and in canonical form.
constexpr std::uint64_t kUsualRowBytes = kMiB;
constexpr std::uint64_t kLongRowFactor = 4;

std::uint64_t long_row_bytes(std::uint64_t row_bytes) {
  return kLongRowFactor * (row_bytes - std::min(row_bytes, kUsualRowBytes));
}

std::string mib(std::uint64_t bytes) {
  return std::to_string(bytes / kMiB) + "." + std::to_string(bytes % kMiB * 10 / kMiB) + " MiB";
}

}  // namespace

std::uint64_t least_memory(std::uint64_t row_bytes) { return kLeastMemoryBytes + long_row_bytes(row_bytes); }

Result<MemoryPlan> plan_memory(std::uint64_t total_bytes, unsigned threads, std::uint64_t row_bytes) {
  const std::uint64_t least = least_memory(row_bytes);
  if (total_bytes < least) {
    std::string why = least == kLeastMemoryBytes
                          ? "with less the store and one row in work do not fit."
                          : "rows of limits.row_bytes = " + mib(row_bytes) +
                                " do not fit into less; lower the one or raise the other.";
    return fail(ErrorKind::usage,
                "--memory must be at least " + std::to_string((least + kMiB - 1) / kMiB) + "MiB; " + why);
  }
  MemoryPlan plan;
  plan.total_bytes = total_bytes;
  const std::uint64_t free = total_bytes - kProcessBytes - long_row_bytes(row_bytes);
  plan.spare_bytes = free / 8;
  // Several of the longest rows: as read, as cells, in canonical form, and on their way into the store.
  // store.
  const std::uint64_t reading = 8 * std::min(row_bytes, kUsualRowBytes);
  const std::uint64_t shared = free - plan.spare_bytes - reading;
  plan.store_cache_bytes = shared * 27 / 100;
  plan.batch_bytes = shared * 54 / 100;
  plan.batch_rows = 100'000;
  plan.window_bytes = std::bit_floor(total_bytes / kWindowShare);

  const std::uint64_t for_chunks = shared - plan.store_cache_bytes - plan.batch_bytes;
  const std::uint64_t thread_cost = kLeastChunkBytes * kChunkFactor + kThreadBytes;
  const std::uint64_t most_threads = for_chunks / thread_cost - kChunksBesides - 1;
  plan.threads = static_cast<unsigned>(std::clamp<std::uint64_t>(threads, 1, most_threads));
  plan.chunks_in_flight = plan.threads + 1;
  const std::uint64_t per_chunk =
      (for_chunks - plan.threads * kThreadBytes) / ((plan.chunks_in_flight + kChunksBesides) * kChunkFactor);
  plan.chunk.bytes = std::clamp(per_chunk, kLeastChunkBytes, kMostChunkBytes);
  plan.chunk.rows = std::max<std::uint64_t>(1024, plan.chunk.bytes / 64);
  plan.reading_bytes = reading + long_row_bytes(row_bytes);
  plan.process_bytes = kProcessBytes + plan.threads * kThreadBytes;
  return plan;
}

MemoryPlan MemoryPlan::beside_window() const {
  MemoryPlan smaller = *this;
  smaller.batch_bytes = std::max(batch_bytes - std::min(batch_bytes, window_bytes), kLeastBatchBytes);
  return smaller;
}

std::string MemoryPlan::formula() const {
  return "memory at most " + mib(total_bytes) + ": process " + mib(process_bytes) + ", store cache " +
         mib(store_cache_bytes) + ", batch " + mib(batch_bytes) + " (a zstd window of at most " +
         mib(window_bytes) + " comes out of it), reading " + mib(reading_bytes) + ", " +
         std::to_string(chunks_in_flight + kChunksBesides) + " chunks of " + mib(chunk.bytes) + " × " +
         std::to_string(kChunkFactor) + ", spare " + mib(spare_bytes) + "; " + std::to_string(threads) +
         (threads == 1 ? " thread" : " threads");
}

}  // namespace sluice
