// AggregateStore on either database. Thread-safe.
#pragma once

#include <functional>

#include "adapters/aggregate_delta.h"
#include "adapters/sql_database.h"
#include "ports/aggregate_store.h"

namespace sluice {

// The values of AggregateSpec::by as JSON, of a key as the tables have it.
std::vector<std::string> values_of_group_key(const std::string& key);

// Behind a SELECT of groups in the order of their hashes, which is how everybody locks several.
std::string for_update(SqlDialect dialect);

class SqlAggregateStore final : public AggregateStore {
 public:
  explicit SqlAggregateStore(SqlDatabase& database) : database_(database) {}

  Result<std::vector<DeclaredAggregate>> list(const std::string& tenant) override;
  Result<std::optional<DeclaredAggregate>> get(const std::string& tenant, const std::string& name) override;
  Result<std::vector<AggregateGroup>> groups(const std::string& tenant, const AggregateSpec& spec,
                                             const AggregateQuestion& question) override;
  Result<> look_up(const std::string& tenant, const AggregateSpec& spec) override;
  Result<AggregateCheck> rebuild(const std::string& tenant, const DeclaredAggregate& aggregate) override;
  Result<GroupBeforeAndAfter> set(const std::string& tenant, const DeclaredAggregate& aggregate,
                                  const GroupSetting& setting) override;

 private:
  Result<std::vector<DeclaredAggregate>> select(const std::string& condition, const SqlParams& params);
  Result<> exclude_commits(SqlSession& session, const std::string& tenant,
                           const std::vector<std::string>& pipelines);
  Result<AggregateCheck> make_anew(SqlSession& session, const std::string& tenant,
                                   const DeclaredAggregate& aggregate);
  Result<> declare(SqlSession& session, const std::string& tenant, const DeclaredAggregate& aggregate);

  SqlDatabase& database_;
};

}  // namespace sluice
