// Target tables: a table of the user's with typed columns, made from the schema, beside ingested_data, which
// then keeps identity only. Column sluice_id links a row to ingested_data.id.
// Used by the SQLite row writer, inside its transaction.
#pragma once

#include "adapters/sqlite_connection.h"
#include "ports/store.h"

namespace sluice {

// Makes the table, or adds columns that are new, in the caller's transaction. usage, where a table of that
// name exists that does not fit.
Result<> make_sqlite_target(SqliteConnection& writer, const TargetTable& target);

class SqliteTarget {
 public:
  Result<> prepare(SqliteConnection& writer, const TargetTable& target);
  bool exists() const { return columns_ != nullptr; }
  Result<> put(std::int64_t row_id, const PreparedRow& row);  // inserts, or replaces the row of that id

 private:
  const std::vector<TargetColumn>* columns_ = nullptr;
  SqliteStatement put_;
};

}  // namespace sluice
