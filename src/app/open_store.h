// Where things live is a URL: the tables of schemes, one line an adapter. An unknown scheme's error lists the
// known.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "ports/blob_store.h"
#include "ports/store.h"

namespace sluice {

struct StoreOptions {
  std::uint64_t cache_bytes = 32 << 20;
  bool read_only = false;  // only what is there: nothing is made or written; not_found where there is nothing
  std::chrono::milliseconds patience{60'000};  // with a database that went away
};

Result<std::unique_ptr<Store>> open_store(const std::string& url, const StoreOptions& options);
Result<std::unique_ptr<BlobStore>> open_blobs(const std::string& url);

}  // namespace sluice
