#include "adapters/store_sqlite_queries.h"

namespace sluice {

Result<> SqliteQueryStore::each_reject(const std::string& job_id,
                                       const std::function<bool(const StoredReject&)>& visit) {
  // A connection of its own: the visitor may take its time, and may call the store.
  auto reader = TRY(open_reader(database_.writer.path(), database_.options));
  auto select = TRY(SqliteStatement::prepare(
      reader,
      "SELECT row_number, line, raw, resolved_by, code, field, field_number, \"constraint\", value, message, "
      "suggestion FROM validation_errors WHERE job_id = ?1 ORDER BY row_number, id"));
  select.bind(1, job_id);
  StoredReject reject;
  bool any = false;
  while (TRY(select.step())) {
    if (!any || select.whole(0) != reject.row.row_number) {
      if (any && !visit(reject)) return {};
      any = true;
      reject = {};
      reject.row.row_number = select.whole(0);
      reject.row.line = select.whole(1);
      reject.row.raw = select.text(2);
      reject.resolved_by = select.text(3);
    }
    Issue issue;
    issue.code = reject_code_named(select.text(4)).value_or(RejectCode::transform_error);
    issue.field = select.text(5);
    issue.field_number = static_cast<std::uint32_t>(select.whole(6));
    issue.constraint = select.text(7);
    issue.value = select.text(8);
    issue.message = select.text(9);
    issue.suggestion = select.text(10);
    reject.row.issues.push_back(std::move(issue));
  }
  if (any) visit(reject);
  return {};
}

Result<Outcome> SqliteQueryStore::outcome(const std::string& job_id, std::uint64_t row_number) {
  std::lock_guard lock(database_.reader_mutex);
  auto select = TRY(SqliteStatement::prepare(
      database_.reader,
      "SELECT first_row, runs FROM row_outcomes WHERE job_id = ?1 AND first_row <= ?2 AND last_row >= ?2 "
      "ORDER BY first_row DESC"));
  select.bind(1, job_id);
  select.bind(2, row_number);
  // One batch holds the row; a resubmission may have others around it.
  while (TRY(select.step())) {
    Outcome outcome = outcome_in(select.blob(1), select.whole(0), row_number);
    if (outcome != Outcome::none) return outcome;
  }
  return Outcome::none;
}

Result<std::optional<KeptPipeline>> SqliteQueryStore::pipeline(const std::string& tenant,
                                                               const std::string& name) {
  std::lock_guard lock(database_.reader_mutex);
  auto select = TRY(SqliteStatement::prepare(
      database_.reader, "SELECT name, text, inferred FROM pipelines WHERE tenant = ?1 AND name = ?2"));
  select.bind(1, tenant);
  select.bind(2, name);
  if (!TRY(select.step())) return std::nullopt;
  return KeptPipeline{std::string(select.text(0)), std::string(select.text(1)), select.integer(2) != 0};
}

Result<> SqliteQueryStore::keep_pipeline(const std::string& tenant, const KeptPipeline& pipeline) {
  auto pass = database_.gate.control();
  auto insert = TRY(SqliteStatement::prepare(
      database_.writer,
      "INSERT INTO pipelines (tenant, name, text, inferred, created_at, updated_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT (tenant, name) DO UPDATE SET text = excluded.text, "
      "inferred = excluded.inferred, updated_at = excluded.updated_at"));
  std::string now = rfc3339(now_ms());
  insert.bind(1, tenant);
  insert.bind(2, pipeline.name);
  insert.bind(3, pipeline.text);
  insert.bind(4, std::int64_t{pipeline.inferred});
  insert.bind(5, now);
  return insert.run();
}

}  // namespace sluice
