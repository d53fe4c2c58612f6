// The store in one SQLite file: for a laptop, a single server, and every test that wants a real store.
// Called by app/ (wiring of `sqlite:PATH` URLs). Thread rules are those of ports/store.h.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/schema_versions.h"
#include "base/result.h"
#include "ports/store.h"

namespace sluice {

enum class SqliteDurability {
  full,  // synchronous = FULL: what a call acknowledged survives a power failure
  none,  // synchronous = OFF: survives the death of the process, not of the machine. For tests
};

struct SqliteOptions {
  bool read_only = false;  // only what is there: nothing is made, migrated or written
  // The page cache of the connection that writes; one of 2 MiB each reads. With 32 MiB the identities that
  // a commit looks up stay in memory up to some million rows, and the process stays under its 128 MiB.
  std::size_t cache_bytes = std::size_t{32} << 20;
  // Only for a file that is made now. 16 KiB: a commit of sorted identities writes fewer, fuller pages.
  std::size_t page_bytes = 16 * 1024;
  // The write-ahead log is copied into the database when it has grown to this size.
  std::size_t log_bytes = std::size_t{64} << 20;
  // How long a statement waits for another process that writes, before it gives up as `unavailable`.
  int busy_timeout_ms = 10'000;
  SqliteDurability durability = SqliteDurability::full;
};

// Opens the database, makes it and its parent folders where they are not there, and brings its tables to
// this version. Errors: usage where the file is something else, another program's or of a newer version, io,
// unavailable; not_found where it is to be read only and there is nothing.
Result<std::unique_ptr<Store>> open_store_sqlite(const std::string& path, const SqliteOptions& options);

// The tables alone, for `sluice migrate`: the versions, rising; and bringing them to one of these.
Result<std::vector<SchemaVersion>> versions_of_store_sqlite(const std::string& path);
Result<> migrate_store_sqlite(const std::string& path, std::optional<int> until);  // none: the newest

}  // namespace sluice
