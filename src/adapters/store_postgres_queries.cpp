#include "adapters/store_postgres_queries.h"

#include "base/uuid.h"

namespace sluice {
namespace {

constexpr int kPage = 1000;  // reasons fetched at once

Issue issue_of(const PgResult& page, int row) {
  Issue issue;
  issue.code = reject_code_named(page.text(row, 5)).value_or(RejectCode::transform_error);
  issue.field = page.text(row, 6);
  issue.field_number = static_cast<std::uint32_t>(page.whole(row, 7));
  issue.constraint = page.text(row, 8);
  issue.value = page.text(row, 9);
  issue.message = page.text(row, 10);
  issue.suggestion = page.text(row, 11);
  return issue;
}

}  // namespace

Result<> PostgresQueryStore::each_reject(const std::string& job_id,
                                         const std::function<bool(const StoredReject&)>& visit) {
  if (!uuid_bytes(job_id)) return {};
  // Page by page, so that neither a transaction nor a connection is held while the visitor takes its time.
  StoredReject reject;
  bool any = false;
  std::int64_t after_row = -1, after_id = -1;
  for (int rows = kPage; rows == kPage;) {
    PgResult page = TRY(pool_.transact<PgResult>([&](PgConnection& connection) {
      return connection.query(
          "SELECT id, row_number, line, raw, resolved_by, code, field, field_number, \"constraint\", value, "
          "message, suggestion FROM validation_errors WHERE job_id = $1 AND (row_number, id) > ($2, $3) "
          "ORDER BY row_number, id LIMIT " +
              std::to_string(kPage),
          PgParams().text(job_id).integer(after_row).integer(after_id));
    }));
    rows = page.rows();
    for (int row = 0; row < rows; ++row) {
      after_id = page.integer(row, 0);
      after_row = page.integer(row, 1);
      if (!any || page.whole(row, 1) != reject.row.row_number) {
        if (any && !visit(reject)) return {};
        any = true;
        reject = {};
        reject.row.row_number = page.whole(row, 1);
        reject.row.line = page.whole(row, 2);
        reject.row.raw = page.text(row, 3);
        reject.resolved_by = page.text(row, 4);
      }
      reject.row.issues.push_back(issue_of(page, row));
    }
  }
  if (any) visit(reject);
  return {};
}

Result<Outcome> PostgresQueryStore::outcome(const std::string& job_id, std::uint64_t row_number) {
  if (!uuid_bytes(job_id)) return Outcome::none;
  return pool_.transact<Outcome>([&](PgConnection& connection) -> Result<Outcome> {
    auto found = TRY(connection.query(
        "SELECT first_row, runs FROM row_outcomes WHERE job_id = $1 AND first_row <= $2 AND last_row >= "
        "$2 ORDER BY first_row DESC",
        PgParams().text(job_id).whole(row_number), true));
    // One batch holds the row; a resubmission may have others around it.
    for (int row = 0; row < found.rows(); ++row) {
      auto first = static_cast<std::uint64_t>(found.binary_integer(row, 0));
      Outcome outcome = outcome_in(found.text(row, 1), first, row_number);
      if (outcome != Outcome::none) return outcome;
    }
    return Outcome::none;
  });
}

Result<std::optional<KeptPipeline>> PostgresQueryStore::pipeline(const std::string& tenant,
                                                                 const std::string& name) {
  return pool_.transact<std::optional<KeptPipeline>>(
      [&](PgConnection& connection) -> Result<std::optional<KeptPipeline>> {
        auto found =
            TRY(connection.query("SELECT name, text, inferred FROM pipelines WHERE tenant = $1 AND name = $2",
                                 PgParams().text(tenant).text(name)));
        if (found.rows() == 0) return std::nullopt;
        return KeptPipeline{std::string(found.text(0, 0)), std::string(found.text(0, 1)), found.yes(0, 2)};
      });
}

Result<> PostgresQueryStore::keep_pipeline(const std::string& tenant, const KeptPipeline& pipeline) {
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    TRY(connection.query(
        "INSERT INTO pipelines (tenant, name, text, inferred) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, "
        "name) "
        "DO UPDATE SET text = excluded.text, inferred = excluded.inferred, updated_at = now()",
        PgParams().text(tenant).text(pipeline.name).text(pipeline.text).boolean(pipeline.inferred)));
    return {};
  });
}

}  // namespace sluice
