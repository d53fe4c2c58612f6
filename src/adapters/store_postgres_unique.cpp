// Table job_unique_values, for PostgresRowTable: who holds the values that may stand only once in a job.
#include <cstring>

#include "adapters/pg_binary.h"
#include "adapters/store_postgres_table.h"

namespace sluice {
Result<> PostgresRowTable::load_unique(PgConnection& connection) {
  PgArray constraints(PgType::int8), digests(PgType::uuid);
  auto holders = decisions_.unique().holders();
  for (const UniqueClaims::Holder& holder : holders) {
    constraints.next().int8(holder.constraint);
    digests.next().bytes(view(holder.digest));
  }
  auto found =
      TRY(connection.query("SELECT u.n, h.row_number, h.identity FROM unnest($2::bigint[], $3::uuid[]) WITH "
                           "ORDINALITY AS u(c, d, n) "
                           "JOIN job_unique_values h ON h.job_sequence = $1::bigint AND h.constraint_number "
                           "= u.c AND h.digest = u.d",
                           PgParams()
                               .integer(spec_.job_sequence)
                               .binary(constraints.take(), static_cast<Oid>(PgArrayType::int8))
                               .binary(digests.take(), static_cast<Oid>(PgArrayType::uuid)),
                           true));
  for (int row = 0; row < found.rows(); ++row) {
    UniqueClaims::Holder& holder = holders[static_cast<std::size_t>(found.binary_integer(row, 0) - 1)];
    holder.row_number = static_cast<std::uint64_t>(found.binary_integer(row, 1));
    if (found.text(row, 2).size() == holder.identity.size())
      std::memcpy(holder.identity.data(), found.text(row, 2).data(), holder.identity.size());
  }
  return {};
}

Result<> PostgresRowTable::write_unique(PgConnection& connection) {
  PgArray constraints(PgType::int8), digests(PgType::uuid), rows(PgType::int8), identities(PgType::uuid);
  for (const UniqueClaims::Holder& holder : decisions_.unique().holders()) {
    if (!holder.fresh) continue;
    constraints.next().int8(holder.constraint);
    digests.next().bytes(view(holder.digest));
    rows.next().int8(static_cast<std::int64_t>(holder.row_number));
    if (decisions_.unique().by_identity())
      identities.next().bytes(view(holder.identity));
    else
      identities.next().null();
  }
  const std::uint64_t wanted = rows.count();
  if (wanted == 0) return {};
  auto written = TRY(connection.query(
      "INSERT INTO job_unique_values (job_sequence, constraint_number, digest, row_number, identity) "
      "SELECT $1::bigint, u.* FROM unnest($2::bigint[], $3::uuid[], $4::bigint[], $5::uuid[]) u "
      "ON CONFLICT DO NOTHING",
      PgParams()
          .integer(spec_.job_sequence)
          .binary(constraints.take(), static_cast<Oid>(PgArrayType::int8))
          .binary(digests.take(), static_cast<Oid>(PgArrayType::uuid))
          .binary(rows.take(), static_cast<Oid>(PgArrayType::int8))
          .binary(identities.take(), static_cast<Oid>(PgArrayType::uuid))));
  if (written.affected() == wanted) return {};
  // another split of this job has taken one of the values
  return raced_with_others();
}

}  // namespace sluice
