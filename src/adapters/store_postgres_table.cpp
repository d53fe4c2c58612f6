#include "adapters/store_postgres_table.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "adapters/pg_binary.h"

namespace sluice {
namespace {

constexpr int kMostRedos = 20;
// Commits in turn after one that others were in the way of: who shares its rows once does so for a while.
constexpr int kCommitsAlone = 50;
constexpr std::size_t kSomeRefusals = 3;  // found one redo at a time; with more, all are looked for at once
constexpr std::size_t kPieceBytes = 128 * 1024;  // handed to libpq at once
constexpr const char* kColumns =
    "id, tenant, pipeline, job_id, row_number, job_sequence, content_hash, key_hash, data, metadata";
constexpr std::uint16_t kColumnCount = 10;

// "COPY ingested_data, line 17, column data" -> 17; 0 where there is none.
std::size_t line_in(std::string_view context) {
  constexpr std::string_view kLine = ", line ";
  std::size_t at = context.find(kLine), line = 0;
  if (!context.starts_with("COPY ") || at == std::string_view::npos) return 0;
  std::from_chars(context.data() + at + kLine.size(), context.data() + context.size(), line);
  return line;
}

}  // namespace

// The hash's top bits; for positions, blocks of neighbouring rows, whose ids are neighbours, too.
unsigned slot_of(const WriteSpec& spec, const PreparedRow& row) {
  if (spec.identity == IdentityKind::position)
    return static_cast<unsigned>(row.row_number / 4096 % kPostgresSlots);
  return row.identity.bytes[0] * kPostgresSlots / 256;
}

void PostgresRowTable::forget() {
  alone_for_ = met_others_ ? kCommitsAlone : std::max(alone_for_ - 1, 0);
  careful_ = one_by_one_ = met_others_ = false;
  redos_ = 0;
  refusals_.clear();
  decisions_.clear();
}

Result<> PostgresRowTable::store(PgConnection& connection, std::span<RowEntry> entries,
                                 const RejectRow& reject) {
  by_line_ = raced_ = looked_at_each_ = false;
  if (deltas_) deltas_->clear();
  TRY(reject_refused(entries, reject));
  decisions_.begin(entries);
  if (decisions_.groups().empty()) return {};
  TRY(make_ids());
  TRY(load_known(connection));
  const bool constrained = !spec_.unique_constraints.empty();
  if (constrained) TRY(load_unique(connection));
  TRY(decisions_.decide(reject));
  if (constrained) TRY(write_unique(connection));
  if (keeps_parts()) TRY(make_parts());
  return one_by_one_ ? write_one_by_one(connection) : write(connection);
}

bool PostgresRowTable::may_redo(const PgFault& fault) {
  decisions_.undo();
  if (++redos_ > kMostRedos) return false;
  if (std::exchange(looked_at_each_, false)) return true;
  if (raced_) return careful_ = met_others_ = true;
  // Every table that sluice makes has its rows' ids for primary key; other unique indexes are the user's.
  if (fault.is("23505") && fault.constraint.ends_with("_pkey")) return careful_ = met_others_ = true;
  if (fault.is("55P03") && slots_in_vain_ && careful_) return false;  // no lock of ours: not a second wait
  if (fault.is("55P03")) slots_in_vain_ = true;
  if (fault.is("40P01") || fault.is("40001") || fault.is("55P03")) return careful_ = met_others_ = true;
  if (!refused(fault)) return false;
  std::size_t line = by_line_ ? line_in(fault.context) : 0;
  if (line == 0 || line > copying_.size() || refusals_.size() >= kSomeRefusals)
    one_by_one_ = !one_by_one_;
  else
    note_refusal(copying_[line - 1], fault);
  return true;
}

bool PostgresRowTable::may_redo_unchanged() {
  decisions_.undo();
  return ++redos_ <= kMostRedos;
}

// Is it the row that the database does not take, rather than the database that does not work?
bool PostgresRowTable::refused(const PgFault& fault) const {
  return fault.in_class("22") || fault.in_class("23") || fault.in_class("54") || fault.is("P0001");
}

void PostgresRowTable::note_refusal(std::uint32_t group, const PgFault& fault) {
  std::string message = "The database refused this row: " + fault.message + ".";
  if (!fault.detail.empty() && fault.in_class("23")) message += " " + fault.detail;
  refusals_[&decisions_.row_of(decisions_.groups()[group])] = {
      fault.in_class("22") ? RejectCode::type_error : RejectCode::constraint_error, fault.constraint,
      std::move(message)};
}

Result<> PostgresRowTable::reject_refused(std::span<RowEntry> entries, const RejectRow& reject) {
  if (refusals_.empty()) return {};
  for (RowEntry& entry : entries) {
    auto found = refusals_.find(entry.row);
    if (found == refusals_.end()) continue;  // else again with each redo, as rejects go with the transaction
    const Refusal& refusal = found->second;
    TRY(reject(entry, {.code = refusal.code, .constraint = refusal.constraint, .message = refusal.message}));
  }
  return {};
}

PostgresRowTable::RowId PostgresRowTable::id_of(const PreparedRow& row) const {
  RowId id{};
  auto put = [&](std::size_t at, std::size_t size, std::uint64_t value) {
    for (std::size_t i = size; i-- > 0; value >>= 8) id[at + i] = static_cast<std::uint8_t>(value);
  };
  put(0, 4, static_cast<std::uint32_t>(dataset_.id));
  if (spec_.identity == IdentityKind::position) {
    put(4, 5, static_cast<std::uint64_t>(dataset_.root_sequence));
    put(9, 7, row.row_number);
  } else {
    std::copy_n(row.identity.bytes.begin(), 12, id.begin() + 4);
  }
  return id;
}

std::unexpected<Error> PostgresRowTable::raced_with_others() {
  raced_ = true;
  return fail(ErrorKind::unavailable, "others stored the same rows at the same moment, again and again.",
              true);
}

Result<> PostgresRowTable::make_ids() {
  ids_.clear();
  ids_.reserve(decisions_.groups().size());
  for (const RowGroup& group : decisions_.groups()) {
    ids_.push_back(id_of(decisions_.row_of(group)));
    if (ids_.size() > 1 && ids_[ids_.size() - 2] == ids_.back())
      return fail(ErrorKind::internal,
                  "two rows with different content have the same id; see docs/postgresql.md.");
  }
  return {};
}

Result<> PostgresRowTable::write(PgConnection& connection) {
  std::vector<std::uint32_t> fresh, replaced, moved;
  for (std::uint32_t i = 0; i < decisions_.groups().size(); ++i) {
    const RowGroup& group = decisions_.groups()[i];
    if (group.fresh)
      fresh.push_back(i);
    else if (group.replaced)
      replaced.push_back(i);
    else if (group.moved)
      moved.push_back(i);
  }
  TRY(insert(connection, fresh));
  if (deltas_) TRY(add_up_new(fresh));
  if (deltas_) TRY(add_up_replaced(connection, replaced));
  TRY(replace(connection, replaced));
  return spec_.identity == IdentityKind::key ? move(connection, moved) : touch(connection, moved);
}

// Every row that the database refuses is looked for, each in a subtransaction of its own; what was written
// is rolled back, and the commit done again without them.
Result<> PostgresRowTable::write_one_by_one(PgConnection& connection) {
  for (std::uint32_t i = 0; i < decisions_.groups().size(); ++i) {
    const RowGroup& group = decisions_.groups()[i];
    if (!group.fresh && !group.replaced) continue;
    TRY(connection.execute("SAVEPOINT one"));
    const std::uint32_t one[] = {i};
    auto done = group.fresh ? insert(connection, one) : replace(connection, one);
    if (!done) {
      if (raced_ || !refused(connection.fault()) || connection.fault().is("23505")) return done;
      note_refusal(i, connection.fault());
      TRY(connection.execute("ROLLBACK TO SAVEPOINT one"));
    } else {
      TRY(connection.execute("RELEASE SAVEPOINT one"));
    }
  }
  one_by_one_ = false;
  looked_at_each_ = true;
  return fail(ErrorKind::internal, "rows that the database refuses are still in the commit.");
}

Result<> PostgresRowTable::insert(PgConnection& connection, std::span<const std::uint32_t> groups) {
  if (groups.empty()) return {};
  if (!careful_ && !dataset_.row_security) {
    TRY(copy_rows(connection, "ingested_data", groups));
  } else {
    TRY(connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS sluice_stage (LIKE ingested_data INCLUDING DEFAULTS) "
        "ON COMMIT DROP; TRUNCATE pg_temp.sluice_stage"));
    TRY(copy_rows(connection, "pg_temp.sluice_stage", groups));
    by_line_ = false;
    auto inserted =
        TRY(connection.select("INSERT INTO ingested_data SELECT * FROM pg_temp.sluice_stage ORDER BY id ON "
                              "CONFLICT (id) DO NOTHING"));
    if (inserted.affected() != groups.size()) return raced_with_others();
  }
  if (!target_.exists()) return {};
  if (careful_) TRY(target_.remove(connection, ids_of(groups)));
  copying_.assign(groups.begin(), groups.end());
  by_line_ = true;
  TRY(target_.put(connection, decisions_, groups, ids_));
  by_line_ = false;
  return {};
}

Result<> PostgresRowTable::copy_rows(PgConnection& connection, const std::string& table,
                                     std::span<const std::uint32_t> groups) {
  copying_.assign(groups.begin(), groups.end());
  by_line_ = true;
  std::string piece(kPgCopyHeader);
  std::size_t next = 0;
  bool ended = false;
  auto produce = [&]() -> std::string_view {
    if (ended) return {};
    if (next != 0) piece.clear();
    for (; next < groups.size() && piece.size() < kPieceBytes; ++next) append_row(piece, groups[next]);
    if (next == groups.size() && piece.size() < kPieceBytes) {
      piece += kPgCopyTrailer;
      ended = true;
    }
    return piece;
  };
  const std::string columns = std::string(kColumns) + (keeps_parts() ? ", aggregated" : "");
  TRY(connection.copy_in("COPY " + table + " (" + columns + ") FROM STDIN (FORMAT binary)", produce));
  by_line_ = false;
  return {};
}

void PostgresRowTable::append_row(std::string& out, std::uint32_t at) const {
  const RowGroup& group = decisions_.groups()[at];
  const PreparedRow& row = decisions_.row_of(group);
  append_be16(out, kColumnCount + (keeps_parts() ? 1 : 0));
  PgFields fields(out);
  fields.bytes(view(ids_[at]));
  fields.bytes(spec_.tenant);
  fields.bytes(spec_.pipeline);
  fields.bytes(view(job_id_));
  fields.int8(static_cast<std::int64_t>(group.row_number));
  fields.int8(spec_.job_sequence);
  fields.bytes(view(row.content_hash));
  fields.bytes_or_null(spec_.identity == IdentityKind::key ? row.identity.view() : std::string_view());
  fields.jsonb_or_null(target_.exists() ? std::string_view() : row.data);
  fields.jsonb_or_null(row.metadata);
  if (keeps_parts()) fields.bytes(parts_[at]);
}

Result<> PostgresRowTable::make_parts() {
  parts_.assign(decisions_.groups().size(), {});
  for (std::size_t at = 0; at < parts_.size(); ++at) {
    const RowGroup& group = decisions_.groups()[at];
    if (group.fresh || group.replaced) parts_[at] = TRY(deltas_->part_of(decisions_.row_of(group).data));
  }
  return {};
}

Result<> PostgresRowTable::add_up_new(std::span<const std::uint32_t> groups) {
  for (std::uint32_t at : groups) TRY(deltas_->add(decisions_.row_of(decisions_.groups()[at]).data));
  return {};
}

// What is stored of them now is what will be replaced: replace() sees to that.
Result<> PostgresRowTable::add_up_replaced(PgConnection& connection, std::span<const std::uint32_t> groups) {
  if (groups.empty()) return {};
  TRY(add_up_new(groups));
  auto before = TRY(connection.query(
      "SELECT coalesce(d.aggregated, d.data::text) FROM ingested_data d WHERE d.id = ANY($1)" +
          dataset_.within,
      PgParams().binary(ids_of(groups), static_cast<Oid>(PgArrayType::uuid))));
  for (int row = 0; row < before.rows(); ++row) TRY(deltas_->remove(before.text(row, 0)));
  return {};
}

}  // namespace sluice
