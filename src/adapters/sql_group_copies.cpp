#include "adapters/sql_group_copies.h"

#include <nlohmann/json.hpp>

#include "adapters/aggregate_delta.h"
#include "adapters/sql_aggregates.h"
#include "base/uuid.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMarkedTogether = 2000;

}  // namespace

Result<std::optional<std::string>> SqlGroupCopies::hold(const std::string& holder,
                                                        std::chrono::milliseconds hold) {
  auto take = [&] {
    return database_.write(
        "UPDATE aggregate_copies SET holder = $1, held_until_ms = {now} + $2 WHERE name = 'documents' AND "
        "(holder = $1 OR held_until_ms <= {now}) RETURNING store",
        {holder, hold.count()});
  };
  auto taken = TRY(take());
  if (taken.empty()) {
    const auto made = TRY(database_.write(
        "INSERT INTO aggregate_copies (name, store, holder, held_until_ms) VALUES ('documents', $1, '', 0) "
        "ON CONFLICT (name) DO NOTHING RETURNING store",
        {new_uuid()}));
    if (made.empty()) return std::nullopt;
    taken = TRY(take());
  }
  if (taken.empty()) return std::nullopt;
  return taken.text(0, 0);
}

// By the partial indexes of both tables, however many groups there are.
Result<std::vector<ChangedAggregate>> SqlGroupCopies::changed() {
  const std::string of_it =
      "EXISTS (SELECT 1 FROM aggregate_groups g WHERE g.tenant = d.tenant AND g.name = d.name";
  const auto rows = TRY(database_.read(
      "SELECT d.tenant, d.name, min(d.definition), max(CASE WHEN " + of_it +
      " AND g.stale <> '' AND g.rows > 0) THEN 1 ELSE 0 END) FROM aggregate_definitions d WHERE " + of_it +
      " AND g.changed) GROUP BY d.tenant, d.name ORDER BY d.tenant, d.name"));
  std::vector<ChangedAggregate> changed;
  for (std::size_t row = 0; row < rows.size(); ++row)
    changed.push_back({.tenant = rows.text(row, 0),
                       .spec = TRY(aggregate_of(rows.text(row, 2))),
                       .to_look_up = rows.integer(row, 3) != 0});
  return changed;
}

Result<SqlRows> SqlGroupCopies::marked_after(const ChangedAggregate& aggregate, const std::string& after,
                                             std::size_t limit) {
  return database_.read(
      "SELECT group_hash, version, group_key, rows, measures, updated_at_ms FROM aggregate_groups WHERE "
      "tenant = $1 AND name = $2 AND group_hash > $3 AND changed AND (stale = '' OR rows <= 0) ORDER BY "
      "group_hash LIMIT $4",
      {aggregate.tenant, aggregate.spec.name, after, limit});
}

Result<std::vector<ChangedGroup>> SqlGroupCopies::changed_groups(const ChangedAggregate& aggregate,
                                                                 std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::string& after = after_[{aggregate.tenant, aggregate.spec.name}];
  auto rows = TRY(marked_after(aggregate, after, limit));
  if (rows.empty() && !after.empty()) rows = TRY(marked_after(aggregate, "", limit));
  after = rows.size() == limit ? rows.text(rows.size() - 1, 0) : "";
  std::vector<ChangedGroup> groups;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    GroupState state = TRY(group_state(aggregate.spec, rows.integer(row, 3), rows.text(row, 4), ""));
    groups.push_back({.hash = rows.text(row, 0),
                      .version = rows.integer(row, 1),
                      .group = {.by = values_of_group_key(rows.text(row, 2)),
                                .measures = std::move(state.values),
                                .rows = state.rows,
                                .updated_at = sql_time_text(rows.integer(row, 5)),
                                .cursor = {}}});
  }
  return groups;
}

// Locked in the order of their hashes, which is that of everybody who changes several groups; and for a
// moment only, as commits wait for that.
Result<> SqlGroupCopies::copied(const ChangedAggregate& aggregate, std::span<const ChangedGroup> groups) {
  Json versions = Json::object();
  for (const ChangedGroup& group : groups) versions[group.hash] = std::to_string(group.version);
  const std::string& name = aggregate.spec.name;
  return database_.transact<void>([&](SqlSession& session) -> Result<> {
    if (database_.dialect() == SqlDialect::sqlite) {
      TRY(session.run(
          "UPDATE aggregate_groups SET changed = false FROM json_each($3) v WHERE tenant = $1 AND name "
          "= $2 AND group_hash = v.key AND version = CAST(v.value AS integer)",
          {aggregate.tenant, name, versions.dump()}));
      return {};
    }
    TRY(session.run(
        "SELECT count(*) FROM (SELECT 1 FROM aggregate_groups WHERE tenant = $1 AND name = $2 AND "
        "group_hash IN (SELECT key FROM json_each_text($3::json)) ORDER BY group_hash FOR UPDATE) g",
        {aggregate.tenant, name, versions.dump()}));
    TRY(session.run(
        "UPDATE aggregate_groups SET changed = false FROM json_each_text($3::json) v WHERE tenant = $1 "
        "AND name = $2 AND group_hash = v.key AND version = v.value::bigint",
        {aggregate.tenant, name, versions.dump()}));
    return {};
  });
}

// With a new version each: whatever a copy has now is older. A portion of one aggregate at a time, in the
// order of everybody who changes several groups.
Result<> SqlGroupCopies::mark_all() {
  const auto aggregates = TRY(database_.read("SELECT DISTINCT tenant, name FROM aggregate_definitions"));
  for (std::size_t row = 0; row < aggregates.size(); ++row) {
    const std::string &tenant = aggregates.text(row, 0), &name = aggregates.text(row, 1);
    std::string after;
    const std::function<Result<bool>(SqlSession&)> mark_some = [&](SqlSession& session) -> Result<bool> {
      const auto found =
          TRY(session.run("SELECT group_hash FROM aggregate_groups WHERE tenant = $1 AND name = $2 AND "
                          "group_hash > $3 ORDER BY group_hash LIMIT $4" +
                              for_update(database_.dialect()),
                          {tenant, name, after, kMarkedTogether}));
      if (found.empty()) return false;
      const std::string& last = found.text(found.size() - 1, 0);
      TRY(session.run(
          "UPDATE aggregate_groups SET changed = true, version = version + 1 WHERE tenant = $1 AND name = "
          "$2 AND group_hash > $3 AND group_hash <= $4",
          {tenant, name, after, last}));
      after = last;
      return true;
    };
    while (TRY(database_.transact<bool>(mark_some))) {
    }
  }
  return {};
}

}  // namespace sluice
