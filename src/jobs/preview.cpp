#include "jobs/preview.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "engine/run_split.h"
#include "formats/format.h"

namespace sluice {
namespace {

class TextSource final : public ByteSource {
 public:
  TextSource(const std::string& text, std::uint64_t offset)
      : text_(text), at_(std::min<std::uint64_t>(offset, text.size())) {}
  Result<std::size_t> read(std::span<char> into, std::stop_token) override {
    const std::size_t size = std::min(into.size(), text_.size() - at_);
    std::memcpy(into.data(), text_.data() + at_, size);
    at_ += size;
    return size;
  }
  std::optional<std::uint64_t> whole_size() const override { return text_.size(); }

 private:
  const std::string& text_;
  std::size_t at_;
};

// Keeps what would be written, and finds what the store would find within the sample.
class Collector final : public RowWriter {
 public:
  Collector(Preview& preview, WriteSpec spec) : preview_(preview), spec_(std::move(spec)) {}

  Result<CommitReport> commit(const Commit& commit, const Lease&) override {
    for (const PreparedBatch* batch : commit.batches) {
      for (const PreparedRow& row : batch->rows) take(commit, *batch, row);
      preview_.rejects.insert(preview_.rejects.end(), batch->rejects.begin(), batch->rejects.end());
    }
    return CommitReport{.job_finished = commit.last};
  }

 private:
  void take(const Commit& commit, const PreparedBatch& batch, const PreparedRow& row) {
    const bool known = !identities_.insert(std::string(row.identity.view())).second;
    for (const UniqueValue& value : row.unique) {
      const bool taken =
          !values_
               .emplace(value.constraint,
                        std::string(reinterpret_cast<const char*>(value.digest.data()), value.digest.size()))
               .second;
      if (!taken || known) continue;
      Issue issue{.code = RejectCode::unique_error};
      issue.field = spec_.unique_constraints.at(value.constraint);
      issue.message =
          "The value of " + issue.field + " may stand only once, and an earlier row of the sample has it.";
      preview_.rejects.push_back(commit.reject_of(batch, row, std::move(issue)));
      return;
    }
    preview_.rows.push_back({row.row_number, row.line, std::string(row.data), known});
  }

  Preview& preview_;
  const WriteSpec spec_;
  std::set<std::string> identities_;
  std::set<std::pair<std::uint32_t, std::string>> values_;
};

}  // namespace

Result<Preview> preview(PreviewQuestion question, std::stop_token stop) {
  ComputePool pool(1);
  const std::uint64_t row_bytes = question.pipeline.source.row_bytes;
  const MemoryPlan memory = TRY(plan_memory(least_memory(row_bytes), 1, row_bytes));
  question.pipeline.source.window_bytes = memory.window_bytes;
  Input input;
  input.name = question.name;
  input.size = question.sample.size();
  input.opener = [&question](std::uint64_t offset) -> Result<std::unique_ptr<ByteSource>> {
    return std::make_unique<TextSource>(question.sample, offset);
  };
  const PlanOptions options{.infer_schema = question.infer, .splitting = Splitting::whole};
  PlannedJob planned = TRY(plan_job(std::move(question.pipeline), input, options, pool, memory, stop));
  Preview made;
  made.plan = std::move(planned.plan);
  auto pipeline = TRY(Pipeline::compile(made.plan.pipeline, {}));
  auto format = make_format(made.plan.read);
  Collector collector(made, pipeline->write_spec());
  SplitTask task{made.plan.read, *format, input.opener, *pipeline, planned.splits.front(), true, {}};
  task.row_limit = question.most_rows;
  task.resumable = false;
  (void)TRY(run_split(task, collector, Lease(), pool, memory, {}, stop));
  std::ranges::sort(made.rejects, {}, &RejectedRow::row_number);
  return made;
}

}  // namespace sluice
