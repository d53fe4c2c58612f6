#include "engine/discard_writer.h"

namespace sluice {
namespace {

class DiscardWriter final : public RowWriter {
 public:
  DiscardWriter(OnReject on_reject, std::optional<std::uint64_t> max_rejects)
      : on_reject_(std::move(on_reject)), max_rejects_(max_rejects) {}

  Result<CommitReport> commit(const Commit& commit, const Lease&) override {
    CommitReport report;
    for (const PreparedBatch* batch : commit.batches) {
      report.batch.read += batch->rows_read();
      report.batch.inserted += batch->rows.size();
      report.batch.rejected += batch->rejects.size();
      if (!on_reject_) continue;
      for (const RejectedRow& reject : batch->rejects) TRY(on_reject_(reject));
    }
    job_ += report.batch;
    report.job = job_;
    report.job_finished = commit.last;
    report.over_max_rejects = max_rejects_ && job_.rejected > *max_rejects_;
    return report;
  }

 private:
  OnReject on_reject_;
  std::optional<std::uint64_t> max_rejects_;
  RowCounts job_;
};

}  // namespace

std::unique_ptr<RowWriter> make_discard_writer(OnReject on_reject, std::optional<std::uint64_t> max_rejects) {
  return std::make_unique<DiscardWriter>(std::move(on_reject), max_rejects);
}

}  // namespace sluice
