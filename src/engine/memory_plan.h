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
  std::size_t chunks_in_flight = 0;  // read, being worked on or waiting for the writer
  std::uint64_t batch_rows = 0;      // a commit holds at most about so many rows
  std::uint64_t batch_bytes = 0;     // and so much memory
  std::uint64_t store_cache_bytes = 0;

  std::string formula() const;  // one line for people
};

inline constexpr std::uint64_t kDefaultMemoryBytes = 128ull << 20;
inline constexpr std::uint64_t kLeastMemoryBytes = 48ull << 20;

// `row_bytes`: the longest row that is read. Usage error below kLeastMemoryBytes, naming it.
Result<MemoryPlan> plan_memory(std::uint64_t total_bytes, unsigned threads, std::uint64_t row_bytes);

}  // namespace sluice
