#include "adapters/sql_group_copies.h"

#include <algorithm>

#include "adapters/aggregate_delta.h"
#include "adapters/sql_aggregates.h"
#include "base/uuid.h"

namespace sluice {

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

Result<std::vector<ChangedAggregate>> SqlGroupCopies::changed() {
  const auto rows =
      TRY(database_.read("SELECT g.tenant, g.name, min(d.definition), max(g.to_look_up) FROM (SELECT tenant, "
                         "name, max(CASE WHEN stale <> '' AND rows > 0 THEN 1 ELSE 0 END) AS to_look_up FROM "
                         "aggregate_groups WHERE changed GROUP BY tenant, name) g JOIN aggregate_definitions "
                         "d ON d.tenant = g.tenant AND d.name = g.name GROUP BY g.tenant, g.name ORDER BY "
                         "g.tenant, g.name"));
  std::vector<ChangedAggregate> changed;
  for (std::size_t row = 0; row < rows.size(); ++row)
    changed.push_back({.tenant = rows.text(row, 0),
                       .spec = TRY(aggregate_of(rows.text(row, 2))),
                       .to_look_up = rows.integer(row, 3) != 0});
  return changed;
}

Result<std::vector<ChangedGroup>> SqlGroupCopies::changed_groups(const ChangedAggregate& aggregate,
                                                                 std::size_t limit) {
  const auto rows = TRY(database_.read(
      "SELECT group_hash, version, group_key, rows, measures, updated_at_ms FROM aggregate_groups WHERE "
      "tenant = $1 AND name = $2 AND changed AND (stale = '' OR rows <= 0) LIMIT $3",
      {aggregate.tenant, aggregate.spec.name, limit}));
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

// In the order of their hashes, which is that of everybody who changes several groups.
Result<> SqlGroupCopies::copied(const ChangedAggregate& aggregate, std::span<const ChangedGroup> groups) {
  std::vector<const ChangedGroup*> in_order;
  for (const ChangedGroup& group : groups) in_order.push_back(&group);
  std::ranges::sort(in_order, {}, &ChangedGroup::hash);
  return database_.transact<void>([&](SqlSession& session) -> Result<> {
    for (const ChangedGroup* group : in_order)
      TRY(
          session.run("UPDATE aggregate_groups SET changed = false WHERE tenant = $1 AND name = $2 AND "
                      "group_hash = $3 AND version = $4",
                      {aggregate.tenant, aggregate.spec.name, group->hash, group->version}));
    return {};
  });
}

Result<> SqlGroupCopies::mark_all() {
  // Locked in the order of everybody who changes several groups.
  const std::string all =
      database_.dialect() == SqlDialect::sqlite
          ? "SELECT 1"
          : "SELECT count(*) FROM (SELECT 1 FROM aggregate_groups WHERE NOT changed ORDER BY tenant, name, "
            "group_hash FOR UPDATE) g";
  return database_.transact<void>([&](SqlSession& session) -> Result<> {
    TRY(session.run(all, {}));
    TRY(session.run("UPDATE aggregate_groups SET changed = true WHERE NOT changed", {}));
    return {};
  });
}

}  // namespace sluice
