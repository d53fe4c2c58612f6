// PostgresJobStore: which splits are to be queued next.
#include "adapters/store_postgres_job_row.h"
#include "adapters/store_postgres_jobs.h"

namespace sluice {
namespace {

// Nodes take turns, so that together they do not take more than is right for a tenant. ("sldu"; compiling the
// query below would take the server a hundred times as long as running it.)
constexpr const char* kTurn = "SET LOCAL jit = off; SELECT pg_advisory_xact_lock(1936483445, 0)";

// Is any split due, in whatever place? Asked at every tick, so it must not look at what is not due yet.
// (Conditions are written as the indexes have them, which are used for nothing else.)
// OFFSET 0 keeps the planner from joining whole tables for what is found at the first rows.
constexpr const char* kAnything = R"sql(
SELECT EXISTS (
    SELECT 1 FROM ingestion_splits s
    WHERE s.status <> 'COMPLETED' AND s.queued_at IS NULL AND s.lease_owner = '' AND s.not_before <= now()
      AND EXISTS (SELECT 1 FROM ingestion_jobs j WHERE j.id = s.job_id
        AND j.dispatched AND j.status IN ('PENDING', 'PROCESSING') OFFSET 0))
  OR EXISTS (
    SELECT 1 FROM ingestion_splits s
    WHERE s.status <> 'COMPLETED' AND (s.queued_at IS NOT NULL OR s.lease_owner <> '')
      AND s.not_before <= now() AND NOT ((s.lease_owner <> '' AND s.lease_until > now())
        OR coalesce(s.queued_at > now() - $1::interval, false))
      AND EXISTS (SELECT 1 FROM ingestion_jobs j WHERE j.id = s.job_id
        AND j.dispatched AND j.status IN ('PENDING', 'PROCESSING') OFFSET 0)))sql";

// A split that is queued or worked on takes a place of its tenant's, and goes before its brothers: so jobs of
// many splits and of few get on side by side. Looked at are the jobs that have such splits, and of each
// tenant as many others as there are places, and as many of each pipeline that has a limit: any further one
// would come after all of those. What somebody is
// just taking or giving back is left for the next time.
constexpr const char* kTake = R"sql(
WITH RECURSIVE clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
tenants(tenant) AS (
  SELECT min(tenant) FROM ingestion_jobs WHERE most_splits = 0 AND dispatched AND status IN ('PENDING', 'PROCESSING')
  UNION ALL
  SELECT (SELECT min(j.tenant) FROM ingestion_jobs j
    WHERE j.most_splits = 0 AND j.dispatched AND j.status IN ('PENDING', 'PROCESSING') AND j.tenant > t.tenant)
  FROM tenants t WHERE t.tenant IS NOT NULL),
limited AS (
  SELECT DISTINCT tenant, pipeline FROM ingestion_jobs
  WHERE most_splits > 0 AND dispatched AND status IN ('PENDING', 'PROCESSING')),
looked_at AS MATERIALIZED (
  SELECT s.job_id FROM ingestion_splits s
  WHERE s.status <> 'COMPLETED' AND (s.queued_at IS NOT NULL OR s.lease_owner <> '')
  UNION
  SELECT first.id FROM clock, tenants t, LATERAL (
    SELECT f.id FROM ingestion_jobs f
    WHERE f.tenant = t.tenant AND f.most_splits = 0 AND f.dispatched AND f.status IN ('PENDING', 'PROCESSING') AND EXISTS (
      SELECT 1 FROM ingestion_splits s WHERE s.job_id = f.id
        AND s.status <> 'COMPLETED' AND s.queued_at IS NULL AND s.lease_owner = '' AND s.not_before <= now
      OFFSET 0)
    ORDER BY f.priority DESC, f.sequence LIMIT $2::bigint) first
  UNION
  SELECT first.id FROM clock, limited l, LATERAL (
    SELECT f.id FROM ingestion_jobs f
    WHERE f.tenant = l.tenant AND f.pipeline = l.pipeline AND f.most_splits > 0
      AND f.dispatched AND f.status IN ('PENDING', 'PROCESSING') AND EXISTS (
      SELECT 1 FROM ingestion_splits s WHERE s.job_id = f.id
        AND s.status <> 'COMPLETED' AND s.queued_at IS NULL AND s.lease_owner = '' AND s.not_before <= now
      OFFSET 0)
    ORDER BY f.priority DESC, f.sequence LIMIT $2::bigint) first),
open AS (
  SELECT j.tenant, j.pipeline, j.most_splits, j.id AS job_id, j.priority, j.sequence, s.split_number,
    ((s.lease_owner <> '' AND s.lease_until > now)
      OR coalesce(s.queued_at > now - $1::interval, false))::int AS under_way,
    s.not_before <= now AS is_due
  FROM clock, looked_at, LATERAL (
    SELECT * FROM ingestion_jobs WHERE id = looked_at.job_id
      AND dispatched AND status IN ('PENDING', 'PROCESSING') OFFSET 0) j, LATERAL (
    SELECT * FROM ingestion_splits WHERE job_id = j.id AND status <> 'COMPLETED' OFFSET 0) s),
in_turn AS (
  SELECT *, sum(under_way) OVER (PARTITION BY tenant) AS places_taken,
    sum(under_way) OVER (PARTITION BY tenant, pipeline) AS taken_of_pipeline,
    sum(under_way) OVER (PARTITION BY job_id)
      + row_number() OVER (PARTITION BY job_id, under_way, is_due ORDER BY split_number) AS turn
  FROM open),
within_pipeline AS (
  SELECT *, taken_of_pipeline + row_number() OVER (PARTITION BY tenant, pipeline
    ORDER BY priority DESC, turn, sequence) AS place_of_pipeline
  FROM in_turn WHERE is_due AND under_way = 0),
placed AS (
  SELECT *, places_taken + row_number() OVER (PARTITION BY tenant
    ORDER BY priority DESC, turn, sequence) AS place
  FROM within_pipeline WHERE most_splits = 0 OR place_of_pipeline <= most_splits),
due AS (
  SELECT * FROM placed WHERE place <= $2::bigint
  ORDER BY priority DESC, turn, sequence LIMIT $3::bigint),
free AS (
  SELECT s.job_id, s.split_number FROM ingestion_splits s JOIN due USING (job_id, split_number)
  WHERE s.status <> 'COMPLETED' AND NOT (s.lease_owner <> '' AND s.lease_until > clock_timestamp())
  FOR NO KEY UPDATE OF s SKIP LOCKED),
taken AS (
  UPDATE ingestion_splits s SET queued_at = clock_timestamp(), generation = s.generation + 1
  FROM free WHERE s.job_id = free.job_id AND s.split_number = free.split_number
  RETURNING s.job_id, s.split_number, s.generation)
SELECT tenant, job_id, split_number, generation, priority FROM taken JOIN due USING (job_id, split_number)
ORDER BY priority DESC, turn, sequence)sql";

}  // namespace

Result<std::vector<DueSplit>> PostgresJobStore::take_due(std::size_t per_tenant, std::size_t limit,
                                                         std::chrono::milliseconds lost_after) {
  using Due = std::vector<DueSplit>;
  // Most of the time there is nothing, and no node has to wait for its turn.
  auto anything = pool_.run<bool>([&](PgConnection& connection) -> Result<bool> {
    auto found = TRY(connection.query(kAnything, PgParams().text(pg_interval(lost_after))));
    return found.yes(0, 0);
  });
  if (!TRY(anything)) return Due();
  return pool_.transact<Due>([&](PgConnection& connection) -> Result<Due> {
    TRY(connection.execute(kTurn));
    auto taken =
        TRY(connection.query(kTake, PgParams().text(pg_interval(lost_after)).whole(per_tenant).whole(limit)));
    Due due;
    for (int row = 0; row < taken.rows(); ++row)
      due.push_back({std::string(taken.text(row, 0)), std::string(taken.text(row, 1)),
                     static_cast<std::uint32_t>(taken.whole(row, 2)), taken.whole(row, 3),
                     static_cast<std::int32_t>(taken.integer(row, 4))});
    return due;
  });
}

}  // namespace sluice
