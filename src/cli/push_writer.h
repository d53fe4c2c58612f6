// PushWriter: a RowWriter that makes JSON batches of good rows and gives them to a PushSender. Rows that an
// earlier run journalled are left out, or, where their range has no answer yet, make exactly that batch
// again. One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/push_journal.h"
#include "cli/push_sender.h"
#include "engine/discard_writer.h"
#include "ports/store.h"

namespace sluice {

struct PushBatching {
  std::string opening = "[", closing = "]";  // around the rows
  std::uint64_t rows = 1000, bytes = 1 << 20;
  std::optional<std::uint64_t> max_rejects;
  // Why the server would refuse a row (a JSON object) and its batch with it: it is skipped then. Empty:
  // nobody knows.
  std::function<std::optional<Issue>(std::string_view row)> fault = {};
};

class PushWriter final : public RowWriter {
 public:
  // `known`: what the journal says as the push begins. With `batching.fault` the rows as read are asked for
  // (SplitTask::keep_input).
  PushWriter(PushBatching batching, PushState known, PushSender& sender, OnReject on_reject)
      : batching_(std::move(batching)),
        known_(std::move(known)),
        sender_(sender),
        on_reject_(std::move(on_reject)) {}

  // Where the input ends, the batch that is not full goes out as well.
  Result<CommitReport> commit(const Commit& commit, const Lease& lease) override;

  // Counted so far: `inserted` are good rows, those of earlier runs included.
  const RowCounts& counts() const { return counts_; }

 private:
  Result<RowCounts> take(const PreparedBatch& batch, const Commit& commit);
  Result<> add(const PreparedRow& row);
  Result<> give();

  const PushBatching batching_;
  const PushState known_;
  PushSender& sender_;
  const OnReject on_reject_;
  RowCounts counts_;
  PushBatch batch_;                // being filled; no rows: there is none. Its body is used again and again
  std::optional<RowRange> again_;  // the journalled range that it has to become
};

}  // namespace sluice
