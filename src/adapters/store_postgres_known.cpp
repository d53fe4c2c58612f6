// What PostgresRowTable finds stored, and how it changes what is known.
#include <algorithm>
#include <cstring>

#include "adapters/pg_binary.h"
#include "adapters/store_postgres_table.h"

namespace sluice {
namespace {

// Within a job a row keeps its lowest number, so that the order in which splits commit does not show.
const std::string kTouch =
    "UPDATE ingested_data d SET row_number = CASE WHEN d.job_id = $3::uuid THEN least(d.row_number, u.n) "
    "ELSE u.n END, "
    "job_id = $3::uuid, job_sequence = $4::bigint, updated_at = now() "
    "FROM unnest($1::uuid[], $2::bigint[]) AS u(id, n) WHERE d.id = u.id";

// Of each row the version that was decided upon (add_known_versions): nothing newer is overwritten.
const std::string kStillThat =
    "WHERE d.id = u.id AND d.job_sequence = u.was_sequence AND d.row_number = u.was_number";

}  // namespace

std::string PostgresRowTable::ids_of(std::span<const std::uint32_t> groups) const {
  PgArray array(PgType::uuid);
  for (std::uint32_t group : groups) array.next().bytes(view(ids_[group]));
  return array.take();
}

Result<> PostgresRowTable::load_known(PgConnection& connection) {
  std::size_t known = 0;
  known_versions_.assign(ids_.size(), {});
  // Where a whole file comes again, one statement both finds and touches its rows.
  const bool touching = spec_.identity == IdentityKind::content && spec_.on_duplicate == OnDuplicate::touch &&
                        spec_.unique_constraints.empty();
  if (touching && mostly_known_) known += TRY(find(connection, Look::and_touch));
  known += TRY(find(connection, careful_ ? Look::and_lock : Look::only));
  mostly_known_ = known > ids_.size() / 2;
  return {};
}

// Looks up the groups that are not known yet.
Result<std::size_t> PostgresRowTable::find(PgConnection& connection, Look look) {
  PgArray ids(PgType::uuid), rows(PgType::int8);
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const RowGroup& group = decisions_.groups()[i];
    if (group.known) continue;
    ids.next().bytes(view(ids_[i]));
    if (look == Look::and_touch)
      rows.next().int8(static_cast<std::int64_t>(decisions_.row_of(group).row_number));
  }
  if (ids.count() == 0) return 0;
  constexpr const char* kColumns = "d.id, d.content_hash, d.key_hash, d.job_sequence, d.row_number";
  PgParams params;
  params.binary(ids.take(), static_cast<Oid>(PgArrayType::uuid));
  std::string sql;
  if (look == Look::and_touch) {
    sql = kTouch + dataset_.within + " AND d.job_id <> $3::uuid RETURNING " + kColumns;
    params.binary(rows.take(), static_cast<Oid>(PgArrayType::int8))
        .text(spec_.job_id)
        .integer(spec_.job_sequence);
  } else {
    sql = std::string("SELECT ") + kColumns + " FROM ingested_data d WHERE d.id = ANY($1)" + dataset_.within;
    if (look == Look::and_lock) sql += " ORDER BY d.id FOR UPDATE";
  }
  auto found = TRY(connection.query(sql, params, true));
  for (int row = 0; row < found.rows(); ++row) TRY(take_known(found, row));
  return static_cast<std::size_t>(found.rows());
}

Result<> PostgresRowTable::take_known(const PgResult& found, int row) {
  RowId id;
  std::memcpy(id.data(), found.text(row, 0).data(), id.size());
  auto at = std::ranges::lower_bound(ids_, id);
  RowGroup& group = decisions_.groups()[static_cast<std::size_t>(at - ids_.begin())];
  const PreparedRow& mine = decisions_.row_of(group);
  if ((spec_.identity == IdentityKind::content && found.text(row, 1) != view(mine.content_hash)) ||
      (spec_.identity == IdentityKind::key && found.text(row, 2) != mine.identity.view()))
    return fail(ErrorKind::internal,
                "row " + std::to_string(mine.row_number) +
                    " has the id of a stored row of other content; see docs/postgresql.md.");
  group.known = true;
  if (found.text(row, 1).size() == group.content_hash.size())
    std::memcpy(group.content_hash.data(), found.text(row, 1).data(), group.content_hash.size());
  group.job_sequence = found.binary_integer(row, 3);
  group.row_number = static_cast<std::uint64_t>(found.binary_integer(row, 4));
  known_versions_[static_cast<std::size_t>(at - ids_.begin())] = {group.job_sequence, group.row_number};
  return {};
}

// Of each row the version that was decided upon: what somebody else has changed meanwhile must not be
// overwritten with something older.
void PostgresRowTable::add_known_versions(PgParams& params, std::span<const std::uint32_t> groups) const {
  PgArray sequences(PgType::int8), rows(PgType::int8);
  for (std::uint32_t at : groups) {
    sequences.next().int8(known_versions_[at].job_sequence);
    rows.next().int8(static_cast<std::int64_t>(known_versions_[at].row_number));
  }
  params.binary(sequences.take(), static_cast<Oid>(PgArrayType::int8))
      .binary(rows.take(), static_cast<Oid>(PgArrayType::int8));
}

Result<> PostgresRowTable::replace(PgConnection& connection, std::span<const std::uint32_t> groups) {
  if (groups.empty()) return {};
  PgArray rows(PgType::int8), hashes(PgType::bytea), data(PgType::jsonb), metadata(PgType::jsonb);
  for (std::uint32_t at : groups) {
    const RowGroup& group = decisions_.groups()[at];
    const PreparedRow& row = decisions_.row_of(group);
    rows.next().int8(static_cast<std::int64_t>(group.row_number));
    hashes.next().bytes(view(row.content_hash));
    data.next().jsonb_or_null(target_.exists() ? std::string_view() : row.data);
    metadata.next().jsonb_or_null(row.metadata);
  }
  PgParams params;
  params.binary(ids_of(groups), static_cast<Oid>(PgArrayType::uuid))
      .binary(rows.take(), static_cast<Oid>(PgArrayType::int8))
      .binary(hashes.take(), static_cast<Oid>(PgArrayType::bytea))
      .binary(data.take(), static_cast<Oid>(PgArrayType::jsonb))
      .binary(metadata.take(), static_cast<Oid>(PgArrayType::jsonb))
      .text(spec_.job_id)
      .integer(spec_.job_sequence);
  add_known_versions(params, groups);
  std::string set_part = "aggregated = NULL, ", parts, part;
  if (keeps_parts()) {
    PgArray array(PgType::text);
    for (std::uint32_t at : groups) array.next().bytes(parts_[at]);
    params.binary(array.take(), static_cast<Oid>(PgArrayType::text));
    set_part = "aggregated = u.p, ", parts = ", $10::text[]", part = ", p";
  }
  auto replaced = TRY(connection.query(
      "UPDATE ingested_data d SET row_number = u.n, content_hash = u.h, data = u.d, metadata = u.m, " +
          set_part +
          "job_id = $6::uuid, job_sequence = $7::bigint, updated_at = now() "
          "FROM unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::jsonb[], $5::jsonb[], $8::bigint[], "
          "$9::bigint[]" +
          parts + ") AS u(id, n, h, d, m, was_sequence, was_number" + part + ") " + kStillThat +
          dataset_.within,
      params));
  if (replaced.affected() != groups.size()) return raced_with_others();
  if (!target_.exists()) return {};
  TRY(target_.remove(connection, ids_of(groups)));
  return target_.put(connection, decisions_, groups, ids_);
}

Result<> PostgresRowTable::move(PgConnection& connection, std::span<const std::uint32_t> groups) {
  if (groups.empty()) return {};
  PgArray rows(PgType::int8);
  for (std::uint32_t at : groups)
    rows.next().int8(static_cast<std::int64_t>(decisions_.groups()[at].row_number));
  PgParams params;
  params.binary(ids_of(groups), static_cast<Oid>(PgArrayType::uuid))
      .binary(rows.take(), static_cast<Oid>(PgArrayType::int8))
      .text(spec_.job_id)
      .integer(spec_.job_sequence);
  add_known_versions(params, groups);
  auto moved = TRY(connection.query(
      "UPDATE ingested_data d SET row_number = u.n, job_id = $3::uuid, job_sequence = $4::bigint, "
      "updated_at = now() FROM unnest($1::uuid[], $2::bigint[], $5::bigint[], $6::bigint[]) "
      "AS u(id, n, was_sequence, was_number) " +
          kStillThat + dataset_.within,
      params));
  if (moved.affected() != groups.size()) return raced_with_others();
  return {};
}

// What this job has touched already is left alone.
Result<> PostgresRowTable::touch(PgConnection& connection, std::span<const std::uint32_t> groups) {
  std::vector<std::uint32_t> touched;
  PgArray rows(PgType::int8);
  for (std::uint32_t at : groups) {
    const RowGroup& group = decisions_.groups()[at];
    const std::uint64_t row_number = decisions_.row_of(group).row_number;
    if (group.job_sequence == spec_.job_sequence && group.row_number <= row_number) continue;
    touched.push_back(at);
    rows.next().int8(static_cast<std::int64_t>(row_number));
  }
  if (touched.empty()) return {};
  TRY(connection.query(kTouch + dataset_.within,
                       PgParams()
                           .binary(ids_of(touched), static_cast<Oid>(PgArrayType::uuid))
                           .binary(rows.take(), static_cast<Oid>(PgArrayType::int8))
                           .text(spec_.job_id)
                           .integer(spec_.job_sequence)));
  return {};
}

}  // namespace sluice
