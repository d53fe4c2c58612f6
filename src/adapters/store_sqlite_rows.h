// RowWriter on SQLite: one commit is one transaction. This file is the frame (guard, rejects, outcomes,
// counters, checkpoint, end); what becomes of each row is decided in store_sqlite_identity.
#pragma once

#include "adapters/store_sqlite_database.h"
#include "ports/store.h"

namespace sluice {

Result<std::unique_ptr<RowWriter>> open_sqlite_row_writer(SqliteDatabase& database, const WriteSpec& spec);

}  // namespace sluice
