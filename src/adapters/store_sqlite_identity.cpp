#include "adapters/store_sqlite_identity.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice {
namespace {

// Half of a SHA-256 tells rows apart as well as the whole: among 10^12 rows two share it by chance with
// 1.5 : 10^15. The index, which is what costs when a table grows, is a third smaller for it, and a known
// row is compared by its whole hash before it counts as a duplicate.
constexpr std::size_t kStoredHashBytes = 16;

}  // namespace

Result<std::unique_ptr<SqliteRowTable>> SqliteRowTable::open(SqliteConnection& writer,
                                                             const WriteSpec& spec) {
  std::unique_ptr<SqliteRowTable> table(new SqliteRowTable(writer, spec));
  TRY(table->find_dataset());
  if (!spec.aggregates.empty())
    TRY(SqliteAggregates::declare(writer, spec.tenant, spec.pipeline, spec.aggregates));
  TRY(table->prepare());
  return table;
}

Result<> SqliteRowTable::find_dataset() {
  auto make = TRY(SqliteStatement::prepare(writer_,
                                           "INSERT INTO datasets (tenant, pipeline) VALUES (?1, ?2) "
                                           "ON CONFLICT DO NOTHING"));
  make.bind(1, spec_.tenant);
  make.bind(2, spec_.pipeline);
  TRY(make.run());
  auto find =
      TRY(SqliteStatement::prepare(writer_, "SELECT id FROM datasets WHERE tenant = ?1 AND pipeline = ?2"));
  find.bind(1, spec_.tenant);
  find.bind(2, spec_.pipeline);
  (void)TRY(find.step());
  dataset_ = find.integer(0);
  return {};
}

Result<> SqliteRowTable::load_aggregates() {
  declared_.bind(1, spec_.tenant);
  declared_.bind(2, spec_.pipeline);
  (void)TRY(declared_.step());
  const std::int64_t declared = declared_.integer(0);
  declared_.reset();
  if (declared == aggregates_seen_) return {};
  auto specs = TRY(aggregates_of_sqlite_pipeline(writer_, spec_.tenant, spec_.pipeline));
  aggregates_ = TRY(SqliteAggregates::open(writer_, spec_.tenant, std::move(specs)));
  aggregates_seen_ = declared;
  return {};
}

Result<> SqliteRowTable::prepare() {
  declared_ = TRY(SqliteStatement::prepare(
      writer_, "SELECT count(*) FROM aggregate_definitions WHERE tenant = ?1 AND pipeline = ?2"));
  claim_ = TRY(SqliteStatement::prepare(
      writer_,
      "INSERT INTO row_identities (dataset, identity, row_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"));
  find_ = TRY(SqliteStatement::prepare(
      writer_, "SELECT row_id FROM row_identities WHERE dataset = ?1 AND identity = ?2"));
  point_ = TRY(
      SqliteStatement::prepare(writer_,
                               "INSERT INTO row_identities (dataset, identity, row_id) VALUES (?1, ?2, ?3) "
                               "ON CONFLICT DO UPDATE SET row_id = excluded.row_id"));
  insert_ = TRY(SqliteStatement::prepare(
      writer_,
      "INSERT INTO ingested_data (id, content_hash, key_hash, data, metadata, row_number, tenant, pipeline, "
      "job_id, job_sequence, created_at, updated_at, aggregated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
      "?9, ?10, ?11, ?11, ?12)"));
  const std::string is_that_row =
      spec_.identity == IdentityKind::position ? "row_number = ?2" : "content_hash = ?2";
  check_ =
      TRY(SqliteStatement::prepare(writer_, "SELECT 1 FROM ingested_data WHERE id = ?1 AND " + is_that_row));
  // Within a job the row keeps its lowest number, so that the order in which splits commit does not show;
  // a row that this job has touched already is left alone, because every touch dirties a page of its own.
  touch_ = TRY(SqliteStatement::prepare(
      writer_,
      "UPDATE ingested_data SET row_number = CASE WHEN job_id = ?4 THEN min(row_number, ?3) ELSE ?3 END, "
      "job_id = ?4, job_sequence = ?5, updated_at = ?6 "
      "WHERE id = ?1 AND (job_id <> ?4 OR row_number > ?3) AND " +
          is_that_row));
  max_id_ = TRY(SqliteStatement::prepare(writer_, "SELECT max(id) FROM ingested_data"));
  if (!spec_.target.name.empty()) TRY(target_.prepare(writer_, spec_.target));
  thorough_ = spec_.identity == IdentityKind::key || !spec_.unique_constraints.empty();
  if (thorough_) TRY(prepare_thorough());
  return {};
}

void SqliteRowTable::bind_constants(std::int64_t now) {
  claim_.bind(1, dataset_);
  find_.bind(1, dataset_);
  point_.bind(1, dataset_);
  insert_.bind_null(3);
  insert_.bind(7, spec_.tenant);
  insert_.bind(8, spec_.pipeline);
  insert_.bind(9, spec_.job_id);
  insert_.bind(10, spec_.job_sequence);
  insert_.bind(11, now);
  touch_.bind(4, spec_.job_id);
  touch_.bind(5, spec_.job_sequence);
  touch_.bind(6, now);
  if (!thorough_) return;
  for (SqliteStatement* update : {&replace_, &move_}) {
    update->bind(3, spec_.job_id);
    update->bind(4, spec_.job_sequence);
    update->bind(5, now);
  }
}

std::string_view SqliteRowTable::stored_identity(const PreparedRow& row) const {
  std::string_view identity = row.identity.view();
  return spec_.identity == IdentityKind::position ? identity : identity.substr(0, kStoredHashBytes);
}

Result<std::int64_t> SqliteRowTable::next_row_id() {
  (void)TRY(max_id_.step());
  std::int64_t next = max_id_.integer(0) + 1;
  max_id_.reset();
  return next;
}

Result<> SqliteRowTable::store(std::span<RowEntry> entries, std::int64_t now, const RejectRow& reject) {
  bind_constants(now);
  TRY(load_aggregates());
  std::int64_t first_id = TRY(next_row_id());
  if (thorough_) {
    TRY(store_decided(entries, first_id, reject));
  } else {
    // Identities go in sorted, so that each page of their index is visited once; rows go in the order of the
    // file.
    sort_by_identity(entries, order_);
    TRY(claim_all(entries, first_id));
    TRY(write_all(entries, first_id));
  }
  return aggregates_ ? aggregates_->apply(now) : Result<>();
}

Result<> SqliteRowTable::claim_all(std::span<RowEntry> entries, std::int64_t first_id) {
  const RowEntry* leader = nullptr;
  for (const IdentityOrder& key : order_) {
    RowEntry& entry = entries[key.entry];
    if (leader && leader->row->identity.view() == entry.row->identity.view()) {
      entry.outcome = Outcome::duplicate;  // of a row of this commit, which has the lower number: no trace
      continue;
    }
    leader = &entry;
    claim_.bind_blob(2, stored_identity(*entry.row));
    claim_.bind(3, first_id + key.entry);
    TRY(claim_.run());
    if (claim_.changes() == 1) {
      entry.outcome = Outcome::inserted;
      entry.row_id = first_id + key.entry;
      continue;
    }
    find_.bind_blob(2, stored_identity(*entry.row));
    (void)TRY(find_.step());
    entry.outcome = Outcome::duplicate;
    entry.row_id = find_.integer(0);
    find_.reset();
  }
  return {};
}

Result<> SqliteRowTable::write_all(std::span<RowEntry> entries, std::int64_t first_id) {
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    RowEntry& entry = entries[i];
    if (!entry.row || entry.row_id == 0) continue;
    if (entry.outcome == Outcome::duplicate) {
      if (TRY(confirm_known(entry))) continue;
      // The row of this identity is gone (somebody deleted it): it is stored again.
      entry.outcome = Outcome::inserted;
      entry.row_id = first_id + i;
      point_.bind_blob(2, stored_identity(*entry.row));
      point_.bind(3, entry.row_id);
      TRY(point_.run());
    }
    TRY(insert(*entry.row, entry.row_id, entry.row->row_number));
  }
  return {};
}

Result<bool> SqliteRowTable::confirm_known(const RowEntry& entry) {
  auto bind_row = [&](SqliteStatement& statement) {
    statement.bind(1, entry.row_id);
    if (spec_.identity == IdentityKind::position)
      statement.bind(2, entry.row->row_number);
    else
      statement.bind_blob(2, view(entry.row->content_hash));
  };
  if (spec_.on_duplicate != OnDuplicate::skip) {
    bind_row(touch_);
    touch_.bind(3, entry.row->row_number);
    TRY(touch_.run());
    if (touch_.changes() == 1) return true;
  }
  bind_row(check_);
  bool there = TRY(check_.step());
  check_.reset();
  return there;
}

Result<> SqliteRowTable::insert(const PreparedRow& row, std::int64_t row_id, std::uint64_t row_number) {
  insert_.bind(1, row_id);
  insert_.bind_blob(2, view(row.content_hash));
  if (spec_.identity == IdentityKind::key) insert_.bind_blob(3, row.identity.view());
  if (target_.exists())
    insert_.bind_null(4);
  else
    insert_.bind(4, row.data);
  insert_.bind_or_null(5, row.metadata);
  insert_.bind(6, row_number);
  insert_.bind_or_null(12, TRY(part_for_aggregates(row)));
  TRY(insert_.run());
  if (aggregates_) TRY(aggregates_->deltas().add(row.data));
  if (target_.exists()) TRY(target_.put(row_id, row));
  return {};
}

Result<std::string_view> SqliteRowTable::part_for_aggregates(const PreparedRow& row) {
  if (!aggregates_ || !target_.exists()) return std::string_view();
  part_ = TRY(aggregates_->deltas().part_of(row.data));
  return part_;
}

}  // namespace sluice
