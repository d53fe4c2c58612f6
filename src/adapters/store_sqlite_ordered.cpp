// The thorough way of SqliteRowTable: for keys, and for jobs with unique constraints, where what becomes of
// a row depends on the rows before it. Deciding is adapters/row_decisions.h; here is what it knows and what
// comes of it.
#include <cstring>

#include "adapters/store_sqlite_identity.h"

namespace sluice {
Result<> SqliteRowTable::prepare_thorough() {
  stored_ = TRY(SqliteStatement::prepare(
      writer_, "SELECT content_hash, key_hash, job_sequence, row_number FROM ingested_data WHERE id = ?1"));
  replace_ = TRY(SqliteStatement::prepare(
      writer_,
      "UPDATE ingested_data SET row_number = ?2, job_id = ?3, job_sequence = ?4, updated_at = ?5, "
      "content_hash = ?6, data = ?7, metadata = ?8, aggregated = ?9 WHERE id = ?1"));
  before_ = TRY(SqliteStatement::prepare(
      writer_, "SELECT coalesce(aggregated, data) FROM ingested_data WHERE id = ?1"));
  move_ = TRY(SqliteStatement::prepare(writer_,
                                       "UPDATE ingested_data SET row_number = ?2, job_id = ?3, job_sequence "
                                       "= ?4, updated_at = ?5 WHERE id = ?1"));
  return unique_.prepare(writer_, spec_);
}

Result<> SqliteRowTable::store_decided(std::span<RowEntry> entries, std::int64_t first_id,
                                       const RejectRow& reject) {
  decisions_.begin(entries);
  for (RowGroup& group : decisions_.groups()) TRY(load_known(group));
  if (!spec_.unique_constraints.empty()) TRY(unique_.load(decisions_.unique()));
  TRY(decisions_.decide(reject));
  if (!spec_.unique_constraints.empty()) TRY(unique_.write(decisions_.unique()));
  return write_groups(entries, first_id);
}

Result<> SqliteRowTable::load_known(RowGroup& group) {
  const PreparedRow& row = decisions_.row_of(group);
  find_.bind_blob(2, stored_identity(row));
  if (TRY(find_.step())) group.row_id = find_.integer(0);
  find_.reset();
  if (group.row_id == 0) return {};
  stored_.bind(1, group.row_id);
  if (TRY(stored_.step())) {
    // The index is a hint: only the row itself says that it is this one (it may have been deleted by hand).
    switch (spec_.identity) {
      case IdentityKind::content: group.known = stored_.blob(0) == view(row.content_hash); break;
      case IdentityKind::key: group.known = stored_.blob(1) == row.identity.view(); break;
      case IdentityKind::position: group.known = stored_.whole(3) == row.row_number; break;
    }
    if (stored_.blob(0).size() == group.content_hash.size())
      std::memcpy(group.content_hash.data(), stored_.blob(0).data(), group.content_hash.size());
    group.job_sequence = stored_.integer(2);
    group.row_number = stored_.whole(3);
  }
  stored_.reset();
  return {};
}

Result<> SqliteRowTable::write_groups(std::span<RowEntry> entries, std::int64_t first_id) {
  for (RowGroup& group : decisions_.groups()) {  // sorted by identity
    if (!group.fresh) continue;
    group.row_id = first_id + group.first;
    point_.bind_blob(2, stored_identity(decisions_.row_of(group)));
    point_.bind(3, group.row_id);
    TRY(point_.run());
  }
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const RowGroup* group = decisions_.group_of(i);
    if (!group || group->first != i || entries[i].outcome == Outcome::rejected) continue;
    if (group->fresh)
      TRY(insert(decisions_.row_of(*group), group->row_id, group->row_number));
    else if (group->replaced || group->moved)
      TRY(write_known(*group));
  }
  return {};
}

Result<> SqliteRowTable::write_known(const RowGroup& group) {
  const PreparedRow& row = decisions_.row_of(group);
  if (spec_.identity != IdentityKind::key) {
    touch_.bind(1, group.row_id);
    if (spec_.identity == IdentityKind::position)
      touch_.bind(2, row.row_number);
    else
      touch_.bind_blob(2, view(row.content_hash));
    touch_.bind(3, row.row_number);
    return touch_.run();
  }
  SqliteStatement& update = group.replaced ? replace_ : move_;
  update.bind(1, group.row_id);
  update.bind(2, group.row_number);
  if (!group.replaced) return update.run();
  update.bind_blob(6, view(row.content_hash));
  if (target_.exists())
    update.bind_null(7);
  else
    update.bind(7, row.data);
  update.bind_or_null(8, row.metadata);
  update.bind_or_null(9, TRY(part_for_aggregates(row)));
  if (aggregates_) TRY(replace_in_aggregates(group.row_id, row));
  TRY(update.run());
  if (target_.exists()) TRY(target_.put(group.row_id, row));
  return {};
}

Result<> SqliteRowTable::replace_in_aggregates(std::int64_t row_id, const PreparedRow& row) {
  before_.bind(1, row_id);
  (void)TRY(before_.step());
  auto removed = aggregates_->deltas().remove(before_.text(0));
  before_.reset();
  TRY(std::move(removed));
  return aggregates_->deltas().add(row.data);
}

}  // namespace sluice
