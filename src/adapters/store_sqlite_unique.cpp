#include "adapters/store_sqlite_unique.h"

#include <algorithm>

namespace sluice {
Result<> SqliteUniqueValues::prepare(SqliteConnection& writer, const WriteSpec& spec) {
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

Result<> SqliteUniqueValues::load(UniqueClaims& claims) {
  find_.bind(1, job_sequence_);
  for (UniqueClaims::Holder& holder : claims.holders()) {
    find_.bind(2, std::uint64_t{holder.constraint});
    find_.bind_blob(3, view(holder.digest));
    if (TRY(find_.step())) {
      holder.row_number = find_.whole(0);
      std::string_view identity = find_.blob(1);
      std::copy_n(identity.begin(), std::min(identity.size(), holder.identity.size()),
                  holder.identity.begin());
    }
    find_.reset();
  }
  return {};
}

Result<> SqliteUniqueValues::write(UniqueClaims& claims) {
  insert_.bind(1, job_sequence_);
  insert_.bind_null(5);
  for (const UniqueClaims::Holder& holder : claims.holders()) {
    if (!holder.fresh) continue;
    insert_.bind(2, std::uint64_t{holder.constraint});
    insert_.bind_blob(3, view(holder.digest));
    insert_.bind(4, holder.row_number);
    if (claims.by_identity()) insert_.bind_blob(5, view(holder.identity));
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
