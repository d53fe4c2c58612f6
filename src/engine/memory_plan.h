// MemoryPlan: how a process spends its memory. Everything that grows with the input is bounded here, so that
// the peak is the same for a megabyte and a terabyte.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "formats/chunk_reader.h"

namespace sluice {

struct MemoryPlan {
  std::uint64_t total_bytes = 0;  // what the process is to stay below
  ChunkSize chunk;
  unsigned threads = 1;              // that compute: no more than the chunks keep busy
  std::size_t chunks_in_flight = 0;  // being worked on, or waiting for the writer
  std::uint64_t batch_rows = 0;      // a commit holds at most about so many rows
  bool batch_rows_fixed = false;     // and no fewer where the store is slow (engine/batch_size.h)
  std::uint64_t batch_bytes = 0;     // and so much memory, what the store needs for each row included
  std::uint64_t store_cache_bytes = 0;
  std::uint64_t window_bytes = 0;   // what decompressing may keep to refer back to
  std::uint64_t reading_bytes = 0;  // a longest row, and the chunk being cut
  std::uint64_t process_bytes = 0;  // what there is before the first row
  std::uint64_t spare_bytes = 0;    // holes between what was freed and what came after

  std::uint64_t in_flight_bytes() const { return chunks_in_flight * chunk.bytes; }
  // The same where a window is really kept: it comes out of the batch.
  MemoryPlan beside_window() const;
  std::string formula() const;  // one line for people
};

// What a commit keeps of each row besides the row: its entry, its place in the order, its outcome.
inline constexpr std::uint64_t kCommitRowBytes = 160;

inline constexpr std::uint64_t kDefaultMemoryBytes = 128ull << 20;
inline constexpr std::uint64_t kLeastMemoryBytes = 48ull << 20;

// The least that rows of at most `row_bytes` can be read in.
std::uint64_t least_memory(std::uint64_t row_bytes);

// `row_bytes`: the longest row that is read. Usage error below least_memory(row_bytes), naming it.
Result<MemoryPlan> plan_memory(std::uint64_t total_bytes, unsigned threads, std::uint64_t row_bytes);

}  // namespace sluice
