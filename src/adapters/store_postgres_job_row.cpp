#include "adapters/store_postgres_job_row.h"

#include "adapters/pg_binary.h"
#include "base/sha256.h"
#include "base/uuid.h"

namespace sluice {
namespace {

// As counts_json() writes it.
std::string counts_format(const std::string& relation) {
  std::string json = "format('{\"read\":%s,\"inserted\":%s,\"updated\":%s,\"duplicate\":%s,\"rejected\":%s}'";
  for (const char* column : {"read", "inserted", "updated", "duplicate", "rejected"})
    json += ", " + relation + column;
  return json + ")";
}

constexpr const char* kSums =
    "sum(rows_read) AS read, sum(rows_inserted) AS inserted, sum(rows_updated) AS updated, "
    "sum(rows_duplicate) AS duplicate, sum(rows_rejected) AS rejected";
constexpr const char* kTell = " RETURNING pg_notify('sluice_events', '')";

}  // namespace

std::string pg_utc(const std::string& column) {
  return "to_char(" + column + R"( AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))";
}

std::string pg_interval(std::chrono::milliseconds duration) {
  return std::to_string(duration.count()) + " milliseconds";
}

const std::string& select_postgres_job() {
  // While a job runs its counters are on its splits.
  static const std::string kSelect =
      "SELECT id, tenant, pipeline, file_name, blob, plan, file_size, sequence, status, attempts, error, "
      "parent_job_id, root_job_id, " +
      pg_utc("created_at") + ", " + pg_utc("started_at") + ", " + pg_utc("finished_at") +
      ", coalesce(c.read, rows_read), coalesce(c.inserted, rows_inserted), coalesce(c.updated, "
      "rows_updated), "
      "coalesce(c.duplicate, rows_duplicate), coalesce(c.rejected, rows_rejected), created_by, metadata, "
      "file_sha256, content_type, priority FROM ingestion_jobs j, LATERAL (SELECT " +
      kSums + " FROM ingestion_splits s WHERE s.job_id = j.id AND j.finished_at IS NULL) c ";
  return kSelect;
}

Job postgres_job_of(const PgResult& rows, int row) {
  auto text = [&](int column) { return std::string(rows.text(row, column)); };
  Job job;
  job.id = text(0);
  job.tenant = text(1);
  job.pipeline = text(2);
  job.file_name = text(3);
  job.blob = text(4);
  job.plan = text(5);
  job.file_size = rows.whole(row, 6);
  job.sequence = rows.integer(row, 7);
  job.status = job_status_named(rows.text(row, 8)).value_or(JobStatus::failed);
  job.attempts = static_cast<std::uint32_t>(rows.whole(row, 9));
  job.error = text(10);
  if (!rows.is_null(row, 11)) job.parent_job_id = text(11);
  job.root_job_id = text(12);
  job.created_at = text(13);
  job.started_at = text(14);
  job.finished_at = text(15);
  job.counts = {rows.whole(row, 16), rows.whole(row, 17), rows.whole(row, 18), rows.whole(row, 19),
                rows.whole(row, 20)};
  job.created_by = text(21);
  job.metadata = text(22);
  job.file_sha256 = text(23);
  job.content_type = text(24);
  job.priority = static_cast<std::int32_t>(rows.integer(row, 25));
  return job;
}

// An id that is no UUID is the id of no job; the server would take it for an error in the statement.
Result<std::optional<Job>> find_postgres_job(PgConnection& connection, const std::string& id) {
  if (!uuid_bytes(id)) return std::nullopt;
  auto found = TRY(connection.query(select_postgres_job() + "WHERE j.id = $1", PgParams().text(id)));
  if (found.rows() == 0) return std::nullopt;
  return postgres_job_of(found, 0);
}

std::unexpected<Error> no_such_postgres_job(const std::string& id) {
  return fail(ErrorKind::not_found, "there is no job " + id + " in this store.");
}

Result<> insert_postgres_splits(PgConnection& connection, const std::string& job_id,
                                std::span<const Split> splits, std::int64_t not_before_ms) {
  PgArray numbers(PgType::int8);
  std::vector<PgArray> places(6, PgArray(PgType::int8));
  auto add = [&](std::size_t first, const Position& position) {
    places[first].next().int8(static_cast<std::int64_t>(position.offset));
    places[first + 1].next().int8(static_cast<std::int64_t>(position.row));
    places[first + 2].next().int8(static_cast<std::int64_t>(position.line));
  };
  for (const Split& split : splits) {
    numbers.next().int8(split.number);
    add(0, split.begin);
    if (split.end)
      add(3, *split.end);
    else
      for (std::size_t i = 3; i < 6; ++i) places[i].next().null();
  }
  constexpr Oid kArray = static_cast<Oid>(PgArrayType::int8);
  PgParams params;
  params.text(job_id).binary(numbers.take(), kArray);
  for (PgArray& place : places) params.binary(place.take(), kArray);
  params.text(to_hex(Sha256().finish())).integer(not_before_ms);
  TRY(connection.query(
      "INSERT INTO ingestion_splits (job_id, split_number, begin_offset, begin_row, begin_line, end_offset, "
      "end_row, end_line, checkpoint_offset, checkpoint_row, checkpoint_line, checkpoint_digest, not_before) "
      "SELECT $1::uuid, n, b0, b1, b2, e0, e1, e2, b0, b1, b2, $9::text, "
      "CASE WHEN $10::bigint > 0 THEN to_timestamp($10::bigint / 1000.0) ELSE '-infinity' END "
      "FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], "
      "$8::bigint[]) AS u(n, b0, b1, b2, e0, e1, e2)",
      params));
  return {};
}

std::string write_postgres_status_event(const std::string& from, const std::string& type,
                                        const std::string& condition) {
  return "INSERT INTO ingestion_events (tenant, job_id, pipeline, type, data) SELECT tenant, id, pipeline, " +
         type + ", ('{\"rows\":' || " + counts_format("rows_") +
         " || CASE error WHEN '' THEN '' ELSE ',\"error\":' || to_json(error)::text END || '}')::json FROM " +
         from + " WHERE " + condition + kTell;
}

namespace {

// An archive waits for the last of its members. Of two that end at once the second sees the first: it waits
// for the lock.
Result<> tell_postgres_archive(PgConnection& connection, const std::string& member_id) {
  const auto archive = TRY(connection.query(
      "SELECT s.job_id FROM ingestion_jobs m JOIN ingestion_splits s ON s.job_id = m.parent_job_id "
      "WHERE m.id = $1 AND m.root_job_id = m.id AND s.split_number = 1 AND s.status <> 'COMPLETED' "
      "FOR UPDATE OF s",
      PgParams().text(member_id)));
  if (archive.rows() == 0) return {};
  TRY(connection.query(
      "UPDATE ingestion_splits SET not_before = '-infinity' WHERE job_id = $1 AND split_number = 1 AND NOT "
      "EXISTS (SELECT 1 FROM ingestion_jobs WHERE parent_job_id = $1 AND root_job_id = id AND status IN "
      "('PENDING', 'PROCESSING'))",
      PgParams().text(std::string(archive.text(0, 0)))));
  return {};
}

}  // namespace

Result<> write_postgres_job_end(PgConnection& connection, const std::string& job_id, JobStatus status,
                                const std::string& error) {
  TRY(connection.query(
      "WITH ended AS (UPDATE ingestion_jobs j SET status = $2, error = $3, finished_at = "
      "clock_timestamp(), rows_read = c.read, rows_inserted = c.inserted, rows_updated = "
      "c.updated, rows_duplicate = c.duplicate, rows_rejected = c.rejected FROM (SELECT " +
          std::string(kSums) + " FROM ingestion_splits WHERE job_id = $1) c WHERE j.id = $1 RETURNING j.*) " +
          write_postgres_status_event("ended", "'job.' || lower(status)"),
      PgParams().text(job_id).text(name_of(status)).text(error)));
  TRY(tell_postgres_archive(connection, job_id));
  // Another end may be taken back (reopen): the rows to come are still held against those of before, and what
  // lanes beside the main one have done past the checkpoint is not done again.
  if (status != JobStatus::completed) return {};
  TRY(connection.query(
      "DELETE FROM job_unique_values WHERE job_sequence = (SELECT sequence FROM ingestion_jobs "
      "WHERE id = $1)",
      PgParams().text(job_id)));
  TRY(connection.query("DELETE FROM ingestion_lanes WHERE job_id = $1", PgParams().text(job_id)));
  return {};
}

Result<RowCounts> sum_up_and_tell_postgres(PgConnection& connection, const WriteSpec& spec,
                                           const CommittedRows& rows) {
  auto sums = TRY(connection.query(
      "WITH c AS (SELECT " + std::string(kSums) +
          " FROM ingestion_splits WHERE job_id = $1::uuid), told AS (INSERT INTO ingestion_events (tenant, "
          "job_id, pipeline, type, data) SELECT $2, $1::uuid, $3, 'rows.processed', ($4::text || " +
          counts_format("c.") + " || '}')::json FROM c WHERE $5" + kTell +
          ") SELECT read, inserted, updated, duplicate, rejected FROM c",
      PgParams()
          .text(spec.job_id)
          .text(spec.tenant)
          .text(spec.pipeline)
          .text(rows_processed_json_head(rows))
          .boolean(rows.counts.read != 0)));
  return RowCounts{sums.whole(0, 0), sums.whole(0, 1), sums.whole(0, 2), sums.whole(0, 3), sums.whole(0, 4)};
}

}  // namespace sluice
