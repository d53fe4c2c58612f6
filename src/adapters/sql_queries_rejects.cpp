// Rejects of a job: one by one, in pages, and counted.
#include "adapters/sql_queries.h"
#include "base/uuid.h"

namespace sluice {
namespace {

constexpr std::size_t kIssuesAtOnce = 1000;
constexpr const char* kSelectRejects =
    "SELECT id, row_number, line, raw, resolved_by, code, field, field_number, \"constraint\", value, "
    "message, suggestion FROM validation_errors WHERE job_id = $1 ";

Issue issue_of(const SqlRows& rows, std::size_t row) {
  Issue issue;
  issue.code = reject_code_named(rows.text(row, 5)).value_or(RejectCode::transform_error);
  issue.field = rows.text(row, 6);
  issue.field_number = static_cast<std::uint32_t>(rows.whole(row, 7));
  issue.constraint = rows.text(row, 8);
  issue.value = rows.text(row, 9);
  issue.message = rows.text(row, 10);
  issue.suggestion = rows.text(row, 11);
  return issue;
}

StoredReject reject_of(const SqlRows& rows, std::size_t row) {
  StoredReject reject;
  reject.row.row_number = rows.whole(row, 1);
  reject.row.line = rows.whole(row, 2);
  reject.row.raw = rows.text(row, 3);
  reject.resolved_by = rows.text(row, 4);
  return reject;
}

}  // namespace

Result<> SqlQueryStore::each_reject(const std::string& job_id,
                                    const std::function<bool(const StoredReject&)>& visit) {
  if (!uuid_bytes(job_id)) return {};
  // Page by page, so that neither a transaction nor a connection is held while the visitor takes its time.
  std::optional<StoredReject> reject;
  std::int64_t after_row = -1, after_id = -1;
  for (std::size_t size = kIssuesAtOnce; size == kIssuesAtOnce;) {
    const auto page = TRY(database_.read(
        kSelectRejects + std::string("AND (row_number, id) > ($2, $3) ORDER BY row_number, id LIMIT $4"),
        {job_id, after_row, after_id, kIssuesAtOnce}));
    size = page.size();
    for (std::size_t row = 0; row < size; ++row) {
      after_id = page.integer(row, 0);
      after_row = page.integer(row, 1);
      if (!reject || page.whole(row, 1) != reject->row.row_number) {
        if (reject && !visit(*reject)) return {};
        reject = reject_of(page, row);
      }
      reject->row.issues.push_back(issue_of(page, row));
    }
  }
  if (reject) visit(*reject);
  return {};
}

Result<std::vector<RejectGroup>> SqlQueryStore::reject_groups(const std::string& job_id,
                                                              const RejectFilter& filter) {
  std::vector<RejectGroup> groups;
  if (!uuid_bytes(job_id)) return groups;
  const std::string open = filter.only_open ? "AND resolved_by IS NULL " : "";
  const auto rows =
      TRY(database_.scan("SELECT code, coalesce(field, '') AS field, coalesce(\"constraint\", '') AS rule, "
                         "count(*) AS issues, min(message) FROM validation_errors WHERE job_id = $1 " +
                             open + "GROUP BY 1, 2, 3 ORDER BY issues DESC, 1, 2, 3",
                         {job_id}));
  for (std::size_t row = 0; row < rows.size(); ++row)
    groups.push_back({.code = rows.text(row, 0),
                      .field = rows.text(row, 1),
                      .constraint = rows.text(row, 2),
                      .count = rows.whole(row, 3),
                      .example = rows.text(row, 4)});
  return groups;
}

Result<std::vector<StoredReject>> SqlQueryStore::rejects(const std::string& job_id,
                                                         const RejectFilter& filter, std::uint64_t after,
                                                         std::size_t limit) {
  std::vector<StoredReject> rejects;
  if (!uuid_bytes(job_id)) return rejects;
  SqlParams params = {job_id, after, limit};
  std::string wanted =
      "SELECT DISTINCT row_number FROM validation_errors WHERE job_id = $1 AND row_number > $2";
  auto demand = [&](const char* condition, const std::string& value) {
    if (value.empty()) return;
    params.emplace_back(value);
    wanted += condition + std::to_string(params.size());
  };
  demand(" AND code = $", filter.code);
  demand(" AND field = $", filter.field);
  if (filter.only_open) wanted += " AND resolved_by IS NULL";
  // Rows that have an issue that is asked for, and all issues of these.
  const auto rows = TRY(database_.read(kSelectRejects + ("AND row_number IN (" + wanted) +
                                           " ORDER BY row_number LIMIT $3) ORDER BY row_number, id",
                                       params));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rejects.empty() || rejects.back().row.row_number != rows.whole(row, 1))
      rejects.push_back(reject_of(rows, row));
    rejects.back().row.issues.push_back(issue_of(rows, row));
  }
  return rejects;
}

}  // namespace sluice
