#include "server/permissions.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Permissions, ARoleMayDoWhatTheTableSays) {
  struct Row {
    Permission permission;
    bool viewer, uploader, operator_, admin;
  };
  const Row table[] = {
      {Permission::open, true, true, true, true},       {Permission::read, true, true, true, true},
      {Permission::read_data, false, true, true, true}, {Permission::submit, false, true, true, true},
      {Permission::operate, false, false, true, true},  {Permission::administer, false, false, false, true},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(name_of(row.permission));
    EXPECT_EQ(allows(Role::viewer, row.permission), row.viewer);
    EXPECT_EQ(allows(Role::uploader, row.permission), row.uploader);
    EXPECT_EQ(allows(Role::operator_, row.permission), row.operator_);
    EXPECT_EQ(allows(Role::admin, row.permission), row.admin);
  }
}

}  // namespace
}  // namespace sluice
