// What somebody set a group to by hand, kept as the difference to what rows make of it: groups are what the
// rows and these together make of them. Parts of a transaction, shared by the operations of
// SqlAggregateStore.
#pragma once

#include <string>
#include <vector>

#include "adapters/aggregate_delta.h"
#include "adapters/sql_database.h"
#include "ports/aggregate_store.h"

namespace sluice {

// Until the transaction ends nobody else declares the aggregate, sets its groups or makes them anew. Comes
// after the locks of datasets and before those of groups.
Result<> lock_aggregate(SqlSession& session, SqlDialect dialect, const std::string& tenant,
                        const std::string& name);

struct Adjustment {
  std::string group_hash, group_key;
  GroupState state;  // may be below 0
};
// All of them; or that of one group, where its hash is given.
Result<std::vector<Adjustment>> adjustments_of(SqlSession& session, const std::string& tenant,
                                               const AggregateSpec& spec, const std::string& group_hash = "");

// Can the aggregate's groups be set, and is this a setting of it? usage
Result<> check_setting(const AggregateSpec& spec, const GroupSetting& setting);
// As AggregateStore::set; the aggregate is locked.
Result<GroupBeforeAndAfter> set_group(SqlSession& session, SqlDialect dialect, const std::string& tenant,
                                      const AggregateSpec& spec, const GroupSetting& setting);

}  // namespace sluice
