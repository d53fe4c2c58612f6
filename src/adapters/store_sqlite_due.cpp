// SqliteJobStore: which splits are to be queued next.
#include "adapters/store_sqlite_jobs.h"

namespace sluice {
namespace {

// Is any split due, in whatever place? Asked at every tick, so it must not look at what is not due yet.
// (Conditions are written as the indexes have them, which are used for nothing else.)
constexpr const char* kAnything = R"sql(
SELECT EXISTS (
    SELECT 1 FROM ingestion_splits s JOIN ingestion_jobs j ON j.id = s.job_id
    WHERE s.status <> 'COMPLETED' AND s.queued_at IS NULL AND s.lease_owner = '' AND s.not_before <= ?1
      AND j.dispatched AND j.status IN ('PENDING', 'PROCESSING'))
  OR EXISTS (
    SELECT 1 FROM ingestion_splits s JOIN ingestion_jobs j ON j.id = s.job_id
    WHERE s.status <> 'COMPLETED' AND (s.queued_at IS NOT NULL OR s.lease_owner <> '') AND s.not_before <= ?1
      AND NOT ((s.lease_owner <> '' AND s.lease_until > ?1) OR coalesce(s.queued_at > ?1 - ?2, 0))
      AND j.dispatched AND j.status IN ('PENDING', 'PROCESSING')))sql";

// A split that is queued or worked on takes a place of its tenant's, and goes before its brothers: so jobs of
// many splits and of few get on side by side. Looked at are the jobs that have such splits, and of each
// tenant as many others as there are places, and as many of each pipeline that has a limit: any further one
// would come after all of those.
constexpr const char* kDue = R"sql(
WITH RECURSIVE tenants(tenant) AS (
  SELECT min(tenant) FROM ingestion_jobs WHERE most_splits = 0 AND dispatched AND status IN ('PENDING', 'PROCESSING')
  UNION ALL
  SELECT (SELECT min(j.tenant) FROM ingestion_jobs j
    WHERE j.most_splits = 0 AND j.dispatched AND j.status IN ('PENDING', 'PROCESSING') AND j.tenant > t.tenant)
  FROM tenants t WHERE t.tenant IS NOT NULL),
limited AS (
  SELECT DISTINCT tenant, pipeline FROM ingestion_jobs
  WHERE most_splits > 0 AND dispatched AND status IN ('PENDING', 'PROCESSING')),
looked_at(sequence) AS (
  SELECT j.sequence FROM ingestion_splits s JOIN ingestion_jobs j ON j.id = s.job_id
  WHERE s.status <> 'COMPLETED' AND (s.queued_at IS NOT NULL OR s.lease_owner <> '')
  UNION
  SELECT j.sequence FROM tenants t JOIN ingestion_jobs j ON j.sequence IN (
    SELECT f.sequence FROM ingestion_jobs f
    WHERE f.tenant = t.tenant AND f.most_splits = 0 AND f.dispatched AND f.status IN ('PENDING', 'PROCESSING') AND EXISTS (
      SELECT 1 FROM ingestion_splits s WHERE s.job_id = f.id
        AND s.status <> 'COMPLETED' AND s.queued_at IS NULL AND s.lease_owner = '' AND s.not_before <= ?1)
    ORDER BY f.priority DESC, f.sequence LIMIT ?3)
  UNION
  SELECT j.sequence FROM limited l JOIN ingestion_jobs j ON j.sequence IN (
    SELECT f.sequence FROM ingestion_jobs f
    WHERE f.tenant = l.tenant AND f.pipeline = l.pipeline AND f.most_splits > 0
      AND f.dispatched AND f.status IN ('PENDING', 'PROCESSING') AND EXISTS (
      SELECT 1 FROM ingestion_splits s WHERE s.job_id = f.id
        AND s.status <> 'COMPLETED' AND s.queued_at IS NULL AND s.lease_owner = '' AND s.not_before <= ?1)
    ORDER BY f.priority DESC, f.sequence LIMIT ?3)),
open AS (
  SELECT j.tenant, j.pipeline, j.most_splits, j.id AS job_id, j.priority, j.sequence, s.split_number, s.generation,
    (s.lease_owner <> '' AND s.lease_until > ?1) OR coalesce(s.queued_at > ?1 - ?2, 0) AS under_way,
    s.not_before <= ?1 AS is_due
  FROM looked_at JOIN ingestion_jobs j USING (sequence) JOIN ingestion_splits s ON s.job_id = j.id
  WHERE j.dispatched AND j.status IN ('PENDING', 'PROCESSING') AND s.status <> 'COMPLETED'),
in_turn AS (
  SELECT *, sum(under_way) OVER (PARTITION BY tenant) AS places_taken,
    sum(under_way) OVER (PARTITION BY tenant, pipeline) AS taken_of_pipeline,
    sum(under_way) OVER (PARTITION BY job_id)
      + row_number() OVER (PARTITION BY job_id, under_way, is_due ORDER BY split_number) AS turn
  FROM open),
within_pipeline AS (
  SELECT *, taken_of_pipeline + row_number() OVER (PARTITION BY tenant, pipeline
    ORDER BY priority DESC, turn, sequence) AS place_of_pipeline
  FROM in_turn WHERE is_due AND NOT under_way),
placed AS (
  SELECT *, places_taken + row_number() OVER (PARTITION BY tenant
    ORDER BY priority DESC, turn, sequence) AS place
  FROM within_pipeline WHERE most_splits = 0 OR place_of_pipeline <= most_splits)
SELECT tenant, job_id, split_number, generation + 1, priority FROM placed WHERE place <= ?3
ORDER BY priority DESC, turn, sequence LIMIT ?4)sql";

}  // namespace

Result<std::vector<DueSplit>> SqliteJobStore::take_due(std::size_t per_tenant, std::size_t limit,
                                                       std::chrono::milliseconds lost_after) {
  auto due = [&](const SqliteConnection& connection, std::int64_t now) -> Result<std::vector<DueSplit>> {
    auto select = TRY(SqliteStatement::prepare(connection, kDue));
    select.bind(1, now);
    select.bind(2, std::int64_t{lost_after.count()});
    select.bind(3, std::uint64_t{per_tenant});
    select.bind(4, std::uint64_t{limit});
    std::vector<DueSplit> found;
    while (TRY(select.step()))
      found.push_back({std::string(select.text(0)), std::string(select.text(1)),
                       static_cast<std::uint32_t>(select.whole(2)), select.whole(3),
                       static_cast<std::int32_t>(select.integer(4))});
    return found;
  };
  {  // most of the time there is nothing, or no place, and nobody has to wait for that
    std::lock_guard lock(database_.reader_mutex);
    const std::int64_t now = now_ms();
    auto anything = TRY(SqliteStatement::prepare(database_.reader, kAnything));
    anything.bind(1, now);
    anything.bind(2, std::int64_t{lost_after.count()});
    (void)TRY(anything.step());
    if (anything.integer(0) == 0 || TRY(due(database_.reader, now)).empty()) return std::vector<DueSplit>();
  }
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  const std::int64_t now = now_ms();
  std::vector<DueSplit> taken = TRY(due(database_.writer, now));
  auto mark = TRY(SqliteStatement::prepare(
      database_.writer,
      "UPDATE ingestion_splits SET queued_at = ?3, generation = ?4 WHERE job_id = ?1 AND split_number = ?2"));
  for (const DueSplit& split : taken) {
    mark.bind(1, split.job_id);
    mark.bind(2, std::uint64_t{split.split_number});
    mark.bind(3, now);
    mark.bind(4, split.generation);
    TRY(mark.run());
  }
  TRY(transaction.commit());
  return taken;
}

}  // namespace sluice
