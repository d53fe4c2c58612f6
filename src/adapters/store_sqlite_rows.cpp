#include "adapters/store_sqlite_rows.h"

#include <algorithm>
#include <unordered_set>

#include "adapters/job_events.h"
#include "adapters/store_sqlite_identity.h"
#include "adapters/store_sqlite_job_row.h"
#include "base/uuid.h"

namespace sluice {
namespace {

// The split as the transaction finds it.
struct SplitState {
  RowCounts split, job;
  std::uint64_t open_splits = 0;
};

void bind_counts(SqliteStatement& statement, int first, const RowCounts& counts) {
  for (std::uint64_t count :
       {counts.read, counts.inserted, counts.updated, counts.duplicate, counts.rejected})
    statement.bind(first++, count);
}

class SqliteRowWriter final : public RowWriter {
 public:
  SqliteRowWriter(SqliteDatabase& database, const WriteSpec& spec) : database_(database), spec_(spec) {}
  ~SqliteRowWriter() override {
    auto pass = database_.gate.control();  // statements belong to the connection
    work_.reset();
  }

  Result<> prepare();
  Result<CommitReport> commit(const Commit& commit, const Lease& lease) override;

 private:
  Result<CommitReport> commit_guarded(const Commit& commit, const Lease& lease);
  Result<SplitState> guard(const Lease& lease);
  Result<> set_aside_corrected();
  Result<> resolve();
  Result<> write_reject(const RejectedRow& row);
  Result<> write_rejects();
  Result<CommittedRows> write_outcomes(const Lease& lease);
  Result<> write_checkpoint(const Commit& commit, const Lease& lease, const RowCounts& counts);
  Result<> write_event(const CommittedRows& rows, const RowCounts& job);
  Result<CommitReport> finish(const Commit& commit, const SplitState& before, const CommittedRows& rows);

  // All prepared statements: made anew after a failed commit, which may have left them anywhere.
  struct Work {
    std::unique_ptr<SqliteRowTable> rows;
    SqliteStatement guard, reject, is_open, resolve, outcomes, checkpoint, job, event;
  };

  SqliteDatabase& database_;
  const WriteSpec spec_;
  std::optional<Work> work_;
  std::vector<RowEntry> entries_;  // of the commit under way, in the order of the file
  std::string now_text_;
};

Result<> SqliteRowWriter::prepare() {
  auto sql = [&](std::string_view text) { return SqliteStatement::prepare(database_.writer, text); };
  Work work;
  work.rows = TRY(SqliteRowTable::open(database_.writer, spec_));
  work.guard = TRY(sql(
      "SELECT s.lease_epoch, s.status, j.status, j.open_splits, s.rows_read, s.rows_inserted, "
      "s.rows_updated, "
      "s.rows_duplicate, s.rows_rejected, j.rows_read, j.rows_inserted, j.rows_updated, j.rows_duplicate, "
      "j.rows_rejected FROM ingestion_splits s JOIN ingestion_jobs j ON j.id = s.job_id "
      "WHERE s.job_id = ?1 AND s.split_number = ?2"));
  work.reject = TRY(
      sql("INSERT INTO validation_errors (job_id, row_number, line, field, field_number, code, "
          "\"constraint\", message, "
          "value, raw, suggestion, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"));
  work.is_open =
      TRY(sql("SELECT 1 FROM validation_errors WHERE job_id = ?1 AND row_number = ?2 AND resolved_by IS NULL "
              "LIMIT 1"));
  work.resolve =
      TRY(sql("UPDATE validation_errors SET resolved_by = ?3 WHERE row_number = ?2 AND resolved_by IS NULL "
              "AND job_id IN (SELECT id FROM ingestion_jobs WHERE root_job_id = ?1)"));
  work.outcomes =
      TRY(sql("INSERT INTO row_outcomes (job_id, first_row, last_row, runs) VALUES (?1, ?2, ?3, ?4)"));
  // A commit is a sign of life as well: it extends the lease.
  work.checkpoint = TRY(
      sql("UPDATE ingestion_splits SET checkpoint_offset = ?3, checkpoint_row = ?4, checkpoint_line = ?5, "
          "checkpoint_digest = ?6, rows_read = rows_read + ?7, rows_inserted = rows_inserted + ?8, "
          "rows_updated = rows_updated + ?9, rows_duplicate = rows_duplicate + ?10, rows_rejected = "
          "rows_rejected + ?11, "
          "status = CASE WHEN ?12 THEN 'COMPLETED' ELSE status END, end_offset = coalesce(?13, end_offset), "
          "end_row = coalesce(?14, end_row), end_line = coalesce(?15, end_line), attempts_in_vain = 0, "
          "lease_owner = CASE WHEN ?12 THEN '' ELSE lease_owner END, "
          "lease_until = CASE WHEN ?12 THEN 0 ELSE max(lease_until, ?16 + lease_ms) END "
          "WHERE job_id = ?1 AND split_number = ?2"));
  work.job = TRY(sql(
      "UPDATE ingestion_jobs SET rows_read = ?2, rows_inserted = ?3, rows_updated = ?4, rows_duplicate = ?5, "
      "rows_rejected = ?6, open_splits = ?7 WHERE id = ?1"));
  work.event =
      TRY(sql("INSERT INTO ingestion_events (id, tenant, job_id, pipeline, type, time, data) "
              "VALUES (?1, ?2, ?3, ?4, 'rows.processed', ?5, ?6)"));
  work_ = std::move(work);
  return {};
}

Result<CommitReport> SqliteRowWriter::commit(const Commit& commit, const Lease& lease) {
  auto pass = database_.gate.batch();
  auto report = commit_guarded(commit, lease);
  entries_.clear();
  if (!report) work_.reset();
  return report;
}

Result<CommitReport> SqliteRowWriter::commit_guarded(const Commit& commit, const Lease& lease) {
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  if (!work_) TRY(prepare());
  SplitState before = TRY(guard(lease));
  const std::int64_t now = now_ms();
  now_text_ = rfc3339(now);

  entries_ = entries_of(commit);
  if (spec_.resolves_job_id) TRY(set_aside_corrected());
  auto reject = [&](RowEntry& entry, Issue issue) -> Result<> {
    entry.outcome = Outcome::rejected;
    return write_reject(commit.reject_of(*entry.batch, *entry.row, std::move(issue)));
  };
  TRY(work_->rows->store(entries_, now, reject));
  if (spec_.resolves_job_id) TRY(resolve());
  TRY(write_rejects());
  const CommittedRows rows = TRY(write_outcomes(lease));
  TRY(write_checkpoint(commit, lease, rows.counts));
  CommitReport report = TRY(finish(commit, before, rows));
  TRY(transaction.commit());
  return report;
}

Result<SplitState> SqliteRowWriter::guard(const Lease& lease) {
  auto& select = work_->guard;
  select.bind(1, lease.job_id);
  select.bind(2, std::uint64_t{lease.split_number});
  const std::string split = "split " + std::to_string(lease.split_number) + " of job " + lease.job_id;
  if (lease.job_id != spec_.job_id)
    return fail(ErrorKind::internal,
                "the lease of " + split + " was given to the writer of job " + spec_.job_id + ".");
  if (lease.split_number == kPlanningSplit)
    return fail(ErrorKind::internal,
                "rows were written under the lease of the planning of job " + spec_.job_id + ".");
  if (!TRY(select.step())) return fail(ErrorKind::conflict, "there is no " + split + " any more.");
  if (select.text(2) != "PROCESSING")
    return fail(ErrorKind::conflict,
                "job " + lease.job_id + " has ended: it is " + std::string(select.text(2)) + ".");
  if (select.text(1) == "COMPLETED") return fail(ErrorKind::conflict, split + " is done.");
  if (select.whole(0) != lease.epoch)
    return fail(ErrorKind::conflict, "the lease of " + split + " is lost: another worker has it.");
  SplitState state{sqlite_counts_at(select, 4), sqlite_counts_at(select, 9), select.whole(3)};
  select.reset();
  return state;
}

// A resubmission: a row that is no open reject of the job it corrects has been corrected already, and must
// not come in a second time, whatever its content.
Result<> SqliteRowWriter::set_aside_corrected() {
  std::unordered_set<std::uint64_t> seen;
  work_->is_open.bind(1, *spec_.resolves_job_id);
  for (RowEntry& entry : entries_) {
    work_->is_open.bind(2, entry.row_number());
    const bool open = TRY(work_->is_open.step());
    work_->is_open.reset();
    if (!open || (entry.row && !seen.insert(entry.row_number()).second)) {
      entry.outcome = Outcome::duplicate;
      entry.set_aside = true;
    }
  }
  return {};
}

// A reject is resolved by the row that passes, wherever in the chain of resubmissions it was rejected; one
// that is rejected once more stays open, so that any of the reports can be corrected and sent.
Result<> SqliteRowWriter::resolve() {
  work_->resolve.bind(1, spec_.root_job_id);
  work_->resolve.bind(3, spec_.job_id);
  for (const RowEntry& entry : entries_) {
    if (!entry.row || entry.set_aside || entry.outcome == Outcome::rejected) continue;
    work_->resolve.bind(2, entry.row_number());
    TRY(work_->resolve.run());
  }
  return {};
}

Result<> SqliteRowWriter::write_reject(const RejectedRow& row) {
  auto& insert = work_->reject;
  insert.bind(1, spec_.job_id);
  insert.bind(2, row.row_number);
  if (row.line != 0)
    insert.bind(3, row.line);
  else
    insert.bind_null(3);
  insert.bind_or_null(10, row.raw);
  insert.bind(12, now_text_);
  for (const Issue& issue : row.issues) {
    insert.bind_or_null(4, issue.field);
    if (issue.field_number != 0)
      insert.bind(5, std::uint64_t{issue.field_number});
    else
      insert.bind_null(5);
    insert.bind(6, name_of(issue.code));
    insert.bind_or_null(7, issue.constraint);
    insert.bind(8, issue.message);
    insert.bind(9, issue.value);
    insert.bind_or_null(11, issue.suggestion);
    TRY(insert.run());
  }
  return {};
}

Result<> SqliteRowWriter::write_rejects() {
  for (RowEntry& entry : entries_) {
    if (!entry.reject || entry.outcome != Outcome::none) continue;
    entry.outcome = Outcome::rejected;
    TRY(write_reject(*entry.reject));
  }
  return {};
}

Result<CommittedRows> SqliteRowWriter::write_outcomes(const Lease& lease) {
  const auto [counts, runs] = outcomes_of(entries_);
  const CommittedRows rows{lease.split_number, runs.first_row(), runs.last_row(), counts};
  if (runs.empty()) return rows;
  auto& insert = work_->outcomes;
  std::string encoded = runs.encoded();
  insert.bind(1, spec_.job_id);
  insert.bind(2, runs.first_row());
  insert.bind(3, runs.last_row());
  insert.bind_blob(4, encoded);
  TRY(insert.run());
  return rows;
}

Result<> SqliteRowWriter::write_checkpoint(const Commit& commit, const Lease& lease,
                                           const RowCounts& counts) {
  auto& update = work_->checkpoint;
  update.bind(1, lease.job_id);
  update.bind(2, std::uint64_t{lease.split_number});
  update.bind(3, commit.checkpoint.position.offset);
  update.bind(4, commit.checkpoint.position.row);
  update.bind(5, commit.checkpoint.position.line);
  update.bind(6, commit.checkpoint.digest);
  bind_counts(update, 7, counts);
  update.bind(12, std::int64_t{commit.last});
  if (commit.last && commit.end) {
    update.bind(13, commit.end->offset);
    update.bind(14, commit.end->row);
    update.bind(15, commit.end->line);
  } else {
    for (int i = 13; i <= 15; ++i) update.bind_null(i);
  }
  update.bind(16, now_ms());
  return update.run();
}

Result<> SqliteRowWriter::write_event(const CommittedRows& rows, const RowCounts& job) {
  const std::string id = new_uuid(), data = rows_processed_json_head(rows) + counts_json(job) + "}";
  auto& insert = work_->event;
  insert.bind(1, id);
  insert.bind(2, spec_.tenant);
  insert.bind(3, spec_.job_id);
  insert.bind(4, spec_.pipeline);
  insert.bind(5, now_text_);
  insert.bind(6, data);
  return insert.run();
}

Result<CommitReport> SqliteRowWriter::finish(const Commit& commit, const SplitState& before,
                                             const CommittedRows& rows) {
  CommitReport report;
  report.batch = rows.counts;
  report.job = before.job;
  report.job += rows.counts;
  std::uint64_t open_splits = before.open_splits - (commit.last ? 1 : 0);
  auto& update = work_->job;
  update.bind(1, spec_.job_id);
  bind_counts(update, 2, report.job);
  update.bind(7, open_splits);
  TRY(update.run());
  if (rows.counts.read != 0) TRY(write_event(rows, report.job));
  if (spec_.max_rejects && report.job.rejected > *spec_.max_rejects) {
    report.over_max_rejects = true;
    TRY(end_sqlite_job(
        database_.writer, spec_.job_id, JobStatus::failed,
        "more rows were rejected than max_rejects allows: " + std::to_string(report.job.rejected) +
            " of the " + std::to_string(report.job.read) + " read so far, where it allows " +
            std::to_string(*spec_.max_rejects) +
            " in all. Correct the file or the pipeline, or raise max_rejects."));
  } else if (open_splits == 0) {
    report.job_finished = true;
    TRY(end_sqlite_job(database_.writer, spec_.job_id, JobStatus::completed, ""));
  }
  return report;
}

}  // namespace

Result<std::unique_ptr<RowWriter>> open_sqlite_row_writer(SqliteDatabase& database, const WriteSpec& spec) {
  auto writer = std::make_unique<SqliteRowWriter>(database, spec);
  auto pass = database.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database.writer));
  if (!spec.target.name.empty()) TRY(make_sqlite_target(database.writer, spec.target));
  TRY(writer->prepare());
  TRY(transaction.commit());
  return writer;
}

}  // namespace sluice
