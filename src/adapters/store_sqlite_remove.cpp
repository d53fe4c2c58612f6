// SqliteJobStore: a job goes, with its rejects and outcomes, and its rows where they are to go, too.
#include <algorithm>
#include <array>
#include <cstring>

#include "adapters/job_refusals.h"
#include "adapters/row_entry.h"
#include "adapters/store_sqlite_aggregates.h"
#include "adapters/store_sqlite_job_row.h"
#include "adapters/store_sqlite_jobs.h"
#include "adapters/store_sqlite_unique.h"
#include "base/uuid.h"

namespace sluice {
namespace {

constexpr std::size_t kIdentityBytes = 16;    // as in row_identities
constexpr std::int64_t kRowsAtOnce = 20'000;  // looked up, sorted by identity and deleted together

bool has_ended(const Job& job) {
  return job.status != JobStatus::pending && job.status != JobStatus::processing;
}

// Where the job's own rows are. Found before the transaction, because that looks through the whole table;
// a job that has ended gets no more of them.
struct OwnRows {
  std::int64_t first = 0, last = -1;
  bool any() const { return first <= last; }
};

Result<OwnRows> find_own_rows(const SqliteConnection& reader, const std::string& job_id) {
  auto select =
      TRY(SqliteStatement::prepare(reader, "SELECT min(id), max(id) FROM ingested_data WHERE job_id = ?1"));
  select.bind(1, job_id);
  (void)TRY(select.step());
  if (select.is_null(0)) return OwnRows{};
  return OwnRows{select.integer(0), select.integer(1)};
}

// The id of a job that a query with the job's id, tenant, pipeline and sequence finds; "" for none.
Result<std::string> another_job(const SqliteConnection& connection, const Job& job, const char* condition) {
  auto select = TRY(SqliteStatement::prepare(
      connection, "SELECT id FROM ingestion_jobs WHERE " + std::string(condition) + " LIMIT 1"));
  select.bind(1, job.id);
  select.bind(2, job.tenant);
  select.bind(3, job.pipeline);
  select.bind(4, job.sequence);
  if (!TRY(select.step())) return std::string();
  return std::string(select.text(0));
}

// Deletes rows with what points to them: identities, and their part in a table of the user's.
class RowRemoval {
 public:
  static Result<RowRemoval> prepare(SqliteConnection& writer, const Job& job);
  Result<> run(const OwnRows& own);

 private:
  struct OwnRow {
    std::array<char, kIdentityBytes> identity{};
    std::int64_t id = 0;
    std::uint64_t row_number = 0;
    bool in_target = false, by_key = false;
  };

  explicit RowRemoval(const Job& job) : job_id_(job.id) {}
  Result<> load(std::int64_t from, std::int64_t last);
  Result<> forget_identity(const OwnRow& row);

  std::string job_id_, root_;  // root_: as positions begin
  std::int64_t dataset_ = 0;
  SqliteStatement find_, identity_, row_;
  std::vector<SqliteStatement> targets_;
  std::unique_ptr<SqliteAggregates> aggregates_;  // none: the pipeline has none
  std::vector<OwnRow> rows_;
};

Result<RowRemoval> RowRemoval::prepare(SqliteConnection& writer, const Job& job) {
  RowRemoval removal(job);
  auto root = uuid_bytes(job.root_job_id);
  removal.root_ = std::string(root ? view(*root) : std::string_view());
  removal.find_ = TRY(SqliteStatement::prepare(
      writer,
      "SELECT id, coalesce(key_hash, content_hash), row_number, data IS NULL, key_hash IS NOT NULL, "
      "coalesce(aggregated, data) FROM ingested_data WHERE id BETWEEN ?1 AND ?2 AND job_id = ?3 ORDER BY id "
      "LIMIT ?4"));
  removal.identity_ = TRY(SqliteStatement::prepare(
      writer, "DELETE FROM row_identities WHERE dataset = ?1 AND identity = ?2 AND row_id = ?3"));
  auto dataset =
      TRY(SqliteStatement::prepare(writer, "SELECT id FROM datasets WHERE tenant = ?1 AND pipeline = ?2"));
  dataset.bind(1, job.tenant);
  dataset.bind(2, job.pipeline);
  if (TRY(dataset.step())) removal.dataset_ = dataset.integer(0);
  auto specs = TRY(aggregates_of_sqlite_pipeline(writer, job.tenant, job.pipeline));
  if (!specs.empty()) removal.aggregates_ = TRY(SqliteAggregates::open(writer, job.tenant, std::move(specs)));
  removal.row_ = TRY(SqliteStatement::prepare(writer, "DELETE FROM ingested_data WHERE id = ?1"));
  auto targets =
      TRY(SqliteStatement::prepare(writer,
                                   "SELECT m.name FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c "
                                   "WHERE m.type = 'table' AND c.name = 'sluice_id' AND c.pk = 1"));
  while (TRY(targets.step()))
    removal.targets_.push_back(TRY(SqliteStatement::prepare(
        writer, "DELETE FROM " + sqlite_quoted(targets.text(0)) + " WHERE sluice_id = ?1")));
  return removal;
}

Result<> RowRemoval::run(const OwnRows& own) {
  std::int64_t from = own.first;
  while (true) {
    TRY(load(from, own.last));
    if (rows_.empty()) return {};
    if (aggregates_) TRY(aggregates_->apply(now_ms()));
    from = rows_.back().id + 1;
    for (const OwnRow& row : rows_) {
      row_.bind(1, row.id);
      TRY(row_.run());
      if (!row.in_target) continue;
      for (SqliteStatement& target : targets_) {
        target.bind(1, row.id);
        TRY(target.run());
      }
    }
    std::ranges::sort(rows_, {}, &OwnRow::identity);  // each page of the index once
    for (const OwnRow& row : rows_) TRY(forget_identity(row));
  }
}

Result<> RowRemoval::load(std::int64_t from, std::int64_t last) {
  rows_.clear();
  find_.bind(1, from);
  find_.bind(2, last);
  find_.bind(3, job_id_);
  find_.bind(4, kRowsAtOnce);
  while (TRY(find_.step())) {
    OwnRow& row = rows_.emplace_back();
    row.id = find_.integer(0);
    std::string_view hash = find_.blob(1);
    std::copy_n(hash.begin(), std::min(hash.size(), row.identity.size()), row.identity.begin());
    row.row_number = find_.whole(2);
    row.in_target = find_.integer(3) != 0;
    row.by_key = find_.integer(4) != 0;
    if (aggregates_) TRY(aggregates_->deltas().remove(find_.text(5)));
  }
  find_.reset();
  return {};
}

// An identity that stayed would point to whatever row has this id next.
Result<> RowRemoval::forget_identity(const OwnRow& row) {
  identity_.bind(1, dataset_);
  identity_.bind_blob(2, view(row.identity));
  identity_.bind(3, row.id);
  TRY(identity_.run());
  if (identity_.changes() == 1 || row.by_key) return {};
  std::string position = root_;
  for (int shift = 56; shift >= 0; shift -= 8) position += static_cast<char>(row.row_number >> shift);
  identity_.bind_blob(2, position);
  return identity_.run();
}

Result<> delete_job(SqliteConnection& writer, const Job& job) {
  TRY(forget_sqlite_unique_values(writer, job.id));
  constexpr const char* kEndOfKey =
      "UPDATE idempotency_keys SET job_ended_at = (SELECT finished_at FROM ingestion_jobs WHERE id = ?1) "
      "WHERE job_id = ?1";
  for (const char* sql :
       {kEndOfKey, "DELETE FROM validation_errors WHERE job_id = ?1",
        "DELETE FROM row_outcomes WHERE job_id = ?1", "DELETE FROM ingestion_splits WHERE job_id = ?1",
        "DELETE FROM ingestion_jobs WHERE id = ?1"}) {
    auto statement = TRY(SqliteStatement::prepare(writer, sql));
    statement.bind(1, job.id);
    TRY(statement.run());
  }
  return {};
}

}  // namespace

Result<> SqliteJobStore::remove(const std::string& job_id, KeepRows keep, DespiteDuplicates despite) {
  OwnRows own;
  std::string ended_at;
  {
    auto reader = TRY(open_reader(database_.writer.path(), database_.options));
    auto job = TRY(find_sqlite_job(reader, job_id));
    if (!job) return {};
    if (!has_ended(*job)) return cannot_remove_unfinished(job_id, std::string(name_of(job->status)));
    if (keep == KeepRows::no) own = TRY(find_own_rows(reader, job_id));
    ended_at = job->finished_at;
  }
  auto pass = database_.gate.batch();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  auto job = TRY(find_sqlite_job(database_.writer, job_id));
  if (!job) return {};
  if (!has_ended(*job) || job->finished_at != ended_at)  // tried again meanwhile
    return cannot_remove_unfinished(job_id, std::string(name_of(job->status)));
  std::string other =
      TRY(another_job(database_.writer, *job, "parent_job_id = ?1 AND status IN ('PENDING', 'PROCESSING')"));
  if (!other.empty()) return cannot_remove_corrected(job_id, other);
  if (own.any()) {
    if (despite == DespiteDuplicates::no)
      other = TRY(another_job(database_.writer, *job,
                              "tenant = ?2 AND pipeline = ?3 AND sequence > ?4 AND rows_duplicate > 0"));
    if (!other.empty()) return cannot_remove_relied_on(job_id, other);
    auto removal = TRY(RowRemoval::prepare(database_.writer, *job));
    TRY(removal.run(own));
  }
  TRY(delete_job(database_.writer, *job));
  return transaction.commit();
}

}  // namespace sluice
