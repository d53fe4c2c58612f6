// The tables of the PostgreSQL store, in numbered migrations.
#pragma once

#include <vector>

#include "adapters/pg_connection.h"
#include "adapters/schema_versions.h"
#include "base/result.h"

namespace sluice {

int newest_postgres_schema();

// Every version, rising. Changes nothing.
Result<std::vector<SchemaVersion>> postgres_schema_versions(PgConnection& connection);

// Brings the database to the newest version, or to `until`, under an advisory lock, so that any number of
// nodes may start at once; nothing where it is there already. Errors: usage where it is of a newer sluice, or
// where tables are missing and the role may not make them.
Result<> migrate_postgres(PgConnection& connection, int until = newest_postgres_schema());

// For a store that is only looked at: not_found where there are no tables, usage where they are of a newer
// sluice.
Result<> check_postgres_schema(PgConnection& connection);

}  // namespace sluice
