#include "server/permissions.h"

namespace sluice {

std::string_view name_of(Permission permission) {
  switch (permission) {
    case Permission::open: return "open";
    case Permission::read: return "read";
    case Permission::read_data: return "read_data";
    case Permission::submit: return "submit";
    case Permission::operate: return "operate";
    case Permission::administer: return "administer";
  }
  return "";
}

bool allows(Role role, Permission permission) {
  switch (permission) {
    case Permission::open:
    case Permission::read: return true;
    case Permission::read_data:
    case Permission::submit: return role != Role::viewer;
    case Permission::operate: return role == Role::operator_ || role == Role::admin;
    case Permission::administer: return role == Role::admin;
  }
  return false;
}

}  // namespace sluice
