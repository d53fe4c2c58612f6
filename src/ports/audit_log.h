// AuditLog: who did what (contract, section 7). Entries are only ever added. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

struct AuditEntry {
  std::int64_t number = 0;  // the store's; rises
  std::string time;         // the store's; RFC 3339 UTC
  std::string tenant;
  std::string actor;    // "key:ID", "cli:USER@HOST", "system"
  std::string action;   // "key.create", "pipeline.put", "job.delete", "queue.replay", "report.download" …
  std::string subject;  // what it was done to: an id or a name
  std::string detail;   // JSON object; "" for none
  std::string request_id;
};

struct AuditFilter {
  std::string tenant, actor, action;  // "" matches any
};

class AuditLog {
 public:
  virtual ~AuditLog() = default;
  virtual Result<> add(const AuditEntry& entry) = 0;
  // Newest first; those before `before`, where it is given.
  virtual Result<std::vector<AuditEntry>> list(const AuditFilter& filter, std::optional<std::int64_t> before,
                                               std::size_t limit) = 0;
};

}  // namespace sluice
