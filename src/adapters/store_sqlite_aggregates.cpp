#include "adapters/store_sqlite_aggregates.h"

#include "adapters/job_refusals.h"

namespace sluice {

Result<std::vector<AggregateSpec>> aggregates_of_sqlite_pipeline(const SqliteConnection& connection,
                                                                 const std::string& tenant,
                                                                 const std::string& pipeline) {
  auto select = TRY(SqliteStatement::prepare(
      connection,
      "SELECT definition FROM aggregate_definitions WHERE tenant = ?1 AND pipeline = ?2 ORDER BY name"));
  select.bind(1, tenant);
  select.bind(2, pipeline);
  std::vector<AggregateSpec> specs;
  while (TRY(select.step())) specs.push_back(TRY(aggregate_of(std::string(select.text(0)))));
  return specs;
}

Result<> SqliteAggregates::declare(SqliteConnection& writer, const std::string& tenant,
                                   const std::string& pipeline, const std::vector<AggregateSpec>& specs) {
  auto find = TRY(SqliteStatement::prepare(
      writer, "SELECT definition, pipeline FROM aggregate_definitions WHERE tenant = ?1 AND name = ?2"));
  auto put = TRY(SqliteStatement::prepare(
      writer,
      "INSERT INTO aggregate_definitions (tenant, name, pipeline, definition) VALUES (?1, ?2, ?3, ?4)"));
  std::vector<AggregateSpec> fresh;
  for (const AggregateSpec& spec : specs) {
    const std::string definition = definition_of(spec);
    find.bind(1, tenant);
    find.bind(2, spec.name);
    bool there = false;
    while (TRY(find.step())) {
      if (find.text(0) != definition) return aggregate_is_another(spec, std::string(find.text(1)), pipeline);
      there = there || find.text(1) == pipeline;
    }
    find.reset();
    if (there) continue;
    put.bind(1, tenant);
    put.bind(2, spec.name);
    put.bind(3, pipeline);
    put.bind(4, definition);
    TRY(put.run());
    fresh.push_back(spec);
  }
  if (fresh.empty()) return {};
  auto aggregates = TRY(open(writer, tenant, std::move(fresh)));
  return aggregates->add_stored(writer, pipeline);
}

// What was stored before there was the aggregate.
Result<> SqliteAggregates::add_stored(SqliteConnection& writer, const std::string& pipeline) {
  auto rows = TRY(
      SqliteStatement::prepare(writer, "SELECT data FROM ingested_data WHERE tenant = ?1 AND pipeline = ?2"));
  rows.bind(1, tenant_);
  rows.bind(2, pipeline);
  while (TRY(rows.step())) {
    if (rows.is_null(0)) return aggregate_is_too_late(specs_.front(), pipeline);
    TRY(deltas_.add(rows.text(0)));
    if (deltas_.group_count() > kMostGroupsInMemory) TRY(apply(now_ms()));
  }
  return apply(now_ms());
}

Result<std::unique_ptr<SqliteAggregates>> SqliteAggregates::open(SqliteConnection& writer,
                                                                 const std::string& tenant,
                                                                 std::vector<AggregateSpec> specs) {
  std::unique_ptr<SqliteAggregates> aggregates(new SqliteAggregates(tenant, std::move(specs)));
  const std::string group = "WHERE tenant = ?1 AND name = ?2 AND group_hash = ?3";
  aggregates->find_ =
      TRY(SqliteStatement::prepare(writer, "SELECT rows, measures, stale FROM aggregate_groups " + group));
  aggregates->put_ = TRY(SqliteStatement::prepare(
      writer,
      "INSERT INTO aggregate_groups (tenant, name, group_hash, group_key, rows, measures, stale, "
      "updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (tenant, name, group_hash) DO "
      "UPDATE SET rows = excluded.rows, measures = excluded.measures, stale = excluded.stale, version = "
      "version + 1, changed = true, updated_at_ms = excluded.updated_at_ms"));
  return aggregates;
}

Result<> SqliteAggregates::apply(std::int64_t now) {
  for (std::size_t i = 0; i < deltas_.size(); ++i) {
    const auto changes = deltas_.hashed_groups(i);  // in their order each page of the index is visited once
    for (const auto& [hash, group] : changes)
      TRY(change(deltas_.spec(i), hash, group->first, group->second, now));
  }
  deltas_.clear();
  return {};
}

Result<> SqliteAggregates::change(const AggregateSpec& spec, const std::string& hash, const std::string& key,
                                  const GroupDelta& delta, std::int64_t now) {
  for (SqliteStatement* statement : {&find_, &put_}) {
    statement->bind(1, tenant_);
    statement->bind(2, spec.name);
    statement->bind(3, hash);
  }
  GroupState state(spec);
  if (TRY(find_.step())) state = TRY(group_state(spec, find_.integer(0), find_.text(1), find_.text(2)));
  find_.reset();
  ::sluice::apply(spec, delta, state);
  const std::string measures = measures_json(spec, state), stale = stale_list(spec, state);
  put_.bind(4, key);
  put_.bind(5, state.rows);
  put_.bind(6, measures);
  put_.bind(7, stale);
  put_.bind(8, now);
  return put_.run();
}

}  // namespace sluice
