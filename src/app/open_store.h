// Where things live is a URL: the tables of schemes, one line an adapter. An unknown scheme's error lists the
// known.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "adapters/schema_versions.h"
#include "base/result.h"
#include "ports/blob_store.h"
#include "ports/group_documents.h"
#include "ports/request_tally.h"
#include "ports/store.h"

namespace sluice {

struct StoreOptions {
  std::uint64_t cache_bytes = 32 << 20;
  bool read_only = false;  // only what is there: nothing is made or written; not_found where there is nothing
  std::chrono::milliseconds patience{60'000};  // with a database that went away
};

Result<std::unique_ptr<Store>> open_store(const std::string& url, const StoreOptions& options);
// The versions of its tables, rising. Changes nothing; not_found where there is no store.
Result<std::vector<SchemaVersion>> store_versions(const std::string& url);
// Brings its tables to `until`, or to the newest version; makes a store where there is none.
Result<> migrate_store(const std::string& url, std::optional<int> until);

// What counts requests together with other nodes on that store; null where it has one node.
Result<std::unique_ptr<RequestTally>> open_request_tally(const std::string& url);

// Where the groups of aggregates are copied to; null where they are in the store only.
Result<std::unique_ptr<GroupDocuments>> open_group_documents(const std::string& url);

Result<std::unique_ptr<BlobStore>> open_blobs(const std::string& url, std::stop_token end = {});

}  // namespace sluice
