#include "app/config.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "base/nearest.h"
#include "base/size_text.h"
#include "pipeline/secrets.h"

namespace sluice {
namespace {

using Apply = Result<> (*)(Config&, const std::string&);

struct Row {
  Setting setting;
  Apply apply;
};

Result<std::uint64_t> size_of(const std::string& value) {
  auto bytes = parse_size(value);
  if (!bytes) return fail(ErrorKind::usage, "'" + value + "' is no size; write it like 1MiB or 64kB.");
  return *bytes;
}

}  // namespace

Result<std::chrono::milliseconds> span_of(const std::string& value) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kUnits = {
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  std::uint32_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc())
    for (const auto& [unit, factor] : kUnits)
      if (unit == end) return std::chrono::milliseconds(number * factor);
  return fail(ErrorKind::usage, "'" + value + "' is no duration; write it like 90s, 5m or 7d.");
}

namespace {

Result<std::uint32_t> count_of(const std::string& value, std::uint32_t least, std::uint32_t most) {
  std::uint32_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size() && number >= least && number <= most)
    return number;
  return fail(ErrorKind::usage, "'" + value + "' is no whole number from " + std::to_string(least) + " to " +
                                    std::to_string(most) + ".");
}

// One of a few words.
template <class T, std::size_t N>
Result<T> word_of(const std::string& value, const std::array<std::pair<std::string_view, T>, N>& words) {
  std::string known;
  for (const auto& [word, meaning] : words) {
    if (word == value) return meaning;
    known.append(known.empty() ? "" : ", ").append(word);
  }
  return fail(ErrorKind::usage, "'" + value + "' is none of: " + known + ".");
}

// Of what is kept. Shorter than a minute would be gone before anybody has seen it.
Result<std::chrono::milliseconds> retention_of(const std::string& value) {
  const auto span = TRY(span_of(value));
  if (span < std::chrono::minutes(1))
    return fail(ErrorKind::usage, "'" + value + "' is too short; the least is 1m.");
  return span;
}

constexpr std::array<std::pair<std::string_view, bool>, 2> kYesNo = {{{"true", true}, {"false", false}}};
constexpr std::array<std::pair<std::string_view, AuthMode>, 3> kAuthModes = {
    {{"auto", AuthMode::automatic}, {"keys", AuthMode::keys}, {"none", AuthMode::none}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kLogLevels = {
    {{"debug", "debug"}, {"info", "info"}, {"warning", "warning"}, {"error", "error"}}};

constexpr Row kSettings[] = {
    {{"listen", "SLUICE_LISTEN", "127.0.0.1:8080", "address and port of `sluice serve`; [::1]:8080 for IPv6"},
     [](Config& config, const std::string& value) -> Result<> {
       config.listen = value;
       return {};
     }},
    {{"pipelines", "SLUICE_PIPELINES", "./pipelines", "folder of pipeline files"},
     [](Config& config, const std::string& value) -> Result<> {
       config.pipelines = value;
       return {};
     }},
    {{"store", "SLUICE_STORE", "sqlite:./data/sluice.db", "URL of the database for jobs, rows and rejects"},
     [](Config& config, const std::string& value) -> Result<> {
       config.store = value;
       return {};
     }},
    {{"blobs", "SLUICE_BLOBS", "file:./data/blobs",
      "URL of the place for files on their way: file:FOLDER, or s3://bucket/prefix"},
     [](Config& config, const std::string& value) -> Result<> {
       config.blobs = value;
       return {};
     }},
    {{"queue", "SLUICE_QUEUE", "embedded",
      "URL of the queue (redis://…, sqs://…), or embedded: tables in the store"},
     [](Config& config, const std::string& value) -> Result<> {
       config.queue = value;
       return {};
     }},
    {{"aggregates", "SLUICE_AGGREGATES", "store",
      "URL of the database that gets a document of each group of the aggregates (mongodb://host/database), "
      "or store: none does"},
     [](Config& config, const std::string& value) -> Result<> {
       config.aggregates = value;
       return {};
     }},
    {{"notifications", "SLUICE_NOTIFICATIONS", "",
      "SQS queue (sqs://…) that the event notifications of the blobs' bucket go to"},
     [](Config& config, const std::string& value) -> Result<> {
       config.notifications = value;
       return {};
     }},
    {{"workers", "SLUICE_WORKERS", "auto", "splits that one node works on at once: a number, or auto"},
     [](Config& config, const std::string& value) -> Result<> {
       config.workers.reset();
       if (value != "auto") config.workers = TRY(count_of(value, 1, 1024));
       return {};
     }},
    {{"auth", "SLUICE_AUTH", "auto", "auto (API keys as soon as there is one), keys, or none"},
     [](Config& config, const std::string& value) -> Result<> {
       config.auth = TRY(word_of(value, kAuthModes));
       return {};
     }},
    {{"tls.certificate", "SLUICE_TLS_CERTIFICATE", "", "PEM file with the certificate chain; with it HTTPS"},
     [](Config& config, const std::string& value) -> Result<> {
       config.tls_certificate = value;
       return {};
     }},
    {{"tls.private_key", "SLUICE_TLS_PRIVATE_KEY", "", "PEM file with the certificate's private key"},
     [](Config& config, const std::string& value) -> Result<> {
       config.tls_private_key = value;
       return {};
     }},
    {{"trusted_proxies", "SLUICE_TRUSTED_PROXIES", "",
      "addresses and networks (10.0.0.0/8, …) of the balancers in front, whose X-Forwarded-For is believed"},
     [](Config& config, const std::string& value) -> Result<> {
       config.trusted_proxies = value;
       return {};
     }},
    {{"log.level", "SLUICE_LOG_LEVEL", "info", "debug, info, warning or error"},
     [](Config& config, const std::string& value) -> Result<> {
       config.log_level = TRY(word_of(value, kLogLevels));
       return {};
     }},
    {{"drain", "SLUICE_DRAIN", "30s", "how long requests under way may go on after a SIGTERM"},
     [](Config& config, const std::string& value) -> Result<> {
       config.drain = TRY(span_of(value));
       return {};
     }},
    {{"limits.upload_bytes", "SLUICE_UPLOAD_BYTES", "100GB", "largest file that is taken"},
     [](Config& config, const std::string& value) -> Result<> {
       config.upload_bytes = TRY(size_of(value));
       return {};
     }},
    {{"limits.requests_per_second", "SLUICE_REQUESTS_PER_SECOND", "0",
      "requests of one key or address; more are answered 429; 0: no limit"},
     [](Config& config, const std::string& value) -> Result<> {
       config.requests_per_second = TRY(count_of(value, 0, 1'000'000));
       return {};
     }},
    {{"limits.splits_per_tenant", "SLUICE_SPLITS_PER_TENANT", "64",
      "splits of one tenant that are queued or in work at once, on all nodes together"},
     [](Config& config, const std::string& value) -> Result<> {
       config.splits_per_tenant = TRY(count_of(value, 1, 1'000'000));
       return {};
     }},
    {{"patience", "SLUICE_PATIENCE", "60s", "how long a database that went away is waited for"},
     [](Config& config, const std::string& value) -> Result<> {
       config.patience = TRY(span_of(value));
       return {};
     }},
    {{"retention.blobs", "SLUICE_RETENTION_BLOBS", "7d",
      "how long uploaded files stay after their job's end"},
     [](Config& config, const std::string& value) -> Result<> {
       config.retain_blobs = TRY(retention_of(value));
       return {};
     }},
    {{"retention.rejects", "SLUICE_RETENTION_REJECTS", "90d", "how long rejects stay after their job's end"},
     [](Config& config, const std::string& value) -> Result<> {
       config.retain_rejects = TRY(retention_of(value));
       return {};
     }},
    {{"retention.events", "SLUICE_RETENTION_EVENTS", "30d",
      "how long events stay that clients can resume after"},
     [](Config& config, const std::string& value) -> Result<> {
       config.retain_events = TRY(retention_of(value));
       return {};
     }},
    {{"webhooks.allow_private", "SLUICE_WEBHOOKS_ALLOW_PRIVATE", "false",
      "true: webhooks may go to private addresses, this machine included"},
     [](Config& config, const std::string& value) -> Result<> {
       config.webhooks_allow_private = TRY(word_of(value, kYesNo));
       return {};
     }},
    {{"limits.row_bytes", "SLUICE_ROW_BYTES", "1MiB", "longest row that is read; a longer one is a reject"},
     [](Config& config, const std::string& value) -> Result<> {
       config.row_bytes = TRY(size_of(value));
       if (config.row_bytes < 1024 || config.row_bytes > (64u << 20))
         return fail(ErrorKind::usage, "limits.row_bytes must lie between 1KiB and 64MiB.");
       return {};
     }},
    {{"split_bytes", "SLUICE_SPLIT_BYTES", "64MiB",
      "size of the pieces of a file that a server's workers share"},
     [](Config& config, const std::string& value) -> Result<> {
       config.split_bytes = TRY(size_of(value));
       if (config.split_bytes < (64u << 10) || config.split_bytes > (64ull << 30))
         return fail(ErrorKind::usage, "split_bytes must lie between 64KiB and 64GiB.");
       return {};
     }},
    {{"limits.memory", "SLUICE_MEMORY", "auto",
      "most memory the process uses, a server for each split in work: a size, or auto (128MiB)"},
     [](Config& config, const std::string& value) -> Result<> {
       config.memory_bytes.reset();
       if (value != "auto") config.memory_bytes = TRY(size_of(value));
       return {};
     }},
};

Error at(const std::string& path, const YAML::Mark& mark, Error error) {
  error.message = path + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1) + ": " +
                  error.message;
  return error;
}

Result<> read_node(Config& config, const std::string& path, const YAML::Node& node,
                   const std::string& prefix) {
  for (const auto& member : node) {
    std::string key = prefix + member.first.Scalar();
    if (member.second.IsMap()) {
      TRY(read_node(config, path, member.second, key + "."));
      continue;
    }
    if (!member.second.IsScalar())
      return std::unexpected(at(path, member.second.Mark(), {ErrorKind::usage, key + " takes one value."}));
    Result<std::string> value = replace_secrets(member.second.Scalar());
    if (!value) return std::unexpected(at(path, member.second.Mark(), std::move(value).error()));
    if (Result<> done = set(config, key, *value); !done)
      return std::unexpected(at(path, member.first.Mark(), std::move(done).error()));
  }
  return {};
}

Result<> read_file(Config& config, const std::string& path) {
  try {
    YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return {};
    if (!root.IsMap())
      return fail(ErrorKind::usage, path + ":1:1: a configuration is a list of `key: value` lines.");
    return read_node(config, path, root, "");
  } catch (const YAML::BadFile&) {
    return fail(ErrorKind::usage,
                "the configuration " + path + " cannot be read: no such file, or no permission.");
  } catch (const YAML::Exception& e) {
    return std::unexpected(at(path, e.mark, {ErrorKind::usage, "this is not YAML: " + e.msg + "."}));
  }
}

}  // namespace

std::span<const Setting> settings() {
  static const auto all = [] {
    std::array<Setting, std::size(kSettings)> list;
    for (std::size_t i = 0; i < list.size(); ++i) list[i] = kSettings[i].setting;
    return list;
  }();
  return all;
}

std::vector<std::pair<std::string, std::string>> values(const Config& config) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const Row& row : kSettings) {
    auto at = config.written.find(row.setting.key);
    list.emplace_back(row.setting.key, at == config.written.end() ? row.setting.standard : at->second);
  }
  return list;
}

Result<> set(Config& config, std::string_view key, const std::string& value) {
  std::array<std::string_view, std::size(kSettings)> known;
  for (std::size_t i = 0; i < known.size(); ++i) {
    known[i] = kSettings[i].setting.key;
    if (known[i] != key) continue;
    TRY(kSettings[i].apply(config, value));
    config.written.insert_or_assign(std::string(key), value);
    return {};
  }
  return fail(ErrorKind::usage, "unknown setting '" + std::string(key) + "'; " + suggest_known(key, known));
}

Result<Config> load_config(const std::string& path,
                           const std::vector<std::pair<std::string, std::string>>& overrides) {
  Config config;
  std::string file = path.empty() && std::filesystem::exists("sluice.yaml") ? "sluice.yaml" : path;
  if (!file.empty()) TRY(read_file(config, file));
  for (const Row& row : kSettings) {
    const char* value = std::getenv(std::string(row.setting.environment).c_str());
    if (!value) continue;
    if (Result<> done = set(config, row.setting.key, value); !done)
      return std::unexpected(std::move(done).error().during(row.setting.environment));
  }
  for (const auto& [key, value] : overrides) TRY(set(config, key, value));
  return config;
}

}  // namespace sluice
