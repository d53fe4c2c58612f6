#include "adapters/store_postgres_schema.h"

#include <array>

#include "adapters/service_tables.h"

namespace sluice {
namespace {

// pg_advisory_xact_lock(kMigrationLock): "sluice" and the first version of this scheme.
constexpr const char* kMigrationLock = "8317987319222330741";

struct Migration {
  int version;
  const char* name;
  const char* sql;
  const char* also = "";
};

// A released migration is never changed: what comes later is a new number at the end.
constexpr std::array kMigrations = {
    Migration{1, "jobs, rows, rejects, outcomes, pipelines", R"sql(
CREATE TABLE ingestion_jobs (
  id              uuid PRIMARY KEY,
  sequence        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,  -- rises with every job: the major part of a row's version
  tenant          text NOT NULL,
  pipeline        text NOT NULL,
  status          text NOT NULL DEFAULT 'PENDING',             -- PENDING, PROCESSING, COMPLETED, FAILED, CANCELLED
  file_name       text NOT NULL,
  file_size       bigint NOT NULL,
  blob            text NOT NULL,
  rows_read       bigint NOT NULL DEFAULT 0,                   -- the sums over the job's splits, written at its end
  rows_inserted   bigint NOT NULL DEFAULT 0,
  rows_updated    bigint NOT NULL DEFAULT 0,
  rows_duplicate  bigint NOT NULL DEFAULT 0,
  rows_rejected   bigint NOT NULL DEFAULT 0,
  open_splits     integer NOT NULL,
  attempts        integer NOT NULL DEFAULT 0,
  error           text NOT NULL DEFAULT '',
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at      timestamptz,
  finished_at     timestamptz,
  created_by      text NOT NULL DEFAULT '',
  parent_job_id   uuid,
  root_job_id     uuid NOT NULL,
  resume_key      text NOT NULL DEFAULT '',
  plan            text NOT NULL,
  metadata        jsonb
);
CREATE INDEX ingestion_jobs_by_root ON ingestion_jobs (root_job_id);
CREATE INDEX ingestion_jobs_unfinished ON ingestion_jobs (resume_key) WHERE status IN ('PENDING', 'PROCESSING');

CREATE TABLE ingestion_splits (
  job_id             uuid NOT NULL,
  split_number       integer NOT NULL,
  status             text NOT NULL DEFAULT 'PENDING',          -- PENDING, PROCESSING, COMPLETED
  begin_offset       bigint NOT NULL,
  begin_row          bigint NOT NULL,
  begin_line         bigint NOT NULL,
  end_offset         bigint,                                   -- NULL: to the end of the input
  end_row            bigint,
  end_line           bigint,
  checkpoint_offset  bigint NOT NULL,                          -- up to here everything is durable
  checkpoint_row     bigint NOT NULL,
  checkpoint_line    bigint NOT NULL,
  checkpoint_digest  text NOT NULL,
  rows_read          bigint NOT NULL DEFAULT 0,
  rows_inserted      bigint NOT NULL DEFAULT 0,
  rows_updated       bigint NOT NULL DEFAULT 0,
  rows_duplicate     bigint NOT NULL DEFAULT 0,
  rows_rejected      bigint NOT NULL DEFAULT 0,
  attempts           integer NOT NULL DEFAULT 0,
  lease_owner        text NOT NULL DEFAULT '',
  lease_epoch        bigint NOT NULL DEFAULT 0,
  lease_until        timestamptz NOT NULL DEFAULT '-infinity',
  lease_duration     interval NOT NULL DEFAULT '0',
  PRIMARY KEY (job_id, split_number)
) WITH (fillfactor = 50);  -- updated with every commit, in place

-- A commit written by several sessions at once: what the sessions beside the first have durably done past
-- the split's checkpoint. Emptied when the split is done.
CREATE TABLE ingestion_lanes (
  job_id        uuid NOT NULL,
  split_number  integer NOT NULL,
  lane          smallint NOT NULL,
  until_row     bigint NOT NULL,     -- its rows below this one are stored
  first_row     bigint NOT NULL,     -- where `outcomes` begin
  outcomes      bytea NOT NULL,      -- as row_outcomes.runs
  PRIMARY KEY (job_id, split_number, lane)
) WITH (fillfactor = 50);

CREATE TABLE datasets (
  id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant    text NOT NULL,
  pipeline  text NOT NULL,
  UNIQUE (tenant, pipeline)
);

-- id: the number of the dataset (tenant and pipeline) and the first 12 bytes of the row's identity hash;
-- for identity `position` the root job's number and the row number. So the primary key is what makes a row
-- unique per tenant and pipeline, and a dataset's rows stand side by side in it.
CREATE TABLE ingested_data (
  id            uuid PRIMARY KEY,
  job_id        uuid NOT NULL,       -- with row_number: where the row came from last
  row_number    bigint NOT NULL,
  job_sequence  bigint NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  content_hash  bytea NOT NULL,      -- SHA-256 of the row in RFC 8785 form
  key_hash      bytea,               -- SHA-256 of the key's values; NULL where the key is not a list of fields
  tenant        text NOT NULL,
  pipeline      text NOT NULL,
  data          jsonb,               -- NULL where the row is in a table of its own
  metadata      jsonb
) WITH (fillfactor = 65);  -- a row that is touched is rewritten in its page: no index entry, no bloat

CREATE TABLE validation_errors (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id        uuid NOT NULL,
  row_number    bigint NOT NULL,
  line          bigint,
  field         text,
  field_number  integer,
  code          text NOT NULL,
  "constraint"  text,
  message       text NOT NULL,
  value         text,
  raw           text,
  suggestion    text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  resolved_by   uuid
);
CREATE INDEX validation_errors_by_row ON validation_errors (job_id, row_number, id);

CREATE TABLE row_outcomes (
  job_id     uuid NOT NULL,
  first_row  bigint NOT NULL,
  last_row   bigint NOT NULL,
  runs       bytea NOT NULL,         -- see docs/tables.md
  PRIMARY KEY (job_id, first_row)
);

-- Values that may stand once in a job; emptied when the job ends.
CREATE TABLE job_unique_values (
  job_sequence       bigint NOT NULL,
  constraint_number  integer NOT NULL,
  digest             uuid NOT NULL,  -- the first 16 bytes of the SHA-256 of the values
  row_number         bigint NOT NULL,
  identity           uuid,
  PRIMARY KEY (job_sequence, constraint_number, digest)
);

CREATE TABLE pipelines (
  tenant      text NOT NULL,
  name        text NOT NULL,
  text        text NOT NULL,         -- YAML
  inferred    boolean NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, name)
);
)sql"},
    // The owner of the tables and roles with BYPASSRLS see all; every other session sees one tenant, the one
    // it names in the setting sluice.tenant (docs/postgresql.md, Roles).
    Migration{2, "row-level security: a role sees one tenant", R"sql(
ALTER TABLE ingestion_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE ingested_data ENABLE ROW LEVEL SECURITY;
ALTER TABLE datasets ENABLE ROW LEVEL SECURITY;
ALTER TABLE pipelines ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ingestion_jobs USING (tenant = current_setting('sluice.tenant', true));
CREATE POLICY tenant ON ingested_data USING (tenant = current_setting('sluice.tenant', true));
CREATE POLICY tenant ON datasets USING (tenant = current_setting('sluice.tenant', true));
CREATE POLICY tenant ON pipelines USING (tenant = current_setting('sluice.tenant', true));
-- What belongs to a job is seen with the job.
ALTER TABLE ingestion_splits ENABLE ROW LEVEL SECURITY;
ALTER TABLE ingestion_lanes ENABLE ROW LEVEL SECURITY;
ALTER TABLE validation_errors ENABLE ROW LEVEL SECURITY;
ALTER TABLE row_outcomes ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_unique_values ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ingestion_splits USING (EXISTS (SELECT FROM ingestion_jobs j WHERE j.id = job_id));
CREATE POLICY tenant ON ingestion_lanes USING (EXISTS (SELECT FROM ingestion_jobs j WHERE j.id = job_id));
CREATE POLICY tenant ON validation_errors USING (EXISTS (SELECT FROM ingestion_jobs j WHERE j.id = job_id));
CREATE POLICY tenant ON row_outcomes USING (EXISTS (SELECT FROM ingestion_jobs j WHERE j.id = job_id));
CREATE POLICY tenant ON job_unique_values USING (EXISTS (SELECT FROM ingestion_jobs j WHERE j.sequence = job_sequence));
)sql"},
    Migration{3, "jobs of the service, and their events", R"sql(
ALTER TABLE ingestion_jobs
  ADD COLUMN priority integer NOT NULL DEFAULT 0,              -- higher goes first
  ADD COLUMN file_sha256 text NOT NULL DEFAULT '',
  ADD COLUMN content_type text NOT NULL DEFAULT '',
  ADD COLUMN dispatched boolean NOT NULL DEFAULT false,        -- to workers; false: by the process that made it
  ADD COLUMN root_sequence bigint;                             -- the root job's, which may have been removed; NULL: the own
UPDATE ingestion_jobs j SET root_sequence = r.sequence FROM ingestion_jobs r WHERE r.id = j.root_job_id AND r.id <> j.id;
CREATE INDEX ingestion_jobs_by_tenant ON ingestion_jobs (tenant, sequence);
CREATE INDEX ingestion_jobs_by_pipeline ON ingestion_jobs (tenant, pipeline, sequence);
CREATE INDEX ingestion_jobs_dispatched ON ingestion_jobs (sequence) WHERE dispatched AND status IN ('PENDING', 'PROCESSING');
CREATE INDEX ingestion_jobs_by_parent ON ingestion_jobs (parent_job_id) WHERE parent_job_id IS NOT NULL;

-- Split 0 stands for the planning of its job.
ALTER TABLE ingestion_splits
  ADD COLUMN attempts_in_vain integer NOT NULL DEFAULT 0,      -- since it last got on
  ADD COLUMN last_error text NOT NULL DEFAULT '',
  ADD COLUMN not_before timestamptz NOT NULL DEFAULT '-infinity',
  ADD COLUMN queued_at timestamptz,                            -- NULL: in no queue that is known of
  ADD COLUMN generation bigint NOT NULL DEFAULT 0;             -- rises each time it is queued
CREATE INDEX ingestion_splits_open ON ingestion_splits (job_id, split_number) WHERE status <> 'COMPLETED';

-- Requests that must not make a second job. They outlive their job, which may have been removed.
CREATE TABLE idempotency_keys (
  tenant        text NOT NULL,
  key           text NOT NULL,
  digest        text NOT NULL,       -- SHA-256 of what was asked for
  job_id        uuid NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  job_ended_at  timestamptz,         -- written when the job is removed; until then the job has it
  PRIMARY KEY (tenant, key)
);
CREATE INDEX idempotency_keys_by_job ON idempotency_keys (job_id);

-- What happened, written in the transaction that made it true. Numbered afterwards, when it can be seen: a
-- number given out in the transaction could appear below one that was read already. Those of one job have
-- rising sequences in the order in which they became true.
CREATE TABLE ingestion_events (
  sequence  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number    bigint UNIQUE,           -- NULL until numbered
  id        uuid NOT NULL DEFAULT gen_random_uuid(),
  tenant    text NOT NULL,
  job_id    uuid NOT NULL,
  pipeline  text NOT NULL,
  type      text NOT NULL,           -- job.started, rows.processed, job.completed, job.failed, job.cancelled
  time      timestamptz NOT NULL DEFAULT clock_timestamp(),
  data      json NOT NULL
);
CREATE INDEX ingestion_events_by_job ON ingestion_events (job_id, number);
CREATE INDEX ingestion_events_new ON ingestion_events (sequence) WHERE number IS NULL;

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE ingestion_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency_keys USING (tenant = current_setting('sluice.tenant', true));
CREATE POLICY tenant ON ingestion_events USING (tenant = current_setting('sluice.tenant', true));
)sql"},
    Migration{4, "the service: keys, schedules, uploads, queue, deliveries, audit log", kServiceTables,
              kServiceTablesPostgres},
    Migration{5, "jobs by their end", kJobsByEnd},
    Migration{6, "dead letters counted and listed", kJobsThatFailed},
    Migration{7, "what is due", kWhatIsDue},
    Migration{8, "readers of events", kEventReaders},
    Migration{9, "splits of a pipeline at once", kSplitsOfAPipeline},
    Migration{10, "limits of requests on all nodes together", kRequestRates},
    Migration{11, "aggregates", kAggregates, kAggregatesPostgres},
    Migration{12, "groups set by hand", kAggregateAdjustments, kAggregateAdjustmentsPostgres},
    Migration{13, "copies of aggregates", kAggregateCopies, kAggregateCopiesPostgres},
};

// 0 where there are no tables yet.
Result<int> current_version(PgConnection& connection) {
  auto there = TRY(connection.select("SELECT to_regclass('schema_migrations') IS NOT NULL"));
  if (!there.yes(0, 0)) return 0;
  auto version = TRY(connection.select("SELECT coalesce(max(version), 0) FROM schema_migrations"));
  return static_cast<int>(version.integer(0, 0));
}

Result<> apply(PgConnection& connection, const Migration& migration) {
  auto done = connection.execute(migration.sql);
  if (done) done = connection.execute(migration.also);
  if (!done)
    return std::unexpected(
        std::move(done).error().during("making the tables of version " + std::to_string(migration.version)));
  return connection.execute("INSERT INTO schema_migrations (version, name) VALUES (" +
                            std::to_string(migration.version) + ", " + pg_literal(migration.name) + ")");
}

Result<> check_not_newer(int version) {
  if (version <= newest_postgres_schema()) return {};
  return fail(ErrorKind::usage, "this database was made by a newer sluice (tables of version " +
                                    std::to_string(version) + ", this program knows " +
                                    std::to_string(newest_postgres_schema()) +
                                    "). Use that newer sluice, or another database.");
}

}  // namespace

int newest_postgres_schema() { return kMigrations.back().version; }

Result<std::vector<SchemaVersion>> postgres_schema_versions(PgConnection& connection) {
  const int newest = TRY(current_version(connection));
  TRY(check_not_newer(newest));
  std::vector<SchemaVersion> versions;
  for (const Migration& migration : kMigrations)
    versions.push_back({.version = migration.version, .name = migration.name, .applied_at = ""});
  if (newest == 0) return versions;
  auto applied = TRY(connection.select(
      "SELECT version, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM "
      "schema_migrations"));
  for (int row = 0; row < applied.rows(); ++row)
    for (SchemaVersion& known : versions)
      if (known.version == applied.integer(row, 0)) known.applied_at = applied.text(row, 1);
  return versions;
}

Result<> check_postgres_schema(PgConnection& connection) {
  int version = TRY(current_version(connection));
  if (version == 0) return fail(ErrorKind::not_found, "there are no tables of sluice's in this database.");
  return check_not_newer(version);
}

Result<> migrate_postgres(PgConnection& connection, int until) {
  int version = TRY(current_version(connection));  // the usual case takes no lock
  TRY(check_not_newer(version));
  if (version >= until) return {};
  // A node that stands still in here must not keep the others from starting.
  auto transaction = TRY(PgTransaction::begin(
      connection, "SET LOCAL lock_timeout = '10min'; SET LOCAL idle_in_transaction_session_timeout = '10s'"));
  TRY(connection.execute("SELECT pg_advisory_xact_lock(" + std::string(kMigrationLock) + ")"));
  TRY(
      connection.execute("CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, "
                         "name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"));
  version = TRY(current_version(connection));  // another node may have been quicker
  TRY(check_not_newer(version));
  for (const Migration& migration : kMigrations)
    if (migration.version > version && migration.version <= until) TRY(apply(connection, migration));
  return transaction.commit();
}

}  // namespace sluice
