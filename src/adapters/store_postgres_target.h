// A typed table of the user's in PostgreSQL: made and extended from the schema, and its rows. Column
// sluice_id ties a row to ingested_data.id. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "adapters/pg_connection.h"
#include "adapters/row_decisions.h"
#include "base/uuid.h"
#include "ports/store.h"

namespace sluice {

// Makes the table where it is not there, adds columns that are new, and refuses what does not fit, naming
// the statement that would make it fit. Inside the caller's transaction.
Result<> make_postgres_target(PgConnection& connection, const TargetTable& target);

class PostgresTarget {
 public:
  explicit PostgresTarget(const WriteSpec& spec);
  bool exists() const { return !spec_.target.name.empty(); }

  // Adds the row of each group, by COPY in the given order. `ids` are those of all groups.
  Result<> put(PgConnection& connection, const RowDecisions& decisions, std::span<const std::uint32_t> groups,
               std::span<const UuidBytes> ids);
  Result<> remove(PgConnection& connection, std::string id_array);

 private:
  const WriteSpec& spec_;
  std::string copy_;  // the statement
};

}  // namespace sluice
