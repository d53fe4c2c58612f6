// AuditLog on either database.
#pragma once

#include "adapters/sql_database.h"
#include "ports/audit_log.h"

namespace sluice {

class SqlAuditLog final : public AuditLog {
 public:
  explicit SqlAuditLog(SqlDatabase& database) : database_(database) {}

  Result<> add(const AuditEntry& entry) override;
  Result<std::vector<AuditEntry>> list(const AuditFilter& filter, std::optional<std::int64_t> before,
                                       std::size_t limit) override;

 private:
  SqlDatabase& database_;
};

}  // namespace sluice
