#include "server/audit.h"

namespace sluice {

Result<> note(Api& api, const Request& request, std::string action, std::string subject, const Json& detail) {
  AuditEntry entry;
  entry.tenant = request.principal.tenant;
  entry.actor = request.principal.actor;
  entry.action = std::move(action);
  entry.subject = std::move(subject);
  if (!detail.empty()) entry.detail = json_text(detail);
  entry.request_id = request.id;
  return api.service.store.audit().add(entry);
}

}  // namespace sluice
