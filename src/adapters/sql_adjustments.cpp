#include "adapters/sql_adjustments.h"

#include "base/sha256.h"

namespace sluice {
namespace {

std::string group_key_of(const std::vector<std::string>& by) {
  std::string key = "[";
  for (const std::string& value : by) key += (key.size() > 1 ? "," : "") + value;
  return key + "]";
}

Result<> put_adjustment(SqlSession& session, const std::string& tenant, const AggregateSpec& spec,
                        const Adjustment& adjustment) {
  if (adjustment.state == GroupState(spec)) {  // the rows alone make the group what it is
    TRY(session.run("DELETE FROM aggregate_adjustments WHERE tenant = $1 AND name = $2 AND group_hash = $3",
                    {tenant, spec.name, adjustment.group_hash}));
    return {};
  }
  TRY(session.run(
      "INSERT INTO aggregate_adjustments (tenant, name, group_hash, group_key, rows, measures, "
      "updated_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, {now}) ON CONFLICT (tenant, name, group_hash) DO UPDATE SET rows = "
      "excluded.rows, measures = excluded.measures, updated_at_ms = excluded.updated_at_ms",
      {tenant, spec.name, adjustment.group_hash, adjustment.group_key, adjustment.state.rows,
       measures_json(spec, adjustment.state)}));
  return {};
}

Result<> check_expected(const GroupSetting& setting, bool is_there) {
  if (setting.expected == ExpectedGroup::absent && is_there)
    return fail(ErrorKind::conflict, "the group " + group_key_of(setting.by) + " is there already.");
  if (setting.expected == ExpectedGroup::present && !is_there)
    return fail(ErrorKind::not_found, "there is no group " + group_key_of(setting.by) + ".");
  return {};
}

// Made where it is not there, and locked.
Result<GroupState> lock_group(SqlSession& session, SqlDialect dialect, const std::string& tenant,
                              const AggregateSpec& spec, const std::string& hash, const std::string& key) {
  TRY(session.run(
      "INSERT INTO aggregate_groups (tenant, name, group_hash, group_key, rows, measures, updated_at_ms) "
      "VALUES ($1, $2, $3, $4, 0, '{}', 0) ON CONFLICT DO NOTHING",
      {tenant, spec.name, hash, key}));
  const auto found = TRY(session.run(
      std::string(
          "SELECT rows, measures FROM aggregate_groups WHERE tenant = $1 AND name = $2 AND group_hash = $3") +
          (dialect == SqlDialect::postgres ? " FOR UPDATE" : ""),
      {tenant, spec.name, hash}));
  if (found.empty())
    return fail(ErrorKind::unavailable, "the group " + key + " was removed meanwhile; ask again.", true);
  return group_state(spec, found.integer(0, 0), found.text(0, 1), "");
}

}  // namespace

Result<> lock_aggregate(SqlSession& session, SqlDialect dialect, const std::string& tenant,
                        const std::string& name) {
  if (dialect == SqlDialect::sqlite) return {};  // who writes is alone
  TRY(session.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                  {"sluice aggregate " + tenant + "/" + name}));
  return {};
}

Result<std::vector<Adjustment>> adjustments_of(SqlSession& session, const std::string& tenant,
                                               const AggregateSpec& spec, const std::string& group_hash) {
  SqlParams params{tenant, spec.name};
  if (!group_hash.empty()) params.emplace_back(group_hash);
  const auto rows = TRY(session.run(std::string("SELECT group_hash, group_key, rows, measures FROM "
                                                "aggregate_adjustments WHERE tenant = $1 AND name = $2") +
                                        (group_hash.empty() ? "" : " AND group_hash = $3"),
                                    params));
  std::vector<Adjustment> adjustments;
  for (std::size_t row = 0; row < rows.size(); ++row)
    adjustments.push_back({rows.text(row, 0), rows.text(row, 1),
                           TRY(group_state(spec, rows.integer(row, 2), rows.text(row, 3), ""))});
  return adjustments;
}

Result<> check_setting(const AggregateSpec& spec, const GroupSetting& setting) {
  for (const AggregateMeasure& measure : spec.measures)
    if (measure.function != AggregateFunction::sum)
      return fail(ErrorKind::usage, "the aggregate '" + spec.name + "' has the measure '" + measure.name +
                                        "', which is no sum: only sums can be set by hand.");
  if (setting.by.size() != spec.by.size() || (setting.sums && setting.sums->size() != spec.measures.size()))
    return fail(ErrorKind::usage, "a group of the aggregate '" + spec.name + "' has " +
                                      std::to_string(spec.by.size()) + " fields and " +
                                      std::to_string(spec.measures.size()) + " measures.");
  if (!setting.sums) return {};
  for (const std::string& sum : *setting.sums)
    if (!can_be_summed(sum))
      return fail(ErrorKind::usage, "'" + sum.substr(0, 100) + "' is no number of at most " +
                                        std::to_string(kSumDigits) + " digits before and after its point.");
  return {};
}

Result<GroupBeforeAndAfter> set_group(SqlSession& session, SqlDialect dialect, const std::string& tenant,
                                      const AggregateSpec& spec, const GroupSetting& setting) {
  const std::string key = group_key_of(setting.by), hash = to_hex(Sha256().of(key));
  const GroupState present = TRY(lock_group(session, dialect, tenant, spec, hash, key));
  GroupBeforeAndAfter told{.was_there = present.rows > 0, .now = {}};
  TRY(check_expected(setting, told.was_there));
  auto known = TRY(adjustments_of(session, tenant, spec, hash));
  Adjustment adjustment = known.empty() ? Adjustment{hash, key, GroupState(spec)} : std::move(known.front());
  GroupState wanted(spec);
  if (setting.sums) {
    // What is set by hand counts for one row, whatever rows come and go beside it.
    wanted.rows = present.rows - adjustment.state.rows + 1;
    wanted.values = *setting.sums;
  }
  const GroupDelta change = difference(spec, present, wanted);
  GroupState now = present;
  apply(spec, change, now);
  apply(spec, change, adjustment.state);
  TRY(put_adjustment(session, tenant, spec, adjustment));
  const auto updated = TRY(session.run(
      "UPDATE aggregate_groups SET rows = $4, measures = $5, version = version + 1, changed = true, "
      "updated_at_ms = {now} WHERE "
      "tenant = $1 AND name = $2 AND group_hash = $3 RETURNING updated_at_ms",
      {tenant, spec.name, hash, now.rows, measures_json(spec, now)}));
  told.now = {.by = setting.by,
              .measures = std::move(now.values),
              .rows = now.rows,
              .updated_at = sql_time_text(updated.integer(0, 0)),
              .cursor = ""};
  return told;
}

}  // namespace sluice
