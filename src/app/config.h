// Config: sluice.yaml, the environment over it, the command line over both (contract, section 2). One table
// of settings makes the parser, the environment's names, the help and the documentation.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice {

enum class AuthMode : std::uint8_t {
  automatic,  // keys are asked for as soon as there is one
  keys,
  none,  // everybody who can connect is the admin of tenant `default`
};

struct Config {
  std::string listen = "127.0.0.1:8080";
  std::string pipelines = "./pipelines";
  std::string store = "sqlite:./data/sluice.db";
  std::string queue = "embedded";
  std::string blobs = "file:./data/blobs";
  std::string aggregates = "store";
  std::string notifications;        // where a bucket tells of new files; "" : nowhere
  std::optional<unsigned> workers;  // splits in work at once on this node; none: auto
  AuthMode auth = AuthMode::automatic;
  std::string tls_certificate, tls_private_key;  // PEM files; "" : plain HTTP
  std::string trusted_proxies;                   // addresses and networks, with commas between them
  std::uint64_t upload_bytes = 100'000'000'000;
  std::uint32_t splits_per_tenant = 64;   // queued or in work at once, on all nodes together
  std::uint32_t requests_per_second = 0;  // of one key or address; 0: no limit
  std::chrono::milliseconds drain{30'000};
  std::string log_level = "info";
  std::chrono::milliseconds patience{60'000};
  std::uint64_t row_bytes = 1 << 20;
  std::uint64_t split_bytes = 64 << 20;  // a service cuts larger files into splits of about this size
  // What is cleared away so long after the end of its job.
  std::chrono::milliseconds retain_blobs = std::chrono::hours(24 * 7);
  std::chrono::milliseconds retain_rejects = std::chrono::hours(24 * 90);
  std::chrono::milliseconds retain_events = std::chrono::hours(24 * 30);
  bool webhooks_allow_private = false;
  std::optional<std::uint64_t> memory_bytes;                // none: auto
  std::map<std::string, std::string, std::less<>> written;  // what was set, by key, as it was written
};

struct Setting {
  std::string_view key;          // "limits.row_bytes"
  std::string_view environment;  // "SLUICE_ROW_BYTES"
  std::string_view standard;     // its default, as it would be written
  std::string_view help;
};
std::span<const Setting> settings();

// Every setting with its value, set or standard, as it would be written. May hold passwords.
std::vector<std::pair<std::string, std::string>> values(const Config& config);

// A whole number with its unit: 90s, 5m. Usage error otherwise.
Result<std::chrono::milliseconds> span_of(const std::string& value);

// Sets one by its key; usage error naming the nearest known key, or what would be a right value.
Result<> set(Config& config, std::string_view key, const std::string& value);

// `path` "": ./sluice.yaml if there is one. Errors say file:line:column. `${VAR}` and `${file:PATH}` are
// replaced. `overrides`: key and value, from the command line.
Result<Config> load_config(const std::string& path,
                           const std::vector<std::pair<std::string, std::string>>& overrides);

}  // namespace sluice
