// The tables of the PostgreSQL store, in numbered migrations.
#pragma once

#include "adapters/pg_connection.h"
#include "base/result.h"

namespace sluice {

int newest_postgres_schema();

// Brings the database to the newest version, under an advisory lock, so that any number of nodes may start
// at once; nothing where it is there already. Errors: usage where it is of a newer sluice, or where tables
// are missing and the role may not make them.
Result<> migrate_postgres(PgConnection& connection);

}  // namespace sluice
