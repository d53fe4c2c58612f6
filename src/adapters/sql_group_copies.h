// GroupCopies on either database. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <utility>

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
  Result<SqlRows> marked_after(const ChangedAggregate& aggregate, const std::string& after,
                               std::size_t limit);

  SqlDatabase& database_;
  std::mutex mutex_;
  // The hash after which the next groups are taken, round and round: else those that change all the time
  // would be copied again and again, and the others never. Guarded by mutex_.
  std::map<std::pair<std::string, std::string>, std::string> after_;
};

}  // namespace sluice
