// sluice keys: API keys are made, listed and revoked.
#include <cstdio>

#include "base/url_text.h"
#include "cli/api_client.h"
#include "cli/command.h"

namespace sluice {
namespace {

using json = nlohmann::ordered_json;

struct KeysOptions {
  ClientOptions client;
  std::string id, name, role, tenant, expires;
  std::vector<std::string> pipelines;
  bool as_json = false;
};

Result<int> create(const KeysOptions& options) {
  auto client = TRY(open_client(options.client));
  json wanted = {{"name", options.name}, {"role", options.role}};
  if (!options.tenant.empty()) wanted["tenant"] = options.tenant;
  if (!options.pipelines.empty()) wanted["pipelines"] = options.pipelines;
  if (!options.expires.empty()) wanted["expiresAt"] = options.expires;
  ApiCall call{.method = "POST", .path = "/v1/keys", .body = wanted.dump()};
  call.headers.emplace_back("Content-Type", "application/json");
  const json made = TRY(client->json(call));
  if (options.as_json) {
    std::puts(made.dump().c_str());
    return kExitOk;
  }
  std::puts(made.value("key", "").c_str());
  std::fputs(
      "This is the only time that the key is shown: keep it now. Send it as `Authorization: Bearer KEY`,\n"
      "or give it to this program in the environment variable SLUICE_KEY.\n",
      stderr);
  return kExitOk;
}

Result<int> list(const KeysOptions& options) {
  auto client = TRY(open_client(options.client));
  const json answer = TRY(client->json({.path = "/v1/keys"}));
  for (const json& key : answer.at("items")) {
    if (options.as_json) {
      std::puts(key.dump().c_str());
      continue;
    }
    auto text = [&](const char* name) {
      return key.contains(name) && key[name].is_string() ? key[name].get<std::string>() : std::string();
    };
    const std::string end = !text("revokedAt").empty()   ? "revoked " + text("revokedAt")
                            : !text("expiresAt").empty() ? "until " + text("expiresAt")
                                                         : "valid";
    std::printf("%s  %-8s  %s  %s  last used %s\n", text("id").c_str(), text("role").c_str(),
                text("name").c_str(), end.c_str(),
                text("lastUsedAt").empty() ? "never" : text("lastUsedAt").c_str());
  }
  if (answer.at("items").empty() && !options.as_json)
    std::puts("There are no keys: everybody on this machine may come in.");
  return kExitOk;
}

Result<int> revoke(const KeysOptions& options) {
  auto client = TRY(open_client(options.client));
  TRY(client->json({.method = "DELETE", .path = "/v1/keys/" + percent_encoded(options.id)}));
  if (!options.as_json) std::puts("Revoked: it opens nothing any more.");
  return kExitOk;
}

}  // namespace

void add_keys(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("keys", "make, list and revoke API keys");
  command->require_subcommand(1);
  auto options = std::make_shared<KeysOptions>();
  using Run = Result<int> (*)(const KeysOptions&);
  auto add = [&](const char* name, const char* help, Run run) {
    CLI::App* sub = command->add_subcommand(name, help);
    add_client_options(*sub, options->client);
    sub->add_flag("--json", options->as_json, "print JSON");
    sub->callback([options, &action, run] {
      action = [options, run](std::stop_token) {
        Result<int> ended = run(*options);
        return ended ? *ended : report_error(ended.error());
      };
    });
    return sub;
  };
  CLI::App* makes = add("create", "make a key; it is shown once", create);
  makes->add_option("--name", options->name, "what it is for, for people")->required()->type_name("TEXT");
  makes->add_option("--role", options->role, "admin, operator, uploader or viewer")
      ->required()
      ->type_name("ROLE")
      ->check(CLI::IsMember({"admin", "operator", "uploader", "viewer"}).description(""));
  makes->add_option("--tenant", options->tenant, "whose data it opens (default: default)")->type_name("NAME");
  makes->add_option("--pipeline", options->pipelines, "only this pipeline; may be repeated")
      ->type_name("NAME");
  makes->add_option("--expires", options->expires, "no longer than this: 2027-01-31T00:00:00Z")
      ->type_name("TIME");
  add("list", "keys, without the secrets", list);
  CLI::App* revokes = add("revoke", "let a key open nothing any more", revoke);
  revokes->add_option("KEY", options->id, "its id, as `sluice keys list` shows it")
      ->required()
      ->type_name("");
  command->footer(
      "Examples:\n"
      "  sluice keys create --name \"night export\" --role uploader\n"
      "  sluice keys list\n"
      "  sluice keys revoke 0193a0b2-…\n");
}

}  // namespace sluice
