// The thorough way of SqliteRowTable: for keys, and for jobs with unique constraints, where what becomes of
// a row depends on the rows before it.
#include "adapters/store_sqlite_identity.h"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace sluice {
namespace {

constexpr std::uint32_t kNoGroup = ~std::uint32_t{0};  // decided before, or not a good row

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " + ") + name;
  return text;
}

std::string_view view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

Result<> SqliteRowTable::prepare_thorough() {
  TRY(unique_.prepare(writer_, spec_));
  stored_ = TRY(SqliteStatement::prepare(
      writer_, "SELECT content_hash, key_hash, job_sequence, row_number FROM ingested_data WHERE id = ?1"));
  replace_ = TRY(SqliteStatement::prepare(
      writer_,
      "UPDATE ingested_data SET row_number = ?2, job_id = ?3, job_sequence = ?4, updated_at = ?5, "
      "content_hash = ?6, data = ?7, metadata = ?8 WHERE id = ?1"));
  move_ = TRY(SqliteStatement::prepare(writer_,
                                       "UPDATE ingested_data SET row_number = ?2, job_id = ?3, job_sequence "
                                       "= ?4, updated_at = ?5 WHERE id = ?1"));
  member_ = TRY(SqliteStatement::prepare(writer_, "SELECT value FROM json_each(?1) WHERE key = ?2"));
  return {};
}

Result<> SqliteRowTable::load_known(std::span<RowEntry> entries) {
  groups_.clear();
  group_of_.assign(entries.size(), kNoGroup);
  const PreparedRow* last = nullptr;
  for (const SortKey& key : order_) {
    const PreparedRow& row = *entries[key.entry].row;
    if (!last || last->identity.view() != row.identity.view()) {
      groups_.push_back({.first = key.entry, .data = key.entry});
      TRY(load_group(groups_.back(), row));
    }
    last = &row;
    group_of_[key.entry] = static_cast<std::uint32_t>(groups_.size() - 1);
  }
  return {};
}

Result<> SqliteRowTable::load_group(Group& group, const PreparedRow& row) {
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

Result<> SqliteRowTable::decide(std::span<RowEntry> entries, std::uint32_t at, const RejectRow& reject) {
  RowEntry& entry = entries[at];
  Group& group = groups_[group_of_[at]];
  if (group.known) {
    Outcome outcome = TRY(decide_known(group, entries, at, reject));
    if (outcome == Outcome::rejected) return {};  // said and done
    entry.outcome = outcome;
    unique_.hold(at);
    return {};
  }
  if (TRY(reject_if_taken(entries, at, reject))) return {};
  unique_.hold(at);
  entry.outcome = Outcome::inserted;
  group = {.row_id = 0,
           .known = true,
           .fresh = true,
           .first = at,
           .data = at,
           .content_hash = entry.row->content_hash,
           .job_sequence = spec_.job_sequence,
           .row_number = entry.row->row_number};
  return {};
}

Result<Outcome> SqliteRowTable::decide_known(Group& group, std::span<RowEntry> entries, std::uint32_t at,
                                             const RejectRow& reject) {
  if (spec_.identity == IdentityKind::key) return decide_known_key(group, entries, at, reject);
  if (!group.fresh && !group.moved && spec_.on_duplicate != OnDuplicate::skip) {
    group.moved = true;
    group.first = at;
  }
  return Outcome::duplicate;
}

Result<Outcome> SqliteRowTable::decide_known_key(Group& group, std::span<RowEntry> entries, std::uint32_t at,
                                                 const RejectRow& reject) {
  const PreparedRow& row = *entries[at].row;
  const bool equal = group.content_hash == row.content_hash;
  if (spec_.on_duplicate == OnDuplicate::skip) {
    if (equal) return Outcome::duplicate;
    const std::string fields = joined(spec_.key_fields);
    Issue issue = TRY(unique_issue(entries[at], fields,
                                   "A row with this " + fields +
                                       " is stored already, with other content. It was left "
                                       "as it is, because the pipeline says on_duplicate: skip."));
    TRY(reject(entries[at], std::move(issue)));
    return Outcome::rejected;
  }
  if (std::tie(spec_.job_sequence, row.row_number) <= std::tie(group.job_sequence, group.row_number))
    return Outcome::duplicate;
  if (!equal && TRY(reject_if_taken(entries, at, reject))) return Outcome::rejected;
  // Also where the content is equal the version moves on: what has a lower one must not replace it.
  if (!group.fresh && !group.moved && !group.replaced) group.first = at;
  (equal ? group.moved : group.replaced) = true;
  group.job_sequence = spec_.job_sequence;
  group.row_number = row.row_number;
  if (equal) return Outcome::duplicate;
  group.data = at;
  group.content_hash = row.content_hash;
  return Outcome::updated;
}

Result<bool> SqliteRowTable::reject_if_taken(std::span<RowEntry> entries, std::uint32_t at,
                                             const RejectRow& reject) {
  auto taken = unique_.taken(at);
  if (!taken) return false;
  const std::string& fields = taken->constraint < spec_.unique_constraints.size()
                                  ? spec_.unique_constraints[taken->constraint]
                                  : joined(spec_.key_fields);
  Issue issue = TRY(unique_issue(entries[at], fields,
                                 "The value of " + fields + " may stand only once, and row " +
                                     std::to_string(taken->row_number) + " has it already."));
  TRY(reject(entries[at], std::move(issue)));
  return true;
}

Result<Issue> SqliteRowTable::unique_issue(const RowEntry& entry, const std::string& fields,
                                           std::string message) {
  Issue issue{.code = RejectCode::unique_error, .field = fields, .message = std::move(message)};
  const auto& columns = entry.batch->batch.columns();
  if (columns)
    if (auto found = std::ranges::find(*columns, fields); found != columns->end())
      issue.field_number = static_cast<std::uint32_t>(found - columns->begin()) + 1;
  issue.value = TRY(values_of(*entry.row, fields));
  return issue;
}

// The values in the row's JSON of "id", or of "first + last".
Result<std::string> SqliteRowTable::values_of(const PreparedRow& row, const std::string& fields) {
  auto member = [&](std::string_view name) -> Result<std::optional<std::string>> {
    member_.bind(1, row.data);
    member_.bind(2, name);
    std::optional<std::string> value;
    if (TRY(member_.step())) value = std::string(member_.text(0));
    member_.reset();
    return value;
  };
  if (auto whole = TRY(member(fields))) return shown_value(*whole);
  std::string values;
  for (std::size_t from = 0, to = 0; to != std::string::npos; from = to + 3) {
    to = fields.find(" + ", from);
    if (from != 0) values += " + ";
    values += TRY(member(std::string_view(fields).substr(from, to == std::string::npos ? to : to - from)))
                  .value_or("");
  }
  return shown_value(values);
}

Result<> SqliteRowTable::write_groups(std::span<RowEntry> entries, std::int64_t first_id) {
  for (Group& group : groups_) {  // sorted by identity
    if (!group.fresh) continue;
    group.row_id = first_id + group.first;
    point_.bind_blob(2, stored_identity(*entries[group.first].row));
    point_.bind(3, group.row_id);
    TRY(point_.run());
  }
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    if (group_of_[i] == kNoGroup || entries[i].outcome == Outcome::rejected) continue;
    const Group& group = groups_[group_of_[i]];
    if (group.first != i) continue;
    const PreparedRow& row = *entries[group.data].row;
    if (group.fresh)
      TRY(insert(row, group.row_id, group.row_number));
    else if (group.replaced || group.moved)
      TRY(write_known(group, row));
  }
  return {};
}

Result<> SqliteRowTable::write_known(const Group& group, const PreparedRow& row) {
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
  TRY(update.run());
  if (target_.exists()) TRY(target_.put(group.row_id, row));
  return {};
}

}  // namespace sluice
