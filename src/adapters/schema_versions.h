// The tables of a store are made by numbered migrations, which are only ever added to.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

struct SchemaVersion {
  int version = 0;
  std::string name;        // what it brings
  std::string applied_at;  // RFC 3339 UTC; "": the store does not have it yet
};

// The store has tables of `version`, and is to have those of `wanted`: usage where there is no way.
inline Result<> check_way(int version, int wanted, int newest) {
  if (wanted > newest || wanted < 1)
    return fail(ErrorKind::usage, "there is no version " + std::to_string(wanted) +
                                      " of the tables; this program knows 1 to " + std::to_string(newest) +
                                      ".");
  if (wanted < version)
    return fail(ErrorKind::usage, "the tables are of version " + std::to_string(version) +
                                      " already, and there is no way back to " + std::to_string(wanted) +
                                      ": restore a backup of the database for that.");
  return {};
}

}  // namespace sluice
