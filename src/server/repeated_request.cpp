#include "server/repeated_request.h"

#include "base/sha256.h"
#include "server/accept_file.h"

namespace sluice {
namespace {

constexpr std::size_t kRemembered = 1000;

std::string body_digest(const Request& request) { return to_hex(Sha256().of(request.body)); }

}  // namespace

Result<std::optional<Json>> answered_before(Api& api, const Request& request, const std::string& action,
                                            const std::string& subject) {
  const std::string key = TRY(idempotency_key(request));
  if (key.empty()) return std::optional<Json>();
  const AuditFilter filter{request.principal.tenant, request.principal.actor, action};
  for (const AuditEntry& entry : TRY(api.service.store.audit().list(filter, std::nullopt, kRemembered))) {
    const Json detail = stored_json(entry.detail, Json::object());
    if (detail.value("idempotencyKey", "") != key) continue;
    if (entry.subject == subject && detail.value("request", "") == body_digest(request))
      return std::optional(detail.value("answer", Json::object()));
    return refuse({.status = 422,
                   .name = "idempotency-key-reused",
                   .title = "The Idempotency-Key belongs to another request",
                   .detail = "The Idempotency-Key was sent before with another request of this kind. Send a "
                             "new key with a new request."});
  }
  return std::optional<Json>();
}

Json key_detail(const Request& request, Json detail, const Json& answer) {
  const std::string key(request.headers.get("Idempotency-Key"));
  if (key.empty()) return detail;
  detail["idempotencyKey"] = key;
  detail["request"] = body_digest(request);
  detail["answer"] = answer;
  return detail;
}

}  // namespace sluice
