// The tables of a store are made by numbered migrations, which are only ever added to.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

struct SchemaVersion {
  int version = 0;
  std::string name;        // what it brings
  std::string applied_at;  // RFC 3339 UTC; "": the store does not have it yet
};

// The newest that the store has; 0: none. `versions`: all that this program knows, rising.
inline int reached_version(const std::vector<SchemaVersion>& versions) {
  int reached = 0;
  for (const SchemaVersion& known : versions)
    if (!known.applied_at.empty()) reached = known.version;
  return reached;
}

// usage where there is no way from the version that the store has to `wanted`.
inline Result<> check_way(int reached, int wanted, int newest) {
  if (wanted > newest || wanted < 1)
    return fail(ErrorKind::usage, "there is no version " + std::to_string(wanted) +
                                      " of the tables; this program knows 1 to " + std::to_string(newest) +
                                      ".");
  if (wanted < reached)
    return fail(ErrorKind::usage, "the tables are of version " + std::to_string(reached) +
                                      " already, and there is no way back to " + std::to_string(wanted) +
                                      ": restore a backup of the database for that.");
  return {};
}

}  // namespace sluice
