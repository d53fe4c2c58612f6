#include "adapters/sql_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

const std::string kSelect =
    "SELECT id, tenant, name, role, pipelines, digest, created_ms, created_by, expires_ms, revoked_ms, "
    "last_used_ms FROM api_keys ";

Result<ApiKey> key_of(const SqlRows& rows, std::size_t row) {
  ApiKey key;
  key.id = rows.text(row, 0);
  key.tenant = rows.text(row, 1);
  key.name = rows.text(row, 2);
  key.role = role_named(rows.text(row, 3)).value_or(Role::viewer);
  const auto pipelines = nlohmann::json::parse(rows.text(row, 4), nullptr, false);
  // An empty list opens every pipeline, so what cannot be read must not become one.
  if (!pipelines.is_array() || !std::ranges::all_of(pipelines, [](auto& name) { return name.is_string(); }))
    return fail(ErrorKind::io, "the row of the key " + key.id +
                                   " in api_keys is damaged: `pipelines` is no JSON array of names. Correct "
                                   "it, or delete the row and make a new key.");
  for (const auto& name : pipelines) key.pipelines.push_back(name.get<std::string>());
  key.digest = rows.text(row, 5);
  key.created_at = sql_time_text(rows.integer(row, 6));
  key.created_by = rows.text(row, 7);
  key.expires_at = sql_time_text(rows.integer(row, 8));
  key.revoked_at = sql_time_text(rows.integer(row, 9));
  key.last_used_at = sql_time_text(rows.integer(row, 10));
  return key;
}

}  // namespace

Result<> SqlKeyStore::add(const ApiKey& key) {
  const std::int64_t expires = TRY(sql_time_of(key.expires_at));
  TRY(
      database_.write("INSERT INTO api_keys (id, tenant, name, role, pipelines, digest, created_ms, "
                      "created_by, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, {now}, $7, $8)",
                      {key.id, key.tenant, key.name, name_of(key.role), nlohmann::json(key.pipelines).dump(),
                       key.digest, key.created_by, expires}));
  return {};
}

Result<std::optional<ApiKey>> SqlKeyStore::find(const std::string& digest) {
  auto rows = TRY(database_.read(kSelect + "WHERE digest = $1", {digest}));
  if (rows.empty()) return std::nullopt;
  return TRY(key_of(rows, 0));
}

Result<std::vector<ApiKey>> SqlKeyStore::list(const std::string& tenant) {
  auto rows = TRY(database_.read(
      kSelect + "WHERE tenant = $1 OR CAST($1 AS text) = '' ORDER BY created_ms, id", {tenant}));
  std::vector<ApiKey> keys;
  for (std::size_t row = 0; row < rows.size(); ++row) keys.push_back(TRY(key_of(rows, row)));
  return keys;
}

Result<> SqlKeyStore::revoke(const std::string& tenant, const std::string& id) {
  auto revoked = TRY(database_.write(
      "UPDATE api_keys SET revoked_ms = CASE revoked_ms WHEN 0 THEN {now} ELSE revoked_ms END "
      "WHERE tenant = $1 AND id = $2",
      {tenant, id}));
  if (revoked.affected() != 0) return {};
  return fail(ErrorKind::not_found,
              "there is no key " + id + " of the tenant " + tenant + ". `sluice keys list` shows them.");
}

Result<> SqlKeyStore::used(const std::string& id) {
  // For people, to the minute: a key that is used a thousand times a second is not written as often.
  constexpr std::int64_t kCoarse = 60'000;
  const std::string stale = "id = $1 AND last_used_ms < {now} - $2";
  auto found = TRY(database_.read("SELECT 1 FROM api_keys WHERE " + stale, {id, kCoarse}));
  if (found.empty()) return {};
  TRY(database_.write("UPDATE api_keys SET last_used_ms = {now} WHERE " + stale, {id, kCoarse}));
  return {};
}

Result<bool> SqlKeyStore::any() { return !TRY(database_.read("SELECT 1 FROM api_keys LIMIT 1")).empty(); }

}  // namespace sluice
