#include "adapters/store_postgres_rows.h"

#include <algorithm>
#include <latch>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "adapters/pg_binary.h"
#include "adapters/store_postgres_aggregates.h"
#include "adapters/store_postgres_dataset.h"
#include "adapters/store_postgres_job_row.h"
#include "adapters/store_postgres_jobs.h"
#include "adapters/store_postgres_lane.h"
#include "adapters/store_postgres_target.h"

namespace sluice {
namespace {

constexpr int kMostGroupRedos = 3;  // each waits as long as for any lock

PgParams& add_counts(PgParams& params, const RowCounts& counts) {
  return params.whole(counts.read)
      .whole(counts.inserted)
      .whole(counts.updated)
      .whole(counts.duplicate)
      .whole(counts.rejected);
}

// What a lane beside the main one has done past the split's checkpoint.
struct LaneProgress {
  std::uint64_t until_row = 0, first_row = 0;
  std::string outcomes;
};

class PostgresRowWriter final : public RowWriter {
 public:
  PostgresRowWriter(PgPool& pool, const WriteSpec& spec, const PostgresOptions& options)
      : pool_(pool), spec_(spec), options_(options) {}

  Result<> prepare();
  Result<CommitReport> commit(const Commit& commit, const Lease& lease) override;

 private:
  // A lane's share of the commit under way.
  struct Share {
    std::vector<RowEntry> entries;
    std::vector<std::uint32_t> places;  // of each in entries_
  };

  Result<PostgresDataset> find_dataset(PgConnection& connection);
  Result<CommitReport> try_commit(const Commit& commit, const Lease& lease);
  unsigned lanes_of_commit() const;
  Result<> connect(const Lease& lease);
  Result<> see_off_old_sessions(const Lease& lease);
  Result<bool> took_place(const Commit& commit, const Lease& lease);
  Result<CommitReport> report_of_done(const Commit& commit, const Lease& lease);
  Result<> load_progress(const Lease& lease);
  Result<> set_aside_corrected();
  unsigned lane_of(const RowEntry& entry, unsigned lanes) const;
  void share_out(unsigned lanes);
  Result<> run_side_lane(unsigned lane, unsigned lanes, const Commit& commit, const Lease& lease,
                         std::latch& begun);
  Result<> run_main_lane(unsigned lanes, const Commit& commit, const Lease& lease);
  Result<> resolve();
  Result<CommittedRows> write_outcomes(const Lease& lease);
  Result<> write_checkpoint(const Commit& commit, const Lease& lease, const RowCounts& counts);
  Result<CommitReport> finish(const Commit& commit, const CommittedRows& rows);
  std::string too_many(const RowCounts& job) const;
  PgConnection& main() { return lanes_.front()->connection(); }

  PgPool& pool_;
  const WriteSpec spec_;
  const PostgresOptions options_;
  PostgresDataset dataset_;
  std::vector<std::unique_ptr<PostgresLane>> lanes_;
  std::vector<LaneProgress> progress_;  // per lane; the main one's is the checkpoint
  bool progress_loaded_ = false;
  bool groups_busy_ = false;       // a try failed over them
  bool lost_ = false;              // a connection, in the middle of a try
  std::vector<RowEntry> entries_;  // of the commit under way, in the order of the file
  std::vector<Share> shares_;
};

Result<PostgresDataset> PostgresRowWriter::find_dataset(PgConnection& connection) {
  if (!spec_.target.name.empty()) TRY(make_postgres_target(connection, spec_.target));
  const char* find = "SELECT id FROM datasets WHERE tenant = $1 AND pipeline = $2";
  PgParams names;
  names.text(spec_.tenant).text(spec_.pipeline);
  auto found = TRY(connection.query(find, names));
  if (found.rows() == 0) {
    TRY(connection.query("INSERT INTO datasets (tenant, pipeline) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                         names));
    found = TRY(connection.query(find, names));
  }
  auto state =
      TRY(connection.query("SELECT coalesce(root_sequence, sequence), row_security_active('ingested_data'), "
                           "(SELECT relkind = 'p' FROM pg_class WHERE oid = 'ingested_data'::regclass) "
                           "FROM ingestion_jobs WHERE id = $1",
                           PgParams().text(spec_.job_id)));
  if (found.rows() == 0 || state.rows() == 0)
    return fail(ErrorKind::not_found, "there is no job " + spec_.job_id + " in this store.");
  PostgresDataset dataset{.id = static_cast<std::int32_t>(found.integer(0, 0)),
                          .root_sequence = state.integer(0, 0),
                          .row_security = state.yes(0, 1)};
  if (!spec_.aggregates.empty())
    TRY(PostgresAggregates::declare(connection, dataset.id, spec_.tenant, spec_.pipeline, spec_.aggregates));
  if (state.yes(0, 2)) dataset.within = " AND d.id " + postgres_ids_of_dataset(dataset.id);
  return dataset;
}

Result<> PostgresRowWriter::prepare() {
  auto dataset =
      pool_.transact<PostgresDataset>([&](PgConnection& connection) { return find_dataset(connection); });
  if (!dataset) return std::unexpected(std::move(dataset).error());
  dataset_ = *dataset;
  // What is decided row by row over all rows of a commit is written by one session.
  const bool whole = !spec_.unique_constraints.empty() || spec_.resolves_job_id;
  const unsigned lanes = whole ? 1 : std::clamp(options_.lanes, 1u, kPostgresSlots);
  for (unsigned lane = 0; lane < lanes; ++lane)
    lanes_.push_back(std::make_unique<PostgresLane>(lane, pool_, spec_, dataset_));
  progress_.resize(lanes);
  return {};
}

Result<CommitReport> PostgresRowWriter::commit(const Commit& commit, const Lease& lease) {
  if (lease.job_id != spec_.job_id)
    return fail(ErrorKind::internal,
                "the lease of job " + lease.job_id + " was given to the writer of job " + spec_.job_id + ".");
  if (lease.split_number == kPlanningSplit)
    return fail(ErrorKind::internal,
                "rows were written under the lease of the planning of job " + spec_.job_id + ".");
  PgBackoff backoff(options_.patience);
  for (int redos = 0;;) {
    entries_ = entries_of(commit);
    auto report = try_commit(commit, lease);
    if (report) {
      if (report->over_max_rejects && !report->job_finished)
        TRY(PostgresJobStore(pool_).end(spec_.job_id, JobStatus::failed, too_many(report->job)));
      report->job_finished = report->job_finished && !report->over_max_rejects;
    }
    bool lost = false;
    for (unsigned lane = 0; lane < lanes_of_commit(); ++lane)
      lost = lost || (!report && !lanes_[lane]->connected());
    lost_ = lost_ || lost;
    for (auto& lane : lanes_) {
      lane->rollback();
      lane->forget();
    }
    if (!report) progress_loaded_ = false;
    entries_.clear();
    shares_.clear();
    // Others held groups of the aggregates for long: all of it is undone, and done again.
    const bool again = !report && std::exchange(groups_busy_, false) && report.error().retryable;
    if (again && ++redos < kMostGroupRedos) continue;
    if (report || !lost || !report.error().retryable || !backoff.wait()) return report;
  }
}

unsigned PostgresRowWriter::lanes_of_commit() const {
  return entries_.size() < options_.lane_rows ? 1 : static_cast<unsigned>(lanes_.size());
}

// The lanes of the commit, and what they have to know of earlier tries.
Result<> PostgresRowWriter::connect(const Lease& lease) {
  for (unsigned lane = 0; lane < lanes_of_commit(); ++lane) TRY(lanes_[lane]->connect());
  if (lost_) TRY(see_off_old_sessions(lease));
  lost_ = false;
  if (!progress_loaded_) TRY(load_progress(lease));
  return {};
}

// A session outlives its connection for a while. Where a COMMIT was under way in it, it may be at it still
// (waiting for a synchronous standby, say): whoever has the split for itself has waited for that. What holds
// locks for nobody is ended.
Result<> PostgresRowWriter::see_off_old_sessions(const Lease& lease) {
  if (std::ranges::any_of(lanes_, [](const auto& lane) { return lane->uncertain(); })) {
    auto transaction = TRY(PgTransaction::begin(main()));
    auto alone =
        main().query("SELECT 1 FROM ingestion_splits WHERE job_id = $1 AND split_number = $2 FOR UPDATE",
                     PgParams().text(lease.job_id).whole(lease.split_number));
    if (!alone && !main().fault().is("55P03")) return std::unexpected(std::move(alone).error());
  }
  return end_postgres_sessions(main(), postgres_session_name(lease), PgEnd::wait);
}

Result<CommitReport> PostgresRowWriter::try_commit(const Commit& commit, const Lease& lease) {
  TRY(connect(lease));
  const unsigned lanes = lanes_of_commit();
  if (lanes_.front()->uncertain() && TRY(took_place(commit, lease))) return report_of_done(commit, lease);
  for (auto& lane : lanes_) lane->settle();
  share_out(lanes);
  std::vector<Result<>> results(lanes);
  {
    // The main lane ends after the others. Behind a pooler it must not hold the connection that they wait
    // for, so it begins after them, too.
    std::latch begun(lanes - 1);
    std::vector<std::jthread> threads;
    for (unsigned lane = 1; lane < lanes; ++lane)
      threads.emplace_back([&, lane] { results[lane] = run_side_lane(lane, lanes, commit, lease, begun); });
    begun.wait();
    results[0] = run_main_lane(lanes, commit, lease);
  }
  for (Result<>& result : results) TRY(std::move(result));
  for (const Share& share : shares_)
    for (std::size_t i = 0; i < share.entries.size(); ++i)
      entries_[share.places[i]].outcome = share.entries[i].outcome;
  if (spec_.resolves_job_id) TRY(resolve());
  for (RowEntry& entry : entries_) {
    if (!entry.reject || entry.outcome != Outcome::none) continue;
    entry.outcome = Outcome::rejected;
    lanes_.front()->reject(*entry.reject);
  }
  TRY(lanes_.front()->write_rejects());
  const CommittedRows rows = TRY(write_outcomes(lease));
  TRY(write_checkpoint(commit, lease, rows.counts));
  CommitReport report = TRY(finish(commit, rows));
  auto applied = lanes_.front()->apply_aggregates();
  groups_busy_ = !applied && lanes_.front()->connected();
  TRY(std::move(applied));
  TRY(lanes_.front()->commit());
  return report;
}

// The connection broke during COMMIT: is the checkpoint where this commit puts it, under the same lease?
Result<bool> PostgresRowWriter::took_place(const Commit& commit, const Lease& lease) {
  const Position& position = commit.checkpoint.position;
  auto found = TRY(main().query(
      "SELECT 1 FROM ingestion_splits WHERE job_id = $1 AND split_number = $2 AND lease_epoch = $3 AND "
      "checkpoint_offset = $4 AND checkpoint_row = $5 AND checkpoint_line = $6 AND checkpoint_digest = $7 "
      "AND (NOT $8 OR status = 'COMPLETED')",
      PgParams()
          .text(lease.job_id)
          .whole(lease.split_number)
          .whole(lease.epoch)
          .whole(position.offset)
          .whole(position.row)
          .whole(position.line)
          .text(commit.checkpoint.digest)
          .boolean(commit.last)));
  return found.rows() == 1;
}

// The commit took place all the same: what it did stands in the outcomes.
Result<CommitReport> PostgresRowWriter::report_of_done(const Commit& commit, const Lease& lease) {
  CommitReport report;
  if (!entries_.empty()) {
    auto found =
        TRY(main().query("SELECT first_row, runs FROM row_outcomes WHERE job_id = $1 AND first_row = $2",
                         PgParams().text(lease.job_id).whole(entries_.front().row_number()), true));
    if (found.rows() == 1)
      for (const RowEntry& entry : entries_)
        report.batch.add(outcome_in(found.text(0, 1), static_cast<std::uint64_t>(found.binary_integer(0, 0)),
                                    entry.row_number()));
  }
  Job job = TRY(PostgresJobStore(pool_).get(spec_.job_id));
  report.job = job.counts;
  report.job_finished = commit.last && job.status != JobStatus::processing;
  report.over_max_rejects = spec_.max_rejects && job.counts.rejected > *spec_.max_rejects;
  return report;
}

Result<> PostgresRowWriter::load_progress(const Lease& lease) {
  auto found =
      TRY(main().query("SELECT lane::bigint, until_row, first_row, outcomes FROM ingestion_lanes WHERE "
                       "job_id = $1 AND split_number = $2",
                       PgParams().text(lease.job_id).whole(lease.split_number), true));
  for (LaneProgress& progress : progress_) progress = {};
  for (int row = 0; row < found.rows(); ++row) {
    auto lane = static_cast<std::size_t>(found.binary_integer(row, 0));
    if (lane >= progress_.size())
      return fail(ErrorKind::usage, "this job was begun with more sessions per commit; go on with at least " +
                                        std::to_string(lane + 1) + " of them.");
    progress_[lane] = {static_cast<std::uint64_t>(found.binary_integer(row, 1)),
                       static_cast<std::uint64_t>(found.binary_integer(row, 2)),
                       std::string(found.text(row, 3))};
  }
  progress_loaded_ = true;
  return {};
}

unsigned PostgresRowWriter::lane_of(const RowEntry& entry, unsigned lanes) const {
  return entry.row ? slot_of(spec_, *entry.row) * lanes / kPostgresSlots : 0;
}

void PostgresRowWriter::share_out(unsigned lanes) {
  shares_.assign(lanes, {});
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    RowEntry& entry = entries_[i];
    if (!entry.row) continue;
    // What a lane did before the main one failed to follow stays done, however many lanes there are now.
    const LaneProgress& done = progress_[lane_of(entry, static_cast<unsigned>(progress_.size()))];
    if (entry.row_number() < done.until_row)
      entry.outcome = outcome_in(done.outcomes, done.first_row, entry.row_number());
    Share& share = shares_[lane_of(entry, lanes)];
    share.entries.push_back(entry);
    share.places.push_back(i);
  }
}

Result<> PostgresRowWriter::run_side_lane(unsigned lane_number, unsigned lanes, const Commit& commit,
                                          const Lease& lease, std::latch& begun) {
  PostgresLane& lane = *lanes_[lane_number];
  bool told = false;
  auto tell = [&] {
    if (!std::exchange(told, true)) begun.count_down();
  };
  Share& share = shares_[lane_number];
  const bool nothing_new = std::ranges::none_of(
      share.entries, [](const RowEntry& entry) { return entry.outcome == Outcome::none; });
  if (nothing_new) {
    tell();
    return {};
  }
  const std::uint64_t until = commit.checkpoint.position.row;
  auto once = [&]() -> Result<> {
    auto guarded = lane.begin(lease);
    tell();
    TRY(std::move(guarded));
    TRY(lane.lock_slots(lane_number * kPostgresSlots / lanes, (lane_number + 1) * kPostgresSlots / lanes,
                        PostgresLane::SlotLock::alone));
    TRY(lane.store(share.entries, commit));
    TRY(lane.write_rejects());
    EntryOutcomes outcomes = outcomes_of(share.entries);
    TRY(lane.note_progress(lease, until, outcomes.runs));
    TRY(lane.apply_aggregates());
    TRY(lane.commit());
    progress_[lane_number] = {until, outcomes.runs.first_row(), outcomes.runs.encoded()};
    return {};
  };
  for (;;) {
    auto done = once();
    if (done || !lane.connected() || !lane.may_redo()) return lane.ended(std::move(done));
  }
}

Result<> PostgresRowWriter::run_main_lane(unsigned lanes, const Commit& commit, const Lease& lease) {
  PostgresLane& lane = *lanes_.front();
  Share& share = shares_.front();
  auto once = [&]() -> Result<> {
    TRY(lane.begin(lease));
    if (spec_.resolves_job_id) TRY(set_aside_corrected());
    TRY(lane.lock_slots(0, kPostgresSlots / lanes,
                        entries_.size() < options_.lane_rows && !lane.wants_to_be_alone()
                            ? PostgresLane::SlotLock::shared
                            : PostgresLane::SlotLock::alone));
    return lane.store(share.entries, commit);
  };
  for (;;) {
    auto done = once();
    if (done || !lane.connected() || !lane.may_redo()) return lane.ended(std::move(done));
  }
}

// A resubmission: a row that is no open reject of the job it corrects has been corrected already, and must
// not come in a second time, whatever its content. The open ones are locked, so that of two resubmissions at
// once one comes first.
Result<> PostgresRowWriter::set_aside_corrected() {
  PgArray rows(PgType::int8);
  for (const RowEntry& entry : entries_) rows.next().int8(static_cast<std::int64_t>(entry.row_number()));
  auto found = TRY(main().query(
      "SELECT row_number FROM validation_errors WHERE job_id = $1 AND row_number = ANY($2) AND resolved_by "
      "IS NULL "
      "ORDER BY row_number, id FOR UPDATE",
      PgParams().text(*spec_.resolves_job_id).binary(rows.take(), static_cast<Oid>(PgArrayType::int8)),
      true));
  std::unordered_set<std::uint64_t> open, seen;
  for (int row = 0; row < found.rows(); ++row)
    open.insert(static_cast<std::uint64_t>(found.binary_integer(row, 0)));
  auto set_aside = [](RowEntry& entry) {
    entry.outcome = Outcome::duplicate;
    entry.set_aside = true;
  };
  for (RowEntry& entry : entries_) {
    if (entry.outcome == Outcome::duplicate) continue;  // a redo
    if (!open.contains(entry.row_number()) || (entry.row && !seen.insert(entry.row_number()).second))
      set_aside(entry);
  }
  Share& share = shares_.front();
  for (std::size_t i = 0; i < share.entries.size(); ++i)
    if (entries_[share.places[i]].set_aside) set_aside(share.entries[i]);
  return {};
}

// A reject is resolved by the row that passes, wherever in the chain of resubmissions it was rejected; one
// that is rejected once more stays open, so that any of the reports can be corrected and sent.
Result<> PostgresRowWriter::resolve() {
  PgArray rows(PgType::int8);
  for (const RowEntry& entry : entries_)
    if (entry.row && !entry.set_aside && entry.outcome != Outcome::rejected)
      rows.next().int8(static_cast<std::int64_t>(entry.row_number()));
  if (rows.count() == 0) return {};
  TRY(
      main().query("UPDATE validation_errors SET resolved_by = $3::uuid WHERE row_number = ANY($2) AND "
                   "resolved_by IS NULL AND "
                   "job_id IN (SELECT id FROM ingestion_jobs WHERE root_job_id = $1::uuid)",
                   PgParams()
                       .text(spec_.root_job_id)
                       .binary(rows.take(), static_cast<Oid>(PgArrayType::int8))
                       .text(spec_.job_id)));
  return {};
}

Result<CommittedRows> PostgresRowWriter::write_outcomes(const Lease& lease) {
  const auto [counts, runs] = outcomes_of(entries_);
  const CommittedRows rows{lease.split_number, runs.first_row(), runs.last_row(), counts};
  if (runs.empty()) return rows;
  TRY(main().query(
      "INSERT INTO row_outcomes (job_id, first_row, last_row, runs) VALUES ($1, $2, $3, $4)",
      PgParams().text(spec_.job_id).whole(runs.first_row()).whole(runs.last_row()).bytes(runs.encoded())));
  return rows;
}

Result<> PostgresRowWriter::write_checkpoint(const Commit& commit, const Lease& lease,
                                             const RowCounts& counts) {
  const Position& position = commit.checkpoint.position;
  PgParams params;
  params.text(lease.job_id).whole(lease.split_number);
  params.whole(position.offset).whole(position.row).whole(position.line).text(commit.checkpoint.digest);
  add_counts(params, counts).boolean(commit.last);
  if (commit.last && commit.end)
    params.whole(commit.end->offset).whole(commit.end->row).whole(commit.end->line);
  else
    params.null().null().null();
  // A commit is a sign of life as well: it extends the lease.
  TRY(main().query(
      "UPDATE ingestion_splits SET checkpoint_offset = $3, checkpoint_row = $4, checkpoint_line = $5, "
      "checkpoint_digest = $6, rows_read = rows_read + $7, rows_inserted = rows_inserted + $8, rows_updated "
      "= "
      "rows_updated + $9, rows_duplicate = rows_duplicate + $10, rows_rejected = rows_rejected + $11, "
      "status = CASE WHEN $12 THEN 'COMPLETED' ELSE status END, end_offset = coalesce($13, end_offset), "
      "end_row = coalesce($14, end_row), end_line = coalesce($15, end_line), attempts_in_vain = 0, "
      "lease_owner = CASE WHEN $12 THEN '' ELSE lease_owner END, "
      "lease_until = CASE WHEN $12 THEN '-infinity' ELSE greatest(lease_until, clock_timestamp() + "
      "lease_duration) "
      "END WHERE job_id = $1 AND split_number = $2",
      params));
  return {};
}

std::string PostgresRowWriter::too_many(const RowCounts& job) const {
  return "more than " + std::to_string(*spec_.max_rejects) + " rows were rejected (" +
         std::to_string(job.rejected) + " of " + std::to_string(job.read) +
         " read). Correct the file or the pipeline, or raise max_rejects.";
}

Result<CommitReport> PostgresRowWriter::finish(const Commit& commit, const CommittedRows& rows) {
  CommitReport report;
  report.batch = rows.counts;
  std::uint64_t open_splits = 1;
  if (commit.last) {
    // Locks the job, so that of two splits that end at once the second sees what the first has done.
    auto open =
        TRY(main().query("UPDATE ingestion_jobs SET open_splits = open_splits - 1 WHERE id = $1 AND status = "
                         "'PROCESSING' RETURNING "
                         "open_splits",
                         PgParams().text(spec_.job_id)));
    if (open.rows() == 0) return fail(ErrorKind::conflict, "job " + spec_.job_id + " has ended.");
    open_splits = open.whole(0, 0);
  }
  report.job = TRY(sum_up_and_tell_postgres(main(), spec_, rows));
  report.over_max_rejects = spec_.max_rejects && report.job.rejected > *spec_.max_rejects;
  report.job_finished = open_splits == 0;
  if (report.job_finished)
    TRY(write_postgres_job_end(main(), spec_.job_id,
                               report.over_max_rejects ? JobStatus::failed : JobStatus::completed,
                               report.over_max_rejects ? too_many(report.job) : ""));
  return report;
}

}  // namespace

Result<std::unique_ptr<RowWriter>> open_postgres_row_writer(PgPool& pool, const WriteSpec& spec,
                                                            const PostgresOptions& options) {
  auto writer = std::make_unique<PostgresRowWriter>(pool, spec, options);
  TRY(writer->prepare());
  return writer;
}

}  // namespace sluice
