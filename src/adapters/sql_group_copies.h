// GroupCopies on either database. Thread-safe.
#pragma once

#include "adapters/sql_database.h"
#include "ports/group_copies.h"

namespace sluice {

class SqlGroupCopies final : public GroupCopies {
 public:
  explicit SqlGroupCopies(SqlDatabase& database) : database_(database) {}

  Result<std::optional<std::string>> hold(const std::string& holder, std::chrono::milliseconds hold) override;
  Result<std::vector<ChangedAggregate>> changed() override;
  Result<std::vector<ChangedGroup>> changed_groups(const ChangedAggregate& aggregate,
                                                   std::size_t limit) override;
  Result<> copied(const ChangedAggregate& aggregate, std::span<const ChangedGroup> groups) override;
  Result<> mark_all() override;

 private:
  SqlDatabase& database_;
};

}  // namespace sluice
