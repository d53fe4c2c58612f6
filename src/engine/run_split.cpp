#include "engine/run_split.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "engine/batch_size.h"
#include "engine/ordered_chunks.h"
#include "formats/xlsx_format.h"

namespace sluice {
namespace {

// A chunk after its whole way through a compute thread.
struct WorkedChunk {
  std::vector<PreparedBatch> batches;
  std::optional<Error> broken;  // the input ends in error after these rows
  std::uint64_t rows = 0, bytes = 0;
};

// --limit: forgets the rows after the last wanted one.
void keep_until(std::uint64_t row_limit, PreparedBatch& batch) {
  std::erase_if(batch.rows, [&](const PreparedRow& row) { return row.row_number > row_limit; });
  std::erase_if(batch.rejects, [&](const RejectedRow& row) { return row.row_number > row_limit; });
}

// In a spreadsheet people look for B17, not for a column's number and a line.
void say_place(const SheetPlan& sheet, std::uint64_t line, Issue& issue) {
  std::string& message = issue.message;
  if (message.ends_with(kDelimiterHint)) {
    message.resize(message.size() - kDelimiterHint.size());
    message += "; does a column have no name in the header?";
  }
  message.insert(0, place_in_sheet(sheet, line, issue.field_number) + ": ");
}
void say_places(const SheetPlan& sheet, PreparedBatch& batch) {
  for (RejectedRow& reject : batch.rejects)
    for (Issue& issue : reject.issues) say_place(sheet, reject.line, issue);
}

// parse -> transform -> validate -> hash, on one thread in one go: warm cache, no hand-over per step.
WorkedChunk work_on(const SplitTask& task, Chunk chunk) {
  WorkedChunk worked;
  ParseResult parsed = task.format.parse(std::move(chunk));
  worked.broken = std::move(parsed.broken);
  bool fixed_columns = !task.plan.columns.empty() && !task.restore;
  for (RowBatch& batch : parsed.batches) {
    if (task.restore) batch = task.restore(std::move(batch));
    auto bound = task.pipeline.bind(batch.columns(), fixed_columns);
    if (!bound) {
      worked.broken = std::move(bound).error();
      return worked;
    }
    worked.batches.push_back((*bound)->prepare(std::move(batch)));
    PreparedBatch& prepared = worked.batches.back();
    if (task.plan.format == FormatKind::xlsx) say_places(task.plan.sheet, prepared);
    if (task.row_limit) keep_until(*task.row_limit, prepared);
    if (!task.keep_input) prepared.batch.release_input();
    worked.rows += prepared.rows_read();
    worked.bytes += prepared.bytes() + prepared.rows_read() * kCommitRowBytes;
  }
  return worked;
}

// The rows that wait for the next commit.
class Batch {
 public:
  Batch(const SplitTask& task, RowWriter& writer, const Lease& lease, const MemoryPlan& memory,
        const OnCommit& on_commit, Sha256 digest)
      : task_(task),
        writer_(writer),
        lease_(lease),
        on_commit_(on_commit),
        most_bytes_(memory.batch_bytes),
        size_(memory.batch_rows, !memory.batch_rows_fixed),
        at_{task.split.checkpoint.position, digest},
        committed_until_(at_.end.offset) {}

  void add(WorkedChunk worked, const ChunkEnd& at) {
    rows_ += worked.rows;
    bytes_ += worked.bytes;
    for (PreparedBatch& batch : worked.batches) batches_.push_back(std::move(batch));
    at_ = at;
  }

  std::uint64_t rows() const { return rows_; }
  bool fits(const WorkedChunk& more) const {
    return rows_ == 0 || (rows_ + more.rows <= size_.rows() && bytes_ + more.bytes <= most_bytes_);
  }

  enum class Last : bool { no, yes };
  Result<CommitReport> commit(Last last) {
    std::vector<const PreparedBatch*> batches;
    for (const PreparedBatch& batch : batches_) batches.push_back(&batch);
    Commit commit;
    commit.batches = batches;
    commit.checkpoint = {at_.end, task_.resumable ? to_hex(at_.digest.peek()) : "", {}};
    commit.last = last == Last::yes;
    if (commit.last) commit.end = at_.end;
    commit.raw_of = [this](const PreparedBatch& batch, const PreparedRow& row) {
      auto bound = task_.pipeline.bind(batch.batch.columns(), false);
      return bound ? (*bound)->raw_of(batch.batch, row.batch_row) : std::string();
    };
    if (task_.plan.format == FormatKind::xlsx)
      commit.say_place = [this](const PreparedRow& row, Issue& issue) {
        say_place(task_.plan.sheet, row.line, issue);
      };
    const auto began = std::chrono::steady_clock::now();
    SplitProgress progress;
    progress.report = TRY(writer_.commit(commit, lease_));
    progress.commit = std::chrono::steady_clock::now() - began;
    size_.committed(rows_, std::chrono::steady_clock::now() - began);
    progress.position = at_.end;
    progress.bytes = at_.end.offset - std::exchange(committed_until_, at_.end.offset);
    for (const PreparedBatch& batch : batches_)
      for (const RejectedRow& row : batch.rejects)
        for (const Issue& issue : row.issues) ++progress.issues[issue.code];
    batches_.clear();
    rows_ = bytes_ = 0;
    if (on_commit_) on_commit_(progress);
    return progress.report;
  }

 private:
  const SplitTask& task_;
  RowWriter& writer_;
  const Lease& lease_;
  const OnCommit& on_commit_;
  const std::uint64_t most_bytes_;
  BatchSize size_;
  std::vector<PreparedBatch> batches_;
  ChunkEnd at_;
  std::uint64_t committed_until_;  // offset in the input
  std::uint64_t rows_ = 0, bytes_ = 0;
};

}  // namespace

Result<Sha256> resumed_digest(const ReadPlan& plan, const Opener& opener, const Split& split,
                              std::stop_token stop) {
  if (split.checkpoint.position == split.begin) return Sha256();
  Sha256 digest = TRY(hash_range(plan, opener, split.begin, split.checkpoint.position, stop));
  if (to_hex(digest.peek()) != split.checkpoint.digest)
    return fail(
        ErrorKind::input,
        "the file has changed since it was partly loaded: the bytes before row " +
            std::to_string(split.checkpoint.position.row) +
            " are not what they were. Nothing more was loaded; run the file again to load it as a new job.");
  return digest;
}

Result<SplitEnd> run_split(const SplitTask& task, RowWriter& writer, const Lease& lease, ComputePool& pool,
                           const MemoryPlan& whole_memory, const OnCommit& on_commit, std::stop_token stop) {
  const MemoryPlan memory =
      task.plan.compression == Compression::zstd ? whole_memory.beside_window() : whole_memory;
  std::optional<Sha256> digest;
  if (task.resumable) digest = TRY(resumed_digest(task.plan, task.opener, task.split, stop));
  ReadRange range{task.split.checkpoint.position, task.split.end};
  auto reader =
      TRY(ChunkReader::open(task.plan, task.format, task.opener, range, memory.chunk, digest, stop));
  auto work = [&task](Chunk chunk) { return work_on(task, std::move(chunk)); };
  OrderedChunks<WorkedChunk> chunks(*reader, pool, memory.chunks_in_flight, memory.in_flight_bytes(), work);

  Batch batch(task, writer, lease, memory, on_commit, digest.value_or(Sha256()));
  auto end_with = [&](Error error) -> Result<SplitEnd> {  // what was good before the error is kept
    if (batch.rows() != 0) TRY(batch.commit(Batch::Last::no));
    return std::unexpected(std::move(error));
  };
  for (;;) {
    if (stop.stop_requested()) {
      if (batch.rows() != 0) TRY(batch.commit(Batch::Last::no));
      return SplitEnd::stopped;
    }
    auto next = chunks.next();
    if (!next) return end_with(std::move(next).error());
    if (!*next) break;
    auto& [worked, at] = **next;  // `at`: where the chunk ends
    if (!batch.fits(worked)) {
      CommitReport report = TRY(batch.commit(Batch::Last::no));
      if (report.over_max_rejects) return SplitEnd::over_max_rejects;
    }
    std::optional<Error> broken = std::move(worked.broken);
    batch.add(std::move(worked), at);
    if (broken) return end_with(std::move(*broken));
    if (task.row_limit && at.end.row > *task.row_limit) break;
  }
  CommitReport report = TRY(batch.commit(Batch::Last::yes));
  return report.over_max_rejects ? SplitEnd::over_max_rejects : SplitEnd::done;
}

}  // namespace sluice
