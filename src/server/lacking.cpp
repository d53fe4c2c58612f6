// May they? Asked by the transport before a route's handler runs.
#include <algorithm>

#include "server/routes.h"

namespace sluice {

std::optional<Permission> lacking(const Route& route, const Request& request, Role role) {
  if (!allows(role, route.permission)) return route.permission;
  for (const auto& [flag, permission] : route.flags) {
    auto [first, last] = request.query.equal_range(flag);
    const bool set = std::any_of(first, last, [](const auto& asked) { return asked.second != "false"; });
    if (set && !allows(role, permission)) return permission;
  }
  return std::nullopt;
}

}  // namespace sluice
