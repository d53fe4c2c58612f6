// sluice migrate: the tables of a store, brought to a version, or only looked at.
#include <charconv>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/config.h"
#include "app/open_store.h"
#include "base/url_text.h"
#include "cli/command.h"

namespace sluice {
namespace {

using json = nlohmann::ordered_json;

struct MigrateOptions {
  std::string config_file;
  std::vector<std::string> to;  // a version, the URL of a store, or one of each
  bool status = false, as_json = false;
};

struct Wanted {
  std::string store;
  std::optional<int> version;
};

Result<Wanted> wanted_of(const MigrateOptions& options) {
  Wanted wanted;
  std::vector<std::pair<std::string, std::string>> overrides;
  for (const std::string& text : options.to) {
    int version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (error == std::errc() && end == text.data() + text.size())
      wanted.version = version;
    else
      overrides.emplace_back("store", text);
  }
  if (wanted.version && options.status)
    return fail(ErrorKind::usage, "--status changes nothing, so it takes no version.");
  wanted.store = TRY(load_config(options.config_file, overrides)).store;
  return wanted;
}

void print(const std::string& store, const std::vector<SchemaVersion>& versions, bool as_json) {
  const int version = reached_version(versions);
  if (as_json) {
    json list = json::array();
    for (const SchemaVersion& known : versions)
      list.push_back({{"version", known.version},
                      {"name", known.name},
                      {"appliedAt", known.applied_at.empty() ? json() : json(known.applied_at)}});
    const json all = {{"store", without_secrets(store)},
                      {"version", version},
                      {"newest", versions.back().version},
                      {"versions", list}};
    std::puts(all.dump().c_str());
    return;
  }
  std::printf("%s has tables of version %d; this program makes %d.\n", without_secrets(store).c_str(),
              version, versions.back().version);
  for (const SchemaVersion& known : versions)
    std::printf("  %d  %-24s  %s\n", known.version,
                known.applied_at.empty() ? "not yet" : known.applied_at.c_str(), known.name.c_str());
}

Result<> migrate(const MigrateOptions& options) {
  const Wanted wanted = TRY(wanted_of(options));
  if (!options.status) TRY(migrate_store(wanted.store, wanted.version));
  print(wanted.store, TRY(store_versions(wanted.store)), options.as_json);
  return {};
}

}  // namespace

void add_migrate(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("migrate", "bring the tables of a store to this program's version");
  auto options = std::make_shared<MigrateOptions>();
  command
      ->add_option(
          "--to", options->to,
          "the version (default: the newest), or the store: sqlite:PATH or postgresql://…; twice for both")
      ->type_name("VERSION|URL")
      ->allow_extra_args(false);
  command->add_flag("--status", options->status, "only say which version the tables are of");
  command
      ->add_option("-c,--config", options->config_file,
                   "the configuration (default: ./sluice.yaml if it is there)")
      ->type_name("FILE");
  command->add_flag("--json", options->as_json, "print JSON");
  command->callback([options, &action] {
    action = [options](std::stop_token) {
      Result<> done = migrate(*options);
      return done ? kExitOk : report_error(done.error());
    };
  });
  command->footer(
      "Every command that writes does this by itself when it opens a store. This one is for a role of its "
      "own\n"
      "that may change tables, while the others may not.\n"
      "Examples:\n"
      "  sluice migrate --status\n"
      "  sluice migrate --to postgresql://owner@db.example/sluice\n");
}

}  // namespace sluice
