#include "adapters/sql_audit.h"

namespace sluice {

Result<> SqlAuditLog::add(const AuditEntry& entry) {
  TRY(database_.write(
      "INSERT INTO audit_log (time_ms, tenant, actor, action, subject, detail, request_id) "
      "VALUES ({now}, $1, $2, $3, $4, $5, $6)",
      {entry.tenant, entry.actor, entry.action, entry.subject, entry.detail, entry.request_id}));
  return {};
}

Result<std::vector<AuditEntry>> SqlAuditLog::list(const AuditFilter& filter,
                                                  std::optional<std::int64_t> before, std::size_t limit) {
  SqlParams params = {limit};
  std::string where;
  auto demand = [&](const char* condition, SqlValue value) {
    params.push_back(std::move(value));
    where += (where.empty() ? "WHERE " : " AND ") + std::string(condition) + std::to_string(params.size());
  };
  if (!filter.tenant.empty()) demand("tenant = $", filter.tenant);
  if (!filter.actor.empty()) demand("actor = $", filter.actor);
  if (!filter.action.empty()) demand("action = $", filter.action);
  if (before) demand("number < $", *before);
  auto rows =
      TRY(database_.read("SELECT number, time_ms, tenant, actor, action, subject, detail, request_id "
                         "FROM audit_log " +
                             where + " ORDER BY number DESC LIMIT $1",
                         params));
  std::vector<AuditEntry> entries;
  for (std::size_t row = 0; row < rows.size(); ++row)
    entries.push_back({rows.integer(row, 0), sql_time_text(rows.integer(row, 1)), rows.text(row, 2),
                       rows.text(row, 3), rows.text(row, 4), rows.text(row, 5), rows.text(row, 6),
                       rows.text(row, 7)});
  return entries;
}

}  // namespace sluice
