#include "adapters/store_postgres_aggregates.h"

#include <algorithm>

#include "adapters/job_refusals.h"
#include "adapters/pg_binary.h"
#include "adapters/store_postgres_dataset.h"

namespace sluice {
namespace {

constexpr const char* kRowsOfAPortion = "20000";  // looked through at once

Result<bool> is_declared(PgConnection& connection, const std::string& tenant, const std::string& pipeline,
                         const AggregateSpec& spec) {
  auto found = TRY(connection.query(
      "SELECT definition, pipeline FROM aggregate_definitions WHERE tenant = $1 AND name = $2",
      PgParams().text(tenant).text(spec.name)));
  const std::string definition = definition_of(spec);
  bool there = false;
  for (int row = 0; row < found.rows(); ++row) {
    if (found.text(row, 0) != definition)
      return aggregate_is_another(spec, std::string(found.text(row, 1)), pipeline);
    there = there || found.text(row, 1) == pipeline;
  }
  return there;
}

}  // namespace

std::string postgres_aggregates_of(const std::string& tenant, const std::string& pipeline) {
  return "(SELECT string_agg(md5(definition), ' ' ORDER BY name) FROM aggregate_definitions WHERE tenant = " +
         tenant + " AND pipeline = " + pipeline + ")";
}

Result<> PostgresAggregates::declare(PgConnection& connection, std::int32_t dataset,
                                     const std::string& tenant, const std::string& pipeline,
                                     const std::vector<AggregateSpec>& specs) {
  std::vector<AggregateSpec> fresh;
  for (const AggregateSpec& spec : specs)
    if (!TRY(is_declared(connection, tenant, pipeline, spec))) fresh.push_back(spec);
  if (fresh.empty()) return {};
  std::ranges::sort(fresh, {}, &AggregateSpec::name);  // as commits lock them
  TRY(connection.execute(lock_postgres_dataset(dataset, PgDatasetLock::alone)));
  std::vector<AggregateSpec> still_fresh;
  for (const AggregateSpec& spec : fresh) {
    // Of two pipelines that declare it at once, the second sees what the first has said.
    TRY(connection.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                         PgParams().text("sluice aggregate " + tenant + "/" + spec.name)));
    if (TRY(is_declared(connection, tenant, pipeline, spec))) continue;
    TRY(connection.query(
        "INSERT INTO aggregate_definitions (tenant, name, pipeline, definition) VALUES ($1, $2, $3, $4)",
        PgParams().text(tenant).text(spec.name).text(pipeline).text(definition_of(spec))));
    still_fresh.push_back(spec);
  }
  PostgresAggregates aggregates(tenant, std::move(still_fresh));
  return aggregates.add_stored(connection, dataset, pipeline);
}

Result<std::unique_ptr<PostgresAggregates>> PostgresAggregates::load(PgConnection& connection,
                                                                     const std::string& tenant,
                                                                     const std::string& pipeline) {
  auto found =
      TRY(connection.query("SELECT definition FROM aggregate_definitions WHERE tenant = $1 AND pipeline = $2 "
                           "ORDER BY name COLLATE \"C\"",
                           PgParams().text(tenant).text(pipeline)));
  std::vector<AggregateSpec> specs;
  for (int row = 0; row < found.rows(); ++row)
    specs.push_back(TRY(aggregate_of(std::string(found.text(row, 0)))));
  return std::unique_ptr<PostgresAggregates>(new PostgresAggregates(tenant, std::move(specs)));
}

// What was stored before there was the aggregate.
Result<> PostgresAggregates::add_stored(PgConnection& connection, std::int32_t dataset,
                                        const std::string& pipeline) {
  if (specs_.empty()) return {};
  const std::string rows = "SELECT id, data FROM ingested_data WHERE id " + postgres_ids_of_dataset(dataset);
  std::string after;
  while (true) {
    auto found = TRY(connection.select(rows + (after.empty() ? "" : " AND id > " + pg_literal(after)) +
                                       " ORDER BY id LIMIT " + kRowsOfAPortion));
    if (found.rows() == 0) return apply(connection);
    for (int row = 0; row < found.rows(); ++row) {
      if (found.is_null(row, 1)) return aggregate_is_too_late(specs_.front(), pipeline);
      TRY(deltas_.add(found.text(row, 1)));
    }
    after = found.text(found.rows() - 1, 0);
    if (deltas_.group_count() > kMostGroupsInMemory) TRY(apply(connection));
  }
}

Result<> PostgresAggregates::apply(PgConnection& connection) {
  for (std::size_t i = 0; i < deltas_.size(); ++i) {
    const auto changes = deltas_.hashed_groups(i);
    if (!changes.empty()) TRY(change(connection, deltas_.spec(i), changes));
  }
  deltas_.clear();
  return {};
}

// Groups that are not there yet are made first: whoever makes the same one at this moment is waited for. Then
// all are locked, which are all there. Each is looked up by itself: joins are planned by what is known of the
// table, and of one that was filled a moment ago that is nothing, so that all groups were read for a few.
Result<> PostgresAggregates::change(PgConnection& connection, const AggregateSpec& spec,
                                    const std::vector<AggregateDeltas::HashedGroup>& changes) {
  PgArray hashes(PgType::text), keys(PgType::text);
  for (const auto& change : changes) {
    hashes.next().bytes(change.hash);
    keys.next().bytes(change.group->first);
  }
  const std::string hash_array = hashes.take();
  TRY(connection.query(
      "INSERT INTO aggregate_groups (tenant, name, group_hash, group_key, rows, measures, updated_at_ms) "
      "SELECT $1, $2, u.h, u.k, 0, '{}', 0 FROM unnest($3::text[], $4::text[]) AS u(h, k) WHERE (SELECT true "
      "FROM aggregate_groups g WHERE g.tenant = $1 AND g.name = $2 AND g.group_hash = u.h LIMIT 1) IS NULL "
      "ORDER BY u.h COLLATE \"C\" ON CONFLICT DO NOTHING",
      PgParams()
          .text(tenant_)
          .text(spec.name)
          .binary(hash_array, static_cast<Oid>(PgArrayType::text))
          .binary(keys.take(), static_cast<Oid>(PgArrayType::text))));
  auto found = TRY(connection.query(
      "SELECT u.place, g.ctid, g.rows, g.measures, g.stale FROM unnest($3::text[]) WITH ORDINALITY AS "
      "u(h, place) CROSS JOIN LATERAL (SELECT ctid, rows, measures, stale FROM aggregate_groups WHERE tenant "
      "= "
      "$1 AND name = $2 AND group_hash = u.h LIMIT 1 FOR UPDATE) AS g",
      PgParams().text(tenant_).text(spec.name).binary(hash_array, static_cast<Oid>(PgArrayType::text))));
  PgArray places(PgType::text), rows(PgType::int8), measures(PgType::text), stale(PgType::text);
  for (int row = 0; row < found.rows(); ++row) {
    GroupState state = TRY(group_state(spec, found.integer(row, 2), found.text(row, 3), found.text(row, 4)));
    const auto& change = changes[static_cast<std::size_t>(found.integer(row, 0)) - 1];
    ::sluice::apply(spec, change.group->second, state);
    places.next().bytes(found.text(row, 1));
    rows.next().int8(state.rows);
    measures.next().bytes(measures_json(spec, state));
    stale.next().bytes(stale_list(spec, state));
  }
  // A row that is locked stays at its place.
  auto changed = TRY(connection.query(
      "UPDATE aggregate_groups g SET rows = u.r, measures = u.m, stale = u.s, version = g.version + 1, "
      "changed = true, updated_at_ms = floor(extract(epoch FROM clock_timestamp()) * 1000) FROM "
      "unnest($1::text[]::tid[], $2::bigint[], $3::text[], $4::text[]) AS u(place, r, m, s) WHERE g.ctid = "
      "u.place",
      PgParams()
          .binary(places.take(), static_cast<Oid>(PgArrayType::text))
          .binary(rows.take(), static_cast<Oid>(PgArrayType::int8))
          .binary(measures.take(), static_cast<Oid>(PgArrayType::text))
          .binary(stale.take(), static_cast<Oid>(PgArrayType::text))));
  if (changed.affected() != changes.size())
    return fail(ErrorKind::unavailable, "groups of the aggregate '" + spec.name + "' were removed meanwhile.",
                true);
  return {};
}

}  // namespace sluice
