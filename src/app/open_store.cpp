#include "app/open_store.h"

#include <array>
#include <span>
#include <utility>

#include "adapters/blobs_file.h"
#include "adapters/blobs_s3.h"
#include "adapters/group_documents_mongo.h"
#include "adapters/request_tally_postgres.h"
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

struct StoreScheme : Scheme<Store, StoreOptions> {
  Result<std::vector<SchemaVersion>> (*versions)(const std::string& rest);
  Result<> (*migrate)(const std::string& rest, std::optional<int> until);
  std::unique_ptr<RequestTally> (*tally)(const std::string& rest);
};

// libpq reads both names of the scheme, and the rest as it is.
Result<std::unique_ptr<Store>> open_postgres(const std::string& rest, const StoreOptions& options) {
  PostgresOptions postgres;
  postgres.patience = options.patience;
  postgres.read_only = options.read_only;
  return open_store_postgres("postgresql:" + rest, postgres);
}

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, const StoreOptions& options) {
  SqliteOptions sqlite;
  sqlite.cache_bytes = options.cache_bytes;
  sqlite.read_only = options.read_only;
  return open_store_sqlite(path, sqlite);
}

Result<std::vector<SchemaVersion>> versions_postgres(const std::string& rest) {
  return versions_of_store_postgres("postgresql:" + rest);
}

Result<> migrate_postgres(const std::string& rest, std::optional<int> until) {
  return migrate_store_postgres("postgresql:" + rest, until);
}

std::unique_ptr<RequestTally> tally_postgres(const std::string& rest) {
  return make_request_tally_postgres("postgresql:" + rest);
}

std::unique_ptr<RequestTally> no_tally(const std::string&) { return nullptr; }

constexpr StoreScheme postgres_scheme(std::string_view name) {
  return {{name, open_postgres}, versions_postgres, migrate_postgres, tally_postgres};
}

constexpr std::array kStores = {
    StoreScheme{{"sqlite", open_sqlite}, versions_of_store_sqlite, migrate_store_sqlite, no_tally},
    postgres_scheme("postgresql"),
    postgres_scheme("postgres"),
};

using BlobScheme = Scheme<BlobStore, std::stop_token>;
constexpr std::array kBlobs = {
    BlobScheme{"file", [](const std::string& path, const std::stop_token&) { return open_blobs_file(path); }},
    BlobScheme{"s3", [](const std::string& rest,
                        const std::stop_token& end) { return open_blobs_s3("s3:" + rest, end); }},
};

using DocumentScheme = Scheme<GroupDocuments>;
constexpr std::array kDocuments = {
    DocumentScheme{"mongodb",
                   [](const std::string& rest) { return open_mongo_documents("mongodb:" + rest); }},
    DocumentScheme{"mongodb+srv",
                   [](const std::string& rest) { return open_mongo_documents("mongodb+srv:" + rest); }},
};

// The scheme of a URL, and what follows it.
template <class Known>
Result<std::pair<Known, std::string>> scheme_of(const char* what, const std::string& url,
                                                std::span<const Known> schemes) {
  std::size_t colon = url.find(':');
  std::string name = url.substr(0, colon == std::string::npos ? 0 : colon);
  std::string known;
  for (const Known& scheme : schemes) {
    if (scheme.name == name) return std::pair(scheme, url.substr(colon + 1));
    known.append(known.empty() ? "" : ", ").append(scheme.name).append(":");
  }
  // Of a URL of another kind nobody knows where its password stands, so it is not shown.
  const std::string shown = colon == std::string::npos ? url : name + ":…";
  return fail(ErrorKind::usage,
              "'" + shown + "' is no place for " + what + ": the URL has to begin with one of: " + known);
}

Result<std::pair<StoreScheme, std::string>> store_scheme(const std::string& url) {
  return scheme_of("the store", url, std::span<const StoreScheme>(kStores));
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const std::string& url, const StoreOptions& options) {
  const auto [scheme, rest] = TRY(store_scheme(url));
  return scheme.open(rest, options);
}

Result<std::vector<SchemaVersion>> store_versions(const std::string& url) {
  const auto [scheme, rest] = TRY(store_scheme(url));
  return scheme.versions(rest);
}

Result<> migrate_store(const std::string& url, std::optional<int> until) {
  const auto [scheme, rest] = TRY(store_scheme(url));
  return scheme.migrate(rest, until);
}

Result<std::unique_ptr<RequestTally>> open_request_tally(const std::string& url) {
  const auto [scheme, rest] = TRY(store_scheme(url));
  return scheme.tally(rest);
}

Result<std::unique_ptr<GroupDocuments>> open_group_documents(const std::string& url) {
  if (url == "store") return std::unique_ptr<GroupDocuments>();
  const auto [scheme, rest] =
      TRY(scheme_of("aggregates other than `store`", url, std::span<const DocumentScheme>(kDocuments)));
  return scheme.open(rest);
}

Result<std::unique_ptr<BlobStore>> open_blobs(const std::string& url, std::stop_token end) {
  const auto [scheme, rest] = TRY(scheme_of("blobs", url, std::span<const BlobScheme>(kBlobs)));
  return scheme.open(rest, end);
}

}  // namespace sluice
