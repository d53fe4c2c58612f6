#include "adapters/store_postgres_lane.h"

#include "adapters/pg_binary.h"
#include "adapters/store_postgres_dataset.h"
#include "adapters/store_postgres_jobs.h"

namespace sluice {
namespace {

// Namespace of the slot locks in pg_locks: "slui".
constexpr const char* kSlotLocks = "1936487785";

// PostgreSQL's text holds no U+0000; the rows that have one are rejected, and shown with the sign for it.
std::string without_nul(std::string_view text) {
  std::string clean;
  for (char c : text) {
    if (c == '\0')
      clean += "\u2400";
    else
      clean += c;
  }
  return clean;
}

void append_text(PgFields& fields, std::string_view text) {
  if (text.find('\0') == std::string_view::npos)
    fields.bytes(text);
  else
    fields.bytes(without_nul(text));
}

void append_text_or_null(PgFields& fields, std::string_view text) {
  if (text.empty())
    fields.null();
  else
    append_text(fields, text);
}

}  // namespace

PostgresLane::~PostgresLane() {
  transaction_.reset();
  if (connection_) pool_.keep(std::move(*connection_));
}

Result<> PostgresLane::connect() {
  if (connected()) return {};
  transaction_.reset();
  if (connection_) pool_.drop_kept();
  connection_.reset();
  connection_.emplace(TRY(pool_.take_own()));
  return {};
}

Result<> PostgresLane::begin(const Lease& lease) {
  rejects_.clear();
  transaction_.reset();
  // What a lane beside the main one commits is durable with the main one's commit, which stands behind it in
  // the log; lost in a crash before that, it is lost together with its note, as if it had not taken place.
  const std::string durable = number_ == 0 ? "" : "SET LOCAL synchronous_commit = off; ";
  // Whatever statistics say of a table that is growing, rows are looked up by their key, in its order; the
  // planner need not look into arrays of many thousand ids for that.
  transaction_.emplace(TRY(PgTransaction::begin(
      *connection_, "SET LOCAL application_name = " + pg_literal(postgres_session_name(lease)) +
                        "; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL "
                        "enable_mergejoin = off; SET LOCAL plan_cache_mode = force_generic_plan; "
                        "SET LOCAL TimeZone = 'UTC'; " +
                        durable + lock_postgres_dataset(dataset_.id, PgDatasetLock::shared))));
  const std::string split = "split " + std::to_string(lease.split_number) + " of job " + lease.job_id;
  auto found = TRY(connection_->query(
      "SELECT s.lease_epoch, s.status, j.status, " + postgres_aggregates_of("$3", "$4") +
          " FROM ingestion_splits s JOIN ingestion_jobs j ON j.id = s.job_id "
          "WHERE s.job_id = $1 AND s.split_number = $2 FOR KEY SHARE OF s",
      PgParams().text(lease.job_id).whole(lease.split_number).text(spec_.tenant).text(spec_.pipeline)));
  if (found.rows() == 0) return fail(ErrorKind::conflict, "there is no " + split + " any more.");
  if (found.text(0, 2) != "PROCESSING")
    return fail(ErrorKind::conflict,
                "job " + lease.job_id + " has ended: it is " + std::string(found.text(0, 2)) + ".");
  if (found.text(0, 1) == "COMPLETED") return fail(ErrorKind::conflict, split + " is done.");
  if (found.whole(0, 0) != lease.epoch)
    return fail(ErrorKind::conflict, "the lease of " + split + " is lost: another worker has it.");
  return load_aggregates(found.text(0, 3));
}

// Whatever the job's plan says of them: what is declared while it runs has its rows, too.
Result<> PostgresLane::load_aggregates(std::string_view declared) {
  if (declared != aggregates_seen_)
    aggregates_ = declared.empty()
                      ? nullptr
                      : TRY(PostgresAggregates::load(*connection_, spec_.tenant, spec_.pipeline));
  aggregates_seen_ = declared;
  table_.add_up(aggregates_ ? &aggregates_->deltas() : nullptr);
  return {};
}

Result<> PostgresLane::apply_aggregates() {
  if (!aggregates_) return {};
  auto applied = aggregates_->apply(*connection_);
  waited_for_groups_ = !applied;
  return applied;
}

Result<> PostgresLane::lock_slots(unsigned first, unsigned end, SlotLock how) {
  if (!table_.wants_slots()) return {};
  std::string locks;
  for (unsigned slot = first; slot < end; ++slot)
    locks += std::string(locks.empty() ? "SELECT " : ", ") + "pg_advisory_xact_lock" +
             (how == SlotLock::shared ? "_shared(" : "(") + kSlotLocks + ", " +
             std::to_string(static_cast<unsigned>(dataset_.id) * kPostgresSlots + slot) + ")";
  return connection_->execute(locks);
}

Result<> PostgresLane::store(std::span<RowEntry> entries, const Commit& commit) {
  return table_.store(*connection_, entries, [&](RowEntry& entry, Issue issue) -> Result<> {
    entry.outcome = Outcome::rejected;
    reject(commit.reject_of(*entry.batch, *entry.row, std::move(issue)));
    return {};
  });
}

void PostgresLane::reject(const RejectedRow& row) {
  for (const Issue& issue : row.issues) {
    constexpr std::uint16_t kColumns = 11;
    append_be16(rejects_, kColumns);
    PgFields fields(rejects_);
    fields.bytes(view(job_id_));
    fields.int8(static_cast<std::int64_t>(row.row_number));
    row.line != 0 ? fields.int8(static_cast<std::int64_t>(row.line)) : fields.null();
    append_text_or_null(fields, issue.field);
    issue.field_number != 0 ? fields.int4(static_cast<std::int32_t>(issue.field_number)) : fields.null();
    fields.bytes(name_of(issue.code));
    append_text_or_null(fields, issue.constraint);
    append_text(fields, issue.message);
    append_text(fields, issue.value);
    append_text_or_null(fields, row.raw);
    append_text_or_null(fields, issue.suggestion);
  }
}

Result<> PostgresLane::write_rejects() {
  if (rejects_.empty()) return {};
  const std::string columns =
      "(job_id, row_number, line, field, field_number, code, \"constraint\", message, value, raw, "
      "suggestion)";
  // COPY goes round row-level security, so the server refuses it to a role that is under it.
  const std::string into = dataset_.row_security ? "pg_temp.sluice_rejects" : "validation_errors";
  if (dataset_.row_security)
    TRY(connection_->execute(
        "CREATE TEMP TABLE sluice_rejects (LIKE validation_errors) ON COMMIT DROP; "
        "ALTER TABLE sluice_rejects ALTER id DROP NOT NULL, ALTER created_at DROP NOT NULL"));
  const std::string_view pieces[] = {kPgCopyHeader, rejects_, kPgCopyTrailer, {}};
  TRY(connection_->copy_in("COPY " + into + " " + columns + " FROM STDIN (FORMAT binary)",
                           [next = pieces]() mutable { return *next++; }));
  rejects_.clear();
  if (!dataset_.row_security) return {};
  return connection_->execute("INSERT INTO validation_errors " + columns + " SELECT " +
                              columns.substr(1, columns.size() - 2) + " FROM pg_temp.sluice_rejects");
}

Result<> PostgresLane::note_progress(const Lease& lease, std::uint64_t until_row, const OutcomeRuns& runs) {
  TRY(connection_->query(
      "INSERT INTO ingestion_lanes (job_id, split_number, lane, until_row, first_row, outcomes) "
      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (job_id, split_number, lane) DO UPDATE SET "
      "until_row = excluded.until_row, first_row = excluded.first_row, outcomes = excluded.outcomes",
      PgParams()
          .text(lease.job_id)
          .whole(lease.split_number)
          .whole(number_)
          .whole(until_row)
          .whole(runs.first_row())
          .bytes(runs.encoded())));
  return {};
}

Result<> PostgresLane::commit() {
  auto done = transaction_->commit();
  transaction_.reset();
  if (!done) uncertain_ = is_connection_fault(*connection_, done.error());
  return done;
}

void PostgresLane::rollback() { transaction_.reset(); }

Result<> PostgresLane::ended(Result<> done) const {
  if (done || connected() || done.error().kind != ErrorKind::internal) return done;
  return fail(ErrorKind::unavailable, done.error().message + " Then the connection to the database was lost.",
              true);
}

bool PostgresLane::may_redo() {
  if (!transaction_) return false;  // not begun: somebody removes rows of this dataset, and that takes longer
  const PgFault fault = connection_->fault();
  rollback();
  if (std::exchange(waited_for_groups_, false)) return connected() && table_.may_redo_unchanged();
  return connected() && table_.may_redo(fault);
}

}  // namespace sluice
