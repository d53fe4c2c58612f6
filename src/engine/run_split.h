// run_split: the way of a row, from the bytes of a split to the store, told once.
// Called by a job's runner (src/jobs) and by `validate`; the calling thread is the writer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "engine/compute_pool.h"
#include "engine/memory_plan.h"
#include "formats/format.h"
#include "pipeline/pipeline.h"
#include "ports/store.h"

namespace sluice {

struct SplitTask {
  const ReadPlan& plan;
  const RowFormat& format;
  const Opener& opener;
  Pipeline& pipeline;
  Split split;             // goes on at its checkpoint
  bool keep_input = true;  // the writer looks at the rows as read (typed cells, Commit::raw_of)
  std::optional<std::uint64_t> row_limit;   // --limit: stop after so many rows of the input
  RowBatch (*restore)(RowBatch) = nullptr;  // resubmission: rows of a report, as they were sent at first
  bool resumable = true;  // false: nobody goes on at a checkpoint, so that the bytes are not hashed for one
};

// Told after every commit, on the writer's thread.
struct SplitProgress {
  Position position;
  CommitReport report;
  std::uint64_t bytes = 0;                     // of the input since the commit before
  std::chrono::duration<double> commit{};      // how long the store took
  std::map<RejectCode, std::uint64_t> issues;  // of rejected rows, as far as the store did not reject them
};
using OnCommit = std::function<void(const SplitProgress&)>;

enum class SplitEnd : std::uint8_t {
  done,              // the split is finished
  over_max_rejects,  // the store failed the job
  stopped,           // asked to stop: everything up to the last commit stands
};

// Are the bytes that the split's checkpoint covers still what they were? The running digest to go on with;
// Error (input) where they are not. Resuming asks it of every split, of those that are done as well.
Result<Sha256> resumed_digest(const ReadPlan& plan, const Opener& opener, const Split& split,
                              std::stop_token stop);

// Errors: input (unreadable, changed since its checkpoint, broken JSON: what was good before is committed),
// conflict (the lease is lost), and the store's.
Result<SplitEnd> run_split(const SplitTask& task, RowWriter& writer, const Lease& lease, ComputePool& pool,
                           const MemoryPlan& memory, const OnCommit& on_commit, std::stop_token stop);

}  // namespace sluice
