// The store in PostgreSQL: for teams, and for any number of nodes. Called by app/ (wiring of `postgresql://…`
// URLs). Thread rules are those of ports/store.h.
// How rows are written, and why so: docs/postgresql.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/schema_versions.h"
#include "base/result.h"
#include "ports/store.h"

namespace sluice {

struct PostgresOptions {
  bool read_only = false;  // only what is there: nothing is made, migrated or written
  // At most so many connections for everything but the writing of rows; writers have their own.
  std::size_t connections = 4;
  // A commit of many rows is written by so many sessions at once, each a range of the identities.
  unsigned lanes = 2;
  // Below this many rows a second session costs more than it brings.
  std::size_t lane_rows = 4000;
  // How long a database that went away is waited for before the error is given to the caller: a failover
  // takes half a minute where it is automatic.
  std::chrono::milliseconds patience{60'000};
};

// Connects, and brings the tables to this version where the role may. Errors: usage (bad URL, refused, tables
// of a newer version), unavailable, not_found (read_only, and there are no tables).
Result<std::unique_ptr<Store>> open_store_postgres(const std::string& url, const PostgresOptions& options);

// The tables alone, for `sluice migrate`: the versions, rising; and bringing them to one of these.
Result<std::vector<SchemaVersion>> versions_of_store_postgres(const std::string& url);
Result<> migrate_store_postgres(const std::string& url, std::optional<int> until);  // none: the newest

}  // namespace sluice
