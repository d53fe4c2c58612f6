#include "ports/key_store.h"

#include <array>

namespace sluice {
namespace {
constexpr std::array<std::string_view, 4> kRoleNames = {"viewer", "uploader", "operator", "admin"};
}

std::string_view name_of(Role role) { return kRoleNames[static_cast<std::size_t>(role)]; }

std::optional<Role> role_named(std::string_view name) {
  for (std::size_t i = 0; i < kRoleNames.size(); ++i)
    if (kRoleNames[i] == name) return static_cast<Role>(i);
  return std::nullopt;
}

}  // namespace sluice
