// ApiClient: how `sluice jobs`, `queue` and `keys` reach what they are about: a server over HTTP, or a store
// directly, where the same routes answer inside this process. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/result.h"

namespace sluice {

struct ApiCall {
  std::string method = "GET", path;  // the path as it stands in the URL, encoded
  std::vector<std::pair<std::string, std::string>> query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::size_t kept_bytes = 0;  // of an answer: the rest is read and dropped. 0: all; an error beyond 64 MiB
  long quiet_seconds = 0;      // an error where nothing comes and nothing goes for so long; 0: wait for ever
};

struct ApiAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::chrono::seconds retry_after{0};  // what Retry-After asks for, as seconds or as a date
  // A connection was made for it. Where there had been one, that may have broken under the call, which was
  // then sent twice.
  bool connected = false;

  std::string header(std::string_view name) const;
};

// Takes a body piece by piece; false ends the call.
using OnBody = std::function<bool(std::string_view bytes)>;

class ApiClient {
 public:
  virtual ~ApiClient() = default;
  // An answer of any status; errors (unavailable) where there is none. With `on_body`, the body of a 2xx goes
  // there.
  virtual Result<ApiAnswer> call(const ApiCall& call, const OnBody& on_body = {}) = 0;

  // A 2xx answer's JSON; a problem's sentence as the error otherwise.
  Result<nlohmann::ordered_json> json(const ApiCall& call);
};

Error error_of(const ApiAnswer& answer);

// Where: what the options and the environment say.
struct ClientOptions {
  std::string server, to, config_file, key;
};
inline constexpr const char* kStandardServer = "http://127.0.0.1:8080";  // of `sluice serve`
void add_client_options(CLI::App& app, ClientOptions& options);
// --server (or SLUICE_SERVER) with the key of SLUICE_KEY; else the store of --to or the configuration.
Result<std::unique_ptr<ApiClient>> open_client(const ClientOptions& options);
Result<std::unique_ptr<ApiClient>> open_http_client(const ClientOptions& options);   // api_client_http.cpp
Result<std::unique_ptr<ApiClient>> open_store_client(const ClientOptions& options);  // api_client_store.cpp

}  // namespace sluice
