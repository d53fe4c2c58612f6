// Table job_unique_values: who holds the values that may stand only once in a job. Used by the SQLite row
// table, inside its transaction.
#pragma once

#include <string>

#include "adapters/sqlite_connection.h"
#include "adapters/unique_claims.h"
#include "ports/store.h"

namespace sluice {

class SqliteUniqueValues {
 public:
  Result<> prepare(SqliteConnection& writer, const WriteSpec& spec);
  Result<> load(UniqueClaims& claims);   // fills in the holders that are stored
  Result<> write(UniqueClaims& claims);  // stores the fresh ones

 private:
  std::int64_t job_sequence_ = 0;
  SqliteStatement find_, insert_;
};

// Lets go of a job's values when it ends.
Result<> forget_sqlite_unique_values(SqliteConnection& writer, const std::string& job_id);

}  // namespace sluice
