// A job and its splits as rows of SQLite: read, written, ended. Shared by the files of SqliteJobStore and the
// row writer; inside the caller's lock or transaction.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "adapters/sqlite_connection.h"
#include "ports/store.h"

namespace sluice {

std::string sqlite_job_columns();  // as sqlite_job_of reads them
Job sqlite_job_of(const SqliteStatement& row);
Result<std::optional<Job>> find_sqlite_job(const SqliteConnection& connection, const std::string& id);
std::unexpected<Error> no_such_sqlite_job(const std::string& id);

RowCounts sqlite_counts_at(const SqliteStatement& row, int column);  // read, inserted, updated, …
Split sqlite_split_of(const SqliteStatement& row);                   // of kSqliteSplitColumns, in front
inline constexpr const char* kSqliteSplitColumns =
    "split_number, status, begin_offset, begin_row, begin_line, end_offset, end_row, end_line, "
    "checkpoint_offset, checkpoint_row, checkpoint_line, checkpoint_digest, rows_read, rows_inserted, "
    "rows_updated, rows_duplicate, rows_rejected";

// Each begins with its checkpoint at `begin`, and is taken by nobody before `not_before_ms`.
Result<> insert_sqlite_splits(const SqliteConnection& writer, const std::string& job_id,
                              std::span<const Split> splits, std::int64_t not_before_ms);

// Ends the job inside the caller's transaction: status, cause, time, event; all leases are lost. Nothing
// where it has ended already.
Result<> end_sqlite_job(SqliteConnection& writer, const std::string& job_id, JobStatus status,
                        const std::string& error);
// The event that the job's status stands for.
Result<> write_sqlite_status_event(SqliteConnection& writer, const std::string& job_id,
                                   const std::string& type);

}  // namespace sluice
