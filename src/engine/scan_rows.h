// scan_rows: shows every row of an input, parsed but not transformed, to something that learns from it
// (types, the order of day and month). In parallel; `merge` is called in the order of the input, on the
// calling thread.
#pragma once

#include <functional>
#include <stop_token>

#include "base/result.h"
#include "engine/compute_pool.h"
#include "engine/memory_plan.h"
#include "engine/ordered_chunks.h"
#include "formats/format.h"

namespace sluice {

template <class Finding>
Result<> scan_rows(const ReadPlan& plan, const RowFormat& format, const Opener& opener, ComputePool& pool,
                   const MemoryPlan& memory, const std::function<Finding(const RowBatch&)>& look,
                   const std::function<void(Finding)>& merge, std::stop_token stop) {
  auto reader = TRY(ChunkReader::open(plan, format, opener, {plan.first_row, {}}, memory.chunk, {}, stop));
  auto work = [&](Chunk chunk) {
    std::vector<Finding> findings;
    for (const RowBatch& batch : format.parse(std::move(chunk)).batches) findings.push_back(look(batch));
    return findings;
  };
  OrderedChunks<std::vector<Finding>> chunks(*reader, pool, memory.chunks_in_flight, memory.in_flight_bytes(),
                                             work);
  while (!stop.stop_requested()) {
    auto next = TRY(chunks.next());
    if (!next) return {};
    for (Finding& finding : next->output) merge(std::move(finding));
  }
  return fail(ErrorKind::cancelled, "stopped");
}

}  // namespace sluice
