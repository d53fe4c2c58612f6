#include "server/room.h"

namespace sluice {

Result<> check_room(Service& service, const std::string& tenant) {
  const std::uint64_t waiting = TRY(service.store.statistics().waiting(tenant, service.most_waiting_jobs));
  if (waiting < service.most_waiting_jobs) return {};
  constexpr int kRetrySeconds = 30;
  return refuse(
      {.status = 429,
       .name = "queue-full",
       .title = "Too many jobs are waiting",
       .detail = std::to_string(waiting) +
                 " jobs wait to be begun, which is as many as may. Send this again when there are fewer.",
       .retry_after_seconds = kRetrySeconds});
}

Result<> check_room_ahead(Service& service, const Request& request) {
  if (!request.headers.get("Idempotency-Key").empty()) return {};
  return check_room(service, request.principal.tenant);
}

}  // namespace sluice
