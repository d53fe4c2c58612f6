#include "cli/push_writer.h"

#include "base/size_text.h"

namespace sluice {

Result<CommitReport> PushWriter::commit(const Commit& commit, const Lease&) {
  CommitReport report;
  for (const PreparedBatch* batch : commit.batches) {
    report.batch += TRY(take(*batch, commit));
  }
  counts_ += report.batch;
  report.job = counts_;
  report.job_finished = commit.last;
  report.over_max_rejects = batching_.max_rejects && counts_.rejected > *batching_.max_rejects;
  if (commit.last && !report.over_max_rejects) TRY(give());
  return report;
}

// Rows and rejects in the order of the file.
Result<RowCounts> PushWriter::take(const PreparedBatch& batch, const Commit& commit) {
  RowCounts counts;
  counts.read = batch.rows_read();
  std::size_t reject = 0;
  auto rejects_before = [&](std::uint64_t row) -> Result<> {
    for (; reject < batch.rejects.size() && batch.rejects[reject].row_number < row; ++reject)
      TRY(on_reject_(batch.rejects[reject]));
    return {};
  };
  for (const PreparedRow& row : batch.rows) {
    TRY(rejects_before(row.row_number));
    auto fault = batching_.fault ? batching_.fault(row.data) : std::nullopt;
    if (!fault) {
      ++counts.inserted;
      TRY(add(row));
      continue;
    }
    ++counts.rejected;
    TRY(on_reject_(commit.reject_of(batch, row, *std::move(fault))));
  }
  TRY(rejects_before(UINT64_MAX));
  counts.rejected += batch.rejects.size();
  return counts;
}

Result<> PushWriter::add(const PreparedRow& row) {
  const std::uint64_t number = row.row_number;
  const auto again = known_.pending_at(number);
  const bool is_known = known_.is_claimed(number);
  // A batch is the rows of one range, and covers none that another has.
  const bool full =
      !is_known && (batch_.rows >= batching_.rows ||
                    batch_.body.size() + row.data.size() + batching_.closing.size() + 1 > batching_.bytes);
  if (batch_.rows != 0 && (full || again != again_ || (is_known && !again))) TRY(give());
  if (is_known && !again) return {};
  if (batch_.rows == 0) {
    // Once: memory that is not written to costs nothing.
    batch_.body.reserve(batching_.bytes);
    again_ = again;
    batch_.range.first = number;
    batch_.body = batching_.opening;
  } else {
    batch_.body += ',';
  }
  batch_.body += row.data;
  batch_.range.last = number;
  ++batch_.rows;
  return {};
}

Result<> PushWriter::give() {
  if (batch_.rows == 0) return {};
  batch_.body += batching_.closing;
  if (again_) {
    const std::uint64_t rows = known_.pending.at(again_->first).rows;
    if (rows != batch_.rows || batch_.range.last != again_->last || batch_.range.first != again_->first)
      return fail(ErrorKind::internal,
                  "rows " + count_text(again_->first) + " to " + count_text(again_->last) +
                      " were sent before, and " + count_text(rows) + " of them were good; now it is " +
                      count_text(batch_.rows) +
                      ". Is this another version of sluice? Give the command again with the one that began, "
                      "or push the file anew with --restart.");
  }
  // As long as it is, and no longer: many may wait.
  PushBatch batch{batch_.range, batch_.rows, std::string(batch_.body), again_.has_value()};
  if (batch_.body.size() > batching_.bytes) batch_.body = {};  // a row that is larger than batches are to be
  batch_.rows = 0;
  again_.reset();
  return sender_.give(std::move(batch));
}

}  // namespace sluice
