#include "adapters/store_sqlite_unique.h"

#include <algorithm>
#include <cstring>

namespace sluice {
namespace {

template <class Bytes>
std::string_view view(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Result<> SqliteUniqueValues::prepare(SqliteConnection& writer, const WriteSpec& spec) {
  by_identity_ = spec.identity == IdentityKind::key;
  job_sequence_ = spec.job_sequence;
  find_ = TRY(SqliteStatement::prepare(writer,
                                       "SELECT row_number, identity FROM job_unique_values "
                                       "WHERE job_sequence = ?1 AND constraint_number = ?2 AND digest = ?3"));
  insert_ = TRY(SqliteStatement::prepare(
      writer,
      "INSERT INTO job_unique_values (job_sequence, constraint_number, digest, row_number, identity) "
      "VALUES (?1, ?2, ?3, ?4, ?5)"));
  return {};
}

Result<> SqliteUniqueValues::load(std::span<const RowEntry> entries) {
  entries_ = entries;
  values_.clear();
  holders_.clear();
  first_slot_.clear();
  std::uint32_t slot = 0;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    first_slot_.push_back(slot);
    if (!entries[i].row || entries[i].outcome != Outcome::none) continue;
    for (const UniqueValue& unique : entries[i].row->unique) {
      Value value{.digest = {}, .constraint = unique.constraint, .entry = i, .slot = slot++};
      std::memcpy(value.digest.data(), unique.digest.data(), value.digest.size());
      values_.push_back(value);
    }
  }
  first_slot_.push_back(slot);
  holder_of_.assign(slot, 0);
  std::ranges::sort(values_, [](const Value& a, const Value& b) {
    if (a.constraint != b.constraint) return a.constraint < b.constraint;
    int order = std::memcmp(a.digest.data(), b.digest.data(), a.digest.size());
    return order != 0 ? order < 0 : a.slot < b.slot;
  });
  find_.bind(1, job_sequence_);
  for (std::uint32_t i = 0; i < values_.size(); ++i) {
    const Value& value = values_[i];
    bool again =
        i > 0 && value.constraint == values_[i - 1].constraint && value.digest == values_[i - 1].digest;
    if (!again) {
      holders_.push_back({.value = i});
      TRY(look_up(holders_.back(), value));
    }
    holder_of_[value.slot] = static_cast<std::uint32_t>(holders_.size() - 1);
  }
  return {};
}

Result<> SqliteUniqueValues::look_up(Holder& holder, const Value& value) {
  find_.bind(2, std::uint64_t{value.constraint});
  find_.bind_blob(3, view(value.digest));
  if (TRY(find_.step())) {
    holder.row_number = find_.whole(0);
    std::string_view identity = find_.blob(1);
    std::copy_n(identity.begin(), std::min(identity.size(), holder.identity.size()), holder.identity.begin());
  }
  find_.reset();
  return {};
}

std::optional<SqliteUniqueValues::Taken> SqliteUniqueValues::taken(std::uint32_t entry) const {
  const PreparedRow& row = *entries_[entry].row;
  for (std::uint32_t slot = first_slot_[entry]; slot < first_slot_[entry + 1]; ++slot) {
    const Holder& holder = holders_[holder_of_[slot]];
    if (holder.row_number == 0) continue;
    bool own = by_identity_ && view(holder.identity) == row.identity.view().substr(0, holder.identity.size());
    if (!own) return Taken{row.unique[slot - first_slot_[entry]].constraint, holder.row_number};
  }
  return std::nullopt;
}

void SqliteUniqueValues::hold(std::uint32_t entry) {
  const PreparedRow& row = *entries_[entry].row;
  for (std::uint32_t slot = first_slot_[entry]; slot < first_slot_[entry + 1]; ++slot) {
    Holder& holder = holders_[holder_of_[slot]];
    if (holder.row_number != 0) continue;
    holder.row_number = row.row_number;
    holder.fresh = true;
    if (by_identity_) std::memcpy(holder.identity.data(), row.identity.bytes.data(), holder.identity.size());
  }
}

Result<> SqliteUniqueValues::write() {
  insert_.bind(1, job_sequence_);
  insert_.bind_null(5);
  for (const Holder& holder : holders_) {
    if (!holder.fresh) continue;
    insert_.bind(2, std::uint64_t{values_[holder.value].constraint});
    insert_.bind_blob(3, view(values_[holder.value].digest));
    insert_.bind(4, holder.row_number);
    if (by_identity_) insert_.bind_blob(5, view(holder.identity));
    TRY(insert_.run());
  }
  return {};
}

Result<> forget_sqlite_unique_values(SqliteConnection& writer, const std::string& job_id) {
  const std::string sequence = "(SELECT sequence FROM ingestion_jobs WHERE id = ?1)";
  auto others = TRY(SqliteStatement::prepare(
      writer, "SELECT (SELECT min(job_sequence) FROM job_unique_values) < " + sequence +
                  " OR (SELECT max(job_sequence) FROM job_unique_values) > " + sequence));
  others.bind(1, job_id);
  (void)TRY(others.step());
  bool shared = others.integer(0) != 0;
  others.reset();
  // Emptying the whole table frees its pages without looking at its rows.
  auto forget = TRY(SqliteStatement::prepare(
      writer, shared ? "DELETE FROM job_unique_values WHERE job_sequence = " + sequence
                     : "DELETE FROM job_unique_values"));
  if (shared) forget.bind(1, job_id);
  return forget.run();
}

}  // namespace sluice
