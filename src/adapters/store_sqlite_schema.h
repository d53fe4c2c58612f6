// The tables of the SQLite store, as numbered migrations. Called when a store is opened.
#pragma once

#include <vector>

#include "adapters/schema_versions.h"
#include "adapters/sqlite_connection.h"

namespace sluice {

int newest_sqlite_schema();
// Whose is this database? Looked at before anything is changed in it. usage, where it is another program's.
enum class SqliteFile { unused, ours };
Result<SqliteFile> look_at_sqlite_file(const SqliteConnection& connection);
// Every version, rising. Changes nothing.
Result<std::vector<SchemaVersion>> sqlite_schema_versions(const SqliteConnection& connection);
// Brings the tables to the newest version, or to `until`, in one
// transaction that other processes wait for. usage, where the database was made by a newer program.
Result<> migrate_sqlite(SqliteConnection& connection, int until = newest_sqlite_schema());

}  // namespace sluice
