// A job and its splits as rows of PostgreSQL: read, written, ended. Shared by the files of PostgresJobStore
// and the row writer; inside the caller's transaction.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "adapters/job_events.h"
#include "adapters/pg_connection.h"
#include "ports/store.h"

namespace sluice {

std::string pg_utc(const std::string& column);  // RFC 3339 with milliseconds
std::string pg_interval(std::chrono::milliseconds duration);

const std::string& select_postgres_job();  // "SELECT … FROM ingestion_jobs j, … ": WHERE is to follow
Job postgres_job_of(const PgResult& rows, int row);
Result<std::optional<Job>> find_postgres_job(PgConnection& connection, const std::string& id);
std::unexpected<Error> no_such_postgres_job(const std::string& id);

// All of them in one statement, each with its checkpoint at `begin`, taken by nobody before `not_before_ms`.
Result<> insert_postgres_splits(PgConnection& connection, const std::string& job_id,
                                std::span<const Split> splits, std::int64_t not_before_ms);

// Writes the end of a job whose splits the caller has locked or finished: status, cause, time, sums, event.
Result<> write_postgres_job_end(PgConnection& connection, const std::string& job_id, JobStatus status,
                                const std::string& error);
// An INSERT of the event that the status of a job stands for, and the sign to those who wait for events.
// `from`: a relation with the columns of ingestion_jobs.
std::string write_postgres_status_event(const std::string& from, const std::string& type,
                                        const std::string& condition = "true");
// The sums of the job over its splits, and in the same statement the event of a commit, where it had rows.
Result<RowCounts> sum_up_and_tell_postgres(PgConnection& connection, const WriteSpec& spec,
                                           const CommittedRows& rows);

}  // namespace sluice
