// /v1/keys and /v1/me. The tenant `default` is that of who runs the server: its admins see and make the keys
// of every tenant, which is how another tenant gets its first.
#include "jobs/api_keys.h"

#include <algorithm>

#include "jobs/find_pipeline.h"
#include "server/asked.h"
#include "server/audit.h"
#include "server/routes_admin.h"
#include "server/scope.h"

namespace sluice {
namespace {

Json key_json(const ApiKey& key) {
  return {{"id", key.id},
          {"tenant", key.tenant},
          {"name", key.name},
          {"role", name_of(key.role)},
          {"pipelines", key.pipelines},
          {"createdAt", text_or_null(key.created_at)},
          {"createdBy", text_or_null(key.created_by)},
          {"expiresAt", text_or_null(key.expires_at)},
          {"revokedAt", text_or_null(key.revoked_at)},
          {"lastUsedAt", text_or_null(key.last_used_at)}};
}

// Whose keys are seen: "" is every tenant.
std::string seen_tenant(const Principal& who) { return check_runs_server(who) ? "" : who.tenant; }

Result<Response> list(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  TRY(check_reaches_all(request.principal));
  Json items = Json::array();
  for (const ApiKey& key : TRY(api.service.store.keys().list(seen_tenant(request.principal))))
    items.push_back(key_json(key));
  return list_answer(std::move(items), "");
}

Result<NewKey> read_wanted(const Request& request) {
  const Json body = TRY(body_object(request, EmptyBody::refused));
  TRY(check_members(body, {"name", "role", "pipelines", "tenant", "expiresAt"}));
  NewKey wanted;
  wanted.created_by = request.principal.actor;
  wanted.name = TRY(text_member(body, "name"));
  const auto role = role_named(TRY(text_member(body, "role")));
  if (!role) return fail(ErrorKind::usage, "role has to be admin, operator, uploader or viewer.");
  wanted.role = *role;
  wanted.pipelines = TRY(texts_member(body, "pipelines"));
  for (const std::string& pipeline : wanted.pipelines) TRY(check_pipeline_word(pipeline));
  wanted.tenant = TRY(text_member(body, "tenant"));
  if (wanted.tenant.empty()) wanted.tenant = request.principal.tenant;
  if (wanted.tenant != request.principal.tenant) TRY(check_runs_server(request.principal));
  const std::string expires = TRY(text_member(body, "expiresAt"));
  if (expires.empty()) return wanted;
  const auto time = parse_rfc3339(expires);
  if (!time)
    return fail(ErrorKind::usage, "expiresAt has to be a time with its offset, as in 2027-01-31T00:00:00Z.");
  wanted.expires_at = rfc3339(*time);
  return wanted;
}

Result<Response> create(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  TRY(check_reaches_all(request.principal));
  const NewKey wanted = TRY(read_wanted(request));
  const MadeKey made = TRY(make_key(api.service.store.keys(), wanted));
  TRY(note(api, request, "key.create", made.key.id,
           {{"name", made.key.name}, {"role", name_of(made.key.role)}, {"tenant", made.key.tenant}}));
  Json json = key_json(made.key);
  json["key"] = made.text;  // now, and never again
  Response response = json_answer(201, json);
  response.headers.add("Cache-Control", "no-store");
  return response;
}

Result<Response> revoke(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  TRY(check_reaches_all(request.principal));
  const std::string& id = request.parameters.at("id");
  KeyStore& keys = api.service.store.keys();
  const std::vector<ApiKey> seen = TRY(keys.list(seen_tenant(request.principal)));
  const auto key = std::ranges::find(seen, id, &ApiKey::id);
  if (key == seen.end()) return fail(ErrorKind::not_found, "there is no key " + id.substr(0, 100) + ".");
  TRY(keys.revoke(key->tenant, id));
  TRY(note(api, request, "key.revoke", id, {{"name", key->name}, {"tenant", key->tenant}}));
  return Response{.status = 204};
}

// Who asks, and what they may: for pages that show no more than that.
Result<Response> who(Api&, const Request& request) {
  TRY(check_asked(request, {}));
  const Principal& asks = request.principal;
  Json permissions = Json::array();
  for (const Permission one : {Permission::read, Permission::read_data, Permission::submit,
                               Permission::operate, Permission::administer})
    if (allows(asks.role, one)) permissions.push_back(name_of(one));
  return json_answer(200, {{"tenant", asks.tenant},
                           {"actor", asks.actor},
                           {"role", name_of(asks.role)},
                           {"permissions", std::move(permissions)},
                           {"pipelines", asks.pipelines}});
}

}  // namespace

void add_key_routes(Routes& routes, Api& api) {
  auto on = [&api](Result<Response> (*handler)(Api&, const Request&)) {
    return [&api, handler](const Request& request) { return handler(api, request); };
  };
  using enum Permission;
  routes.add({"GET", "/v1/me", read, on(who), {}, "getPrincipal", {}});
  routes.add({"GET", "/v1/keys", administer, on(list), {}, "listKeys", {}});
  routes.add({"POST", "/v1/keys", administer, on(create), {}, "createKey", {}});
  routes.add({"DELETE", "/v1/keys/{id}", administer, on(revoke), {}, "revokeKey", {}});
}

}  // namespace sluice
