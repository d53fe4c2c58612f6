#include "app/open_store.h"

#include <array>
#include <utility>

#include "adapters/blobs_file.h"
#include "adapters/store_postgres.h"
#include "adapters/store_sqlite.h"
#include "base/nearest.h"

namespace sluice {
namespace {

// What an adapter gets of its URL: everything after "scheme:".
template <class Port, class... Options>
struct Scheme {
  std::string_view name;
  Result<std::unique_ptr<Port>> (*open)(const std::string& rest, const Options&... options);
};

// libpq reads both names of the scheme, and the rest as it is.
Result<std::unique_ptr<Store>> open_postgres(const std::string& rest, const StoreOptions& options) {
  PostgresOptions postgres;
  postgres.patience = options.patience;
  postgres.read_only = options.read_only;
  return open_store_postgres("postgresql:" + rest, postgres);
}

constexpr std::array kStores = {
    Scheme<Store, StoreOptions>{"sqlite",
                                [](const std::string& path, const StoreOptions& options) {
                                  SqliteOptions sqlite;
                                  sqlite.cache_bytes = options.cache_bytes;
                                  sqlite.read_only = options.read_only;
                                  return open_store_sqlite(path, sqlite);
                                }},
    Scheme<Store, StoreOptions>{"postgresql", open_postgres},
    Scheme<Store, StoreOptions>{"postgres", open_postgres},
};

constexpr std::array kBlobs = {
    Scheme<BlobStore>{"file", [](const std::string& directory) { return open_blobs_file(directory); }},
};

template <class Port, class Schemes, class... Options>
Result<std::unique_ptr<Port>> open_by_scheme(const char* what, const std::string& url, const Schemes& schemes,
                                             const Options&... options) {
  std::size_t colon = url.find(':');
  std::string name = url.substr(0, colon == std::string::npos ? 0 : colon);
  std::string known;
  for (const auto& scheme : schemes) {
    if (scheme.name == name) return scheme.open(url.substr(colon + 1), options...);
    known.append(known.empty() ? "" : ", ").append(scheme.name).append(":");
  }
  // Of a URL of another kind nobody knows where its password stands, so it is not shown.
  const std::string shown = colon == std::string::npos ? url : name + ":…";
  return fail(ErrorKind::usage,
              "'" + shown + "' is no place for " + what + ": the URL has to begin with one of: " + known);
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const std::string& url, const StoreOptions& options) {
  return open_by_scheme<Store>("the store", url, kStores, options);
}

Result<std::unique_ptr<BlobStore>> open_blobs(const std::string& url) {
  return open_by_scheme<BlobStore>("blobs", url, kBlobs);
}

}  // namespace sluice
