#include "adapters/sql_aggregates.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "adapters/job_refusals.h"
#include "adapters/sql_adjustments.h"
#include "adapters/store_postgres_dataset.h"
#include "base/nearest.h"

namespace sluice {
namespace {

constexpr std::size_t kRowsTogether = 20'000;  // looked at at once
constexpr int kMostLooks = 5, kLooksWithoutLock = 3;

std::string number_of(std::size_t parameter) { return "$" + std::to_string(parameter); }

// An element of a JSON array, or a member of an object, as JSON; in SQL.
std::string element(SqlDialect dialect, const std::string& json, std::size_t index) {
  const std::string at = std::to_string(index);
  return dialect == SqlDialect::sqlite ? json + " -> '$[" + at + "]'"
                                       : "(" + json + "::json -> " + at + ")::text";
}
std::string member(SqlDialect dialect, const std::string& json,
                   const std::string& name) {  // a measure's: plain
  return dialect == SqlDialect::sqlite ? json + " -> '$.\"" + name + "\"'"
                                       : "(" + json + "::json -> '" + name + "')::text";
}

// Keys that sort JSON values: numbers, then all else by its characters.
std::vector<std::string> sort_keys(SqlDialect dialect, const std::string& json) {
  if (dialect == SqlDialect::sqlite) return {"sluice_order(" + json + ")"};
  return {"CASE WHEN " + json + " ~ '^-?[0-9][0-9.]*(e[+-]?[0-9]{1,4})?$' THEN (" + json +
              ")::numeric ELSE 'NaN'::numeric END",
          "(" + json + ") COLLATE \"C\""};
}

// A number that no double holds stands in quotes.
std::string unquoted(SqlDialect dialect, const std::string& json) {
  return dialect == SqlDialect::sqlite ? "trim(" + json + ", '\"')" : "trim(BOTH '\"' FROM " + json + ")";
}
bool is_number(const AggregateMeasure& measure) {
  return measure.is_number || measure.function == AggregateFunction::count;
}

// The parts of a cursor: the values of the sort keys, and the group's hash.
std::string cursor_of(const std::vector<std::string>& parts) { return nlohmann::json(parts).dump(); }
std::vector<std::string> parts_of(const std::string& cursor) {
  const auto json = nlohmann::json::parse(cursor, nullptr, false);
  std::vector<std::string> parts;
  if (json.is_array())
    for (const auto& part : json)
      if (part.is_string()) parts.push_back(part.get<std::string>());
  return parts;
}

// In a transaction, or each question by itself.
using Ask = std::function<Result<SqlRows>(const std::string& sql, const SqlParams& params)>;
Ask in_session(SqlSession& session) {
  return [&session](const std::string& sql, const SqlParams& params) { return session.run(sql, params); };
}

// Every stored row of the aggregate's pipelines, as JSON, in portions.
Result<> each_row(const Ask& ask, SqlDialect dialect, const std::string& tenant, const AggregateSpec& spec,
                  const std::vector<std::string>& pipelines,
                  const std::function<Result<>(const std::string&)>& visit) {
  const std::string json =
      dialect == SqlDialect::sqlite ? "coalesce(aggregated, data)" : "coalesce(aggregated, data::text)";
  for (const std::string& pipeline : pipelines) {
    const auto dataset =
        TRY(ask("SELECT id FROM datasets WHERE tenant = $1 AND pipeline = $2", {tenant, pipeline}));
    if (dataset.empty()) continue;
    const std::string of_pipeline =
        dialect == SqlDialect::sqlite
            ? "tenant = $1 AND pipeline = $2"
            : "tenant = $1 AND pipeline = $2 AND id " +
                  postgres_ids_of_dataset(static_cast<std::int32_t>(dataset.integer(0, 0)));
    std::string after;
    while (true) {
      SqlParams params{tenant, pipeline, kRowsTogether};
      std::string condition = of_pipeline;
      if (!after.empty()) {
        params.emplace_back(after);
        condition +=
            dialect == SqlDialect::sqlite ? " AND id > CAST($4 AS integer)" : " AND id > CAST($4 AS uuid)";
      }
      const auto rows = TRY(ask(
          "SELECT id, " + json + " FROM ingested_data WHERE " + condition + " ORDER BY id LIMIT $3", params));
      if (rows.empty()) break;
      for (std::size_t row = 0; row < rows.size(); ++row) {
        if (rows.is_null(row, 1)) return aggregate_is_too_late(spec, pipeline);
        TRY(visit(rows.text(row, 1)));
      }
      after = rows.text(rows.size() - 1, 0);
    }
  }
  return {};
}

// What is to be looked up is not wrong.
bool is_right(const GroupState& kept, const GroupState& right) {
  if (kept.rows != right.rows) return false;
  for (std::size_t i = 0; i < right.values.size(); ++i)
    if (!kept.stale[i] && kept.values[i] != right.values[i]) return false;
  return true;
}

// By name.
Result<std::vector<std::string>> pipelines_of(const Ask& ask, const std::string& tenant,
                                              const AggregateSpec& spec) {
  const auto rows =
      TRY(ask("SELECT pipeline FROM aggregate_definitions WHERE tenant = $1 AND name = $2 ORDER BY pipeline",
              {tenant, spec.name}));
  std::vector<std::string> pipelines;
  for (std::size_t row = 0; row < rows.size(); ++row) pipelines.push_back(rows.text(row, 0));
  return pipelines;
}

// A group's measures with the values that were to be found.
struct LookedUp {
  std::string hash, measures;
  std::int64_t version = 0;  // that the group had
};

// In the order of their hashes; none where nothing is to be looked up.
Result<std::vector<LookedUp>> looked_up(const Ask& ask, SqlDialect dialect, const std::string& lock,
                                        const std::string& tenant, const AggregateSpec& spec) {
  const auto groups =
      TRY(ask("SELECT group_hash, group_key, measures, stale, rows, version FROM aggregate_groups WHERE "
              "tenant = $1 AND name = $2 AND stale <> '' AND rows > 0 ORDER BY group_hash" +
                  lock,
              {tenant, spec.name}));
  if (groups.empty()) return std::vector<LookedUp>();
  const std::vector<AggregateSpec> specs{spec};
  AggregateDeltas deltas(specs);
  std::unordered_set<std::string> wanted;
  for (std::size_t row = 0; row < groups.size(); ++row) wanted.insert(groups.text(row, 1));
  deltas.only(std::move(wanted));
  const auto pipelines = TRY(pipelines_of(ask, tenant, spec));
  TRY(each_row(ask, dialect, tenant, spec, pipelines,
               [&](const std::string& row) { return deltas.add(row); }));
  std::vector<LookedUp> found;
  for (std::size_t row = 0; row < groups.size(); ++row) {
    GroupState state =
        TRY(group_state(spec, groups.integer(row, 4), groups.text(row, 2), groups.text(row, 3)));
    GroupState stored(spec);
    if (auto delta = deltas.groups(0).find(groups.text(row, 1)); delta != deltas.groups(0).end())
      apply(spec, delta->second, stored);
    for (std::size_t i = 0; i < state.stale.size(); ++i)
      if (state.stale[i]) state.values[i] = stored.values[i];
    found.push_back({groups.text(row, 0), measures_json(spec, state), groups.integer(row, 5)});
  }
  return found;
}

Result<> put_values(SqlSession& session, const std::string& tenant, const AggregateSpec& spec,
                    const std::vector<LookedUp>& found) {
  for (const LookedUp& group : found)
    TRY(session.run(
        "UPDATE aggregate_groups SET measures = $4, stale = '', version = version + 1, changed = true "
        "WHERE tenant = $1 AND name = $2 AND group_hash = $3 AND version = $5",
        {tenant, spec.name, group.hash, group.measures, group.version}));
  return {};
}

}  // namespace

std::vector<std::string> values_of_group_key(const std::string& key) {
  std::vector<std::string> values;
  std::size_t begin = 1;
  bool quoted = false;
  for (std::size_t at = 1; at < key.size(); ++at) {
    if (quoted && key[at] == '\\') {
      ++at;
    } else if (key[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && (key[at] == ',' || key[at] == ']')) {
      values.push_back(key.substr(begin, at - begin));
      begin = at + 1;
    }
  }
  return values;
}

std::string for_update(SqlDialect dialect) { return dialect == SqlDialect::sqlite ? "" : " FOR UPDATE"; }

Result<std::vector<DeclaredAggregate>> SqlAggregateStore::select(const std::string& condition,
                                                                 const SqlParams& params) {
  const auto rows = TRY(database_.read("SELECT definition, pipeline FROM aggregate_definitions WHERE " +
                                           condition + " ORDER BY name, pipeline",
                                       params));
  std::vector<DeclaredAggregate> found;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    AggregateSpec spec = TRY(aggregate_of(rows.text(row, 0)));
    if (found.empty() || found.back().spec.name != spec.name) found.push_back({std::move(spec), {}});
    found.back().pipelines.push_back(rows.text(row, 1));
  }
  return found;
}

Result<std::vector<DeclaredAggregate>> SqlAggregateStore::list(const std::string& tenant) {
  return select("tenant = $1", {tenant});
}

Result<std::optional<DeclaredAggregate>> SqlAggregateStore::get(const std::string& tenant,
                                                                const std::string& name) {
  auto found = TRY(select("tenant = $1 AND name = $2", {tenant, name}));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<std::vector<AggregateGroup>> SqlAggregateStore::groups(const std::string& tenant,
                                                              const AggregateSpec& spec,
                                                              const AggregateQuestion& question) {
  TRY(look_up(tenant, spec));
  const SqlDialect dialect = database_.dialect();
  std::vector<std::string_view> known(spec.by.begin(), spec.by.end());
  SqlParams params{tenant, spec.name};
  std::string where = "tenant = $1 AND name = $2 AND rows > 0";
  for (const auto& [field, value] : question.equal) {
    const auto at = std::ranges::find(spec.by, field);
    if (at == spec.by.end())
      return fail(ErrorKind::usage, "filter: the aggregate '" + spec.name + "' has no field '" + field +
                                        "'; " + suggest_known(field, known));
    params.emplace_back(nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    params.emplace_back(value.empty() ? "null" : value);
    where += " AND " + element(dialect, "group_key", static_cast<std::size_t>(at - spec.by.begin())) +
             " IN (" + number_of(params.size() - 1) + ", " + number_of(params.size()) + ")";
  }
  std::vector<std::string> keys;
  auto add_keys = [&](const std::string& json) {
    for (std::string& key : sort_keys(dialect, json)) keys.push_back(std::move(key));
  };
  if (question.sort.empty()) {
    for (std::size_t i = 0; i < spec.by.size(); ++i) add_keys(element(dialect, "group_key", i));
  } else if (auto by = std::ranges::find(spec.by, question.sort); by != spec.by.end()) {
    add_keys(element(dialect, "group_key", static_cast<std::size_t>(by - spec.by.begin())));
  } else if (auto measure = std::ranges::find(spec.measures, question.sort, &AggregateMeasure::name);
             measure != spec.measures.end()) {
    const std::string json = member(dialect, "measures", question.sort);
    add_keys(is_number(*measure) ? unquoted(dialect, json) : json);
  } else {
    for (const AggregateMeasure& other : spec.measures) known.push_back(other.name);
    return fail(ErrorKind::usage, "sort: the aggregate '" + spec.name + "' has no '" + question.sort + "'; " +
                                      suggest_known(question.sort, known));
  }
  keys.push_back("group_hash");
  if (!question.after.empty()) {
    const auto parts = parts_of(question.after);
    if (parts.size() != keys.size())
      return fail(ErrorKind::usage,
                  "the cursor is none of this list; take the one that the last page ended with.");
    std::string left, right;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      params.emplace_back(parts[i]);
      left += (i == 0 ? "" : ", ") + keys[i];
      const bool numeric = dialect == SqlDialect::postgres && keys[i].ends_with("END");
      right += (i == 0 ? "CAST(" : ", CAST(") + number_of(params.size()) +
               (numeric ? " AS numeric)" : " AS text)");
    }
    where += " AND (" + left + ") " + (question.descending ? "<" : ">") + " (" + right + ")";
  }
  std::string order, shown;
  for (const std::string& key : keys) {
    order += (order.empty() ? "" : ", ") + key + (question.descending ? " DESC" : "");
    shown += ", " + key;
  }
  params.emplace_back(question.limit);
  SqlRows rows;
  for (int look = 0; look < kMostLooks; ++look) {  // as a commit in between may take another value out
    if (look != 0) TRY(look_up(tenant, spec));
    rows = TRY(database_.scan("SELECT group_key, rows, measures, updated_at_ms, stale" + shown +
                                  " FROM aggregate_groups WHERE " + where + " ORDER BY " + order + " LIMIT " +
                                  number_of(params.size()),
                              params));
    bool any_stale = false;
    for (std::size_t row = 0; row < rows.size(); ++row) any_stale = any_stale || !rows.text(row, 4).empty();
    if (!any_stale) break;
  }
  std::vector<AggregateGroup> groups;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::vector<std::string> parts;
    for (std::size_t key = 0; key < keys.size(); ++key) parts.push_back(rows.text(row, 5 + key));
    GroupState state = TRY(group_state(spec, rows.integer(row, 1), rows.text(row, 2), ""));
    groups.push_back({.by = values_of_group_key(rows.text(row, 0)),
                      .measures = std::move(state.values),
                      .rows = state.rows,
                      .updated_at = sql_time_text(rows.integer(row, 3)),
                      .cursor = cursor_of(parts)});
  }
  return groups;
}

// Without a lock first: commits go on, and a group that changed meanwhile has another version, and is looked
// up once more. Where they are quicker again and again, they wait.
Result<> SqlAggregateStore::look_up(const std::string& tenant, const AggregateSpec& spec) {
  const SqlDialect dialect = database_.dialect();
  for (int look = 0; look < kLooksWithoutLock; ++look) {
    const auto found = TRY(looked_up(
        [&](const std::string& sql, const SqlParams& params) { return database_.scan(sql, params); }, dialect,
        "", tenant, spec));
    if (found.empty()) return {};
    TRY(database_.transact<void>(
        [&](SqlSession& session) { return put_values(session, tenant, spec, found); }));
  }
  return database_.transact<void>([&](SqlSession& session) -> Result<> {
    const auto found = TRY(looked_up(in_session(session), dialect, for_update(dialect), tenant, spec));
    return put_values(session, tenant, spec, found);
  });
}

Result<AggregateCheck> SqlAggregateStore::rebuild(const std::string& tenant,
                                                  const DeclaredAggregate& aggregate) {
  return database_.transact<AggregateCheck>([&](SqlSession& session) -> Result<AggregateCheck> {
    TRY(exclude_commits(session, tenant, aggregate.pipelines));
    TRY(lock_aggregate(session, database_.dialect(), tenant, aggregate.spec.name));
    if (TRY(pipelines_of(in_session(session), tenant, aggregate.spec)) != aggregate.pipelines)
      return fail(
          ErrorKind::unavailable,
          "another pipeline has got the aggregate '" + aggregate.spec.name + "' meanwhile; ask again.", true);
    return make_anew(session, tenant, aggregate);
  });
}

// Commits of its pipelines wait, and the aggregate is locked.
Result<AggregateCheck> SqlAggregateStore::make_anew(SqlSession& session, const std::string& tenant,
                                                    const DeclaredAggregate& aggregate) {
  const AggregateSpec& spec = aggregate.spec;
  AggregateCheck check;
  const std::vector<AggregateSpec> specs{spec};
  AggregateDeltas deltas(specs);
  TRY(each_row(in_session(session), database_.dialect(), tenant, spec, aggregate.pipelines,
               [&](const std::string& row) {
                 ++check.rows;
                 return deltas.add(row);
               }));
  std::map<std::string, std::pair<std::string, GroupState>> right;  // by hash
  const auto hashed = deltas.hashed_groups(0);
  for (const auto& [hash, group] : hashed) {
    GroupState& state = right.try_emplace(hash, group->first, spec).first->second.second;
    apply(spec, group->second, state);
  }
  const auto adjustments = TRY(adjustments_of(session, tenant, spec));
  for (const Adjustment& by_hand : adjustments) {
    const auto group = right.try_emplace(by_hand.group_hash, by_hand.group_key, spec).first;
    apply(spec, difference(spec, GroupState(spec), by_hand.state), group->second.second);
    if (is_nothing(spec, group->second.second)) right.erase(group);
  }
  check.groups = static_cast<std::uint64_t>(
      std::ranges::count_if(right, [](const auto& group) { return group.second.second.rows > 0; }));
  const auto kept =
      TRY(session.run("SELECT group_hash, rows, measures, stale FROM aggregate_groups WHERE tenant = $1 "
                      "AND name = $2 ORDER BY "
                      "group_hash" +
                          for_update(database_.dialect()),
                      {tenant, spec.name}));
  for (std::size_t row = 0; row < kept.size(); ++row) {
    const auto found = right.find(kept.text(row, 0));
    GroupState state = TRY(group_state(spec, kept.integer(row, 1), kept.text(row, 2), kept.text(row, 3)));
    if (found == right.end()) {
      if (is_nothing(spec, state)) continue;
      ++check.wrong;
      TRY(session.run(
          "UPDATE aggregate_groups SET rows = 0, measures = '{}', stale = '', version = version + 1, "
          "changed = true, updated_at_ms = {now} WHERE tenant = $1 AND name = $2 AND group_hash = $3",
          {tenant, spec.name, kept.text(row, 0)}));
    } else if (is_right(state, found->second.second)) {
      right.erase(found);
    }
  }
  check.wrong += right.size();
  for (const auto& [hash, group] : right)
    TRY(session.run(
        "INSERT INTO aggregate_groups (tenant, name, group_hash, group_key, rows, measures, updated_at_ms) "
        "VALUES "
        "($1, $2, $3, $4, $5, $6, {now}) ON CONFLICT (tenant, name, group_hash) DO UPDATE SET rows = "
        "excluded.rows, "
        "measures = excluded.measures, stale = '', version = aggregate_groups.version + 1, changed = true, "
        "updated_at_ms = excluded.updated_at_ms",
        {tenant, spec.name, hash, group.first, group.second.rows, measures_json(spec, group.second)}));
  return check;
}

Result<GroupBeforeAndAfter> SqlAggregateStore::set(const std::string& tenant,
                                                   const DeclaredAggregate& aggregate,
                                                   const GroupSetting& setting) {
  const AggregateSpec& spec = aggregate.spec;
  TRY(check_setting(spec, setting));
  return database_.transact<GroupBeforeAndAfter>([&](SqlSession& session) -> Result<GroupBeforeAndAfter> {
    const bool declared = !TRY(pipelines_of(in_session(session), tenant, spec)).empty();
    if (!declared) TRY(exclude_commits(session, tenant, aggregate.pipelines));
    TRY(lock_aggregate(session, database_.dialect(), tenant, spec.name));
    if (!declared) TRY(declare(session, tenant, aggregate));
    const auto known = TRY(
        session.run("SELECT definition FROM aggregate_definitions WHERE tenant = $1 AND name = $2 LIMIT 1",
                    {tenant, spec.name}));
    if (known.text(0, 0) != definition_of(spec))
      return fail(ErrorKind::conflict,
                  "the aggregate '" + spec.name + "' is another by now; ask for it again.");
    return set_group(session, database_.dialect(), tenant, spec, setting);
  });
}

// Before the first row that would do it; or after rows of a pipeline that did not have it then.
Result<> SqlAggregateStore::declare(SqlSession& session, const std::string& tenant,
                                    const DeclaredAggregate& aggregate) {
  if (!TRY(pipelines_of(in_session(session), tenant, aggregate.spec)).empty())
    return {};  // somebody was quicker
  for (const std::string& pipeline : aggregate.pipelines)
    TRY(session.run(
        "INSERT INTO aggregate_definitions (tenant, name, pipeline, definition) VALUES ($1, $2, $3, $4)",
        {tenant, aggregate.spec.name, pipeline, definition_of(aggregate.spec)}));
  TRY(make_anew(session, tenant, aggregate));
  return {};
}

Result<> SqlAggregateStore::exclude_commits(SqlSession& session, const std::string& tenant,
                                            const std::vector<std::string>& pipelines) {
  if (database_.dialect() == SqlDialect::sqlite) return {};  // who writes is alone
  for (const std::string& pipeline : pipelines) {
    const auto dataset =
        TRY(session.run("SELECT id FROM datasets WHERE tenant = $1 AND pipeline = $2", {tenant, pipeline}));
    if (!dataset.empty())
      TRY(session.run(
          lock_postgres_dataset(static_cast<std::int32_t>(dataset.integer(0, 0)), PgDatasetLock::alone), {}));
  }
  return {};
}

}  // namespace sluice
