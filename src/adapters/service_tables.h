// The tables of the service, migration 4 of both databases, and what came after it. The files sql_*.cpp read
// and write them with one SQL. Times (…_ms) are milliseconds since 1970; 0 where there is none. Used by
// store_*_schema.cpp.
#pragma once

#include <array>
#include <string_view>

namespace sluice {

inline constexpr std::array<std::string_view, 13> kServiceTableNames = {"aggregate_adjustments",
                                                                        "aggregate_copies",
                                                                        "aggregate_definitions",
                                                                        "aggregate_groups",
                                                                        "api_keys",
                                                                        "audit_log",
                                                                        "event_readers",
                                                                        "ingestion_schedules",
                                                                        "ingestion_uploads",
                                                                        "queue_messages",
                                                                        "request_rates",
                                                                        "service_state",
                                                                        "webhook_deliveries"};

// What both databases write alike.
inline constexpr const char* kServiceTables = R"sql(
CREATE TABLE api_keys (
  id            text PRIMARY KEY,
  tenant        text NOT NULL,
  name          text NOT NULL,
  role          text NOT NULL,                   -- viewer, uploader, operator, admin
  pipelines     text NOT NULL,                   -- JSON array; [] for every pipeline of the tenant
  digest        text NOT NULL UNIQUE,            -- SHA-256 of the key, hex: the key itself is nowhere
  created_ms    bigint NOT NULL,
  created_by    text NOT NULL,
  expires_ms    bigint NOT NULL,
  revoked_ms    bigint NOT NULL DEFAULT 0,
  last_used_ms  bigint NOT NULL DEFAULT 0
);

CREATE TABLE ingestion_schedules (
  id            text PRIMARY KEY,
  tenant        text NOT NULL,
  name          text NOT NULL,
  pipeline      text NOT NULL,
  cron          text NOT NULL,
  zone          text NOT NULL,
  at_ms         bigint NOT NULL,
  source        text NOT NULL,
  metadata      text NOT NULL,
  enabled       boolean NOT NULL,
  next_run_ms   bigint NOT NULL,                 -- 0: never again
  last_run_ms   bigint NOT NULL DEFAULT 0,
  last_job_id   text NOT NULL DEFAULT '',
  last_error    text NOT NULL DEFAULT '',
  created_ms    bigint NOT NULL,
  created_by    text NOT NULL
);

CREATE TABLE ingestion_uploads (
  id            text PRIMARY KEY,
  tenant        text NOT NULL,
  pipeline      text NOT NULL,
  file_name     text NOT NULL,
  content_type  text NOT NULL,
  metadata      text NOT NULL,
  sent_metadata text NOT NULL,                   -- as it came
  created_by    text NOT NULL,
  length_bytes  bigint,                          -- NULL: told later
  stored_bytes  bigint NOT NULL,                 -- on stable storage
  digest_state  text NOT NULL,                   -- SHA-256 of these bytes, to go on with
  blob          text NOT NULL,
  created_ms    bigint NOT NULL,
  expires_ms    bigint NOT NULL,
  job_id        text NOT NULL DEFAULT ''
);

CREATE TABLE queue_messages (
  id            text PRIMARY KEY,                -- job/split/generation
  tenant        text NOT NULL,
  job_id        text NOT NULL,
  split_number  bigint NOT NULL,
  priority      integer NOT NULL,
  queued_ms     bigint NOT NULL,
  ready_ms      bigint NOT NULL,                 -- may be reserved from then on
  worker        text NOT NULL DEFAULT '',
  token         text NOT NULL DEFAULT ''         -- of the reservation; '' where there is none
);
CREATE INDEX queue_messages_by_job ON queue_messages (job_id);

-- Single numbers: whether the queue is paused, how far events have become deliveries, and the like.
CREATE TABLE service_state (
  name   text PRIMARY KEY,
  value  bigint NOT NULL
);
INSERT INTO service_state (name, value) VALUES
  ('ready', 0), ('queue paused', 0), ('events numbered', 0), ('events removed', 0),
  ('events made deliveries', 0);
)sql";

// Those whose rows the database numbers, and what else is written differently.
inline constexpr const char* kServiceTablesSqlite = R"sql(
CREATE TABLE audit_log (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  time_ms       bigint NOT NULL,
  tenant        text NOT NULL,
  actor         text NOT NULL,                   -- key:ID, cli:USER@HOST, system
  action        text NOT NULL,
  subject       text NOT NULL,
  detail        text NOT NULL,                   -- JSON object; '' for none
  request_id    text NOT NULL
);

CREATE TABLE webhook_deliveries (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant          text NOT NULL,
  job_id          text NOT NULL,
  webhook_number  bigint NOT NULL,               -- which of those frozen in the job's plan
  url             text NOT NULL,
  event_number    bigint NOT NULL,
  event           text NOT NULL,                 -- the CloudEvent, JSON
  due_ms          bigint NOT NULL,
  attempts        integer NOT NULL DEFAULT 0,
  last_error      text NOT NULL DEFAULT '',
  dead            boolean NOT NULL DEFAULT FALSE
);
CREATE INDEX webhook_deliveries_by_job ON webhook_deliveries (job_id, webhook_number, id);
)sql";

inline constexpr const char* kServiceTablesPostgres = R"sql(
CREATE TABLE audit_log (
  number        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  time_ms       bigint NOT NULL,
  tenant        text NOT NULL,
  actor         text NOT NULL,                   -- key:ID, cli:USER@HOST, system
  action        text NOT NULL,
  subject       text NOT NULL,
  detail        text NOT NULL,                   -- JSON object; '' for none
  request_id    text NOT NULL
);

CREATE TABLE webhook_deliveries (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant          text NOT NULL,
  job_id          text NOT NULL,
  webhook_number  bigint NOT NULL,               -- which of those frozen in the job's plan
  url             text NOT NULL,
  event_number    bigint NOT NULL,
  event           text NOT NULL,                 -- the CloudEvent, JSON
  due_ms          bigint NOT NULL,
  attempts        integer NOT NULL DEFAULT 0,
  last_error      text NOT NULL DEFAULT '',
  dead            boolean NOT NULL DEFAULT FALSE
);
CREATE INDEX webhook_deliveries_by_job ON webhook_deliveries (job_id, webhook_number, id);

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE ingestion_schedules ENABLE ROW LEVEL SECURITY;
ALTER TABLE ingestion_uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE queue_messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_keys USING (tenant = current_setting('sluice.tenant', true));
CREATE POLICY tenant ON audit_log USING (tenant = current_setting('sluice.tenant', true));
CREATE POLICY tenant ON ingestion_schedules USING (tenant = current_setting('sluice.tenant', true));
CREATE POLICY tenant ON ingestion_uploads USING (tenant = current_setting('sluice.tenant', true));
CREATE POLICY tenant ON webhook_deliveries USING (tenant = current_setting('sluice.tenant', true));
CREATE POLICY tenant ON queue_messages USING (tenant = current_setting('sluice.tenant', true));
)sql";

// Migration 5, of both: for what clears away after a while (jobs/retention.h).
inline constexpr const char* kJobsByEnd =
    "CREATE INDEX ingestion_jobs_by_end ON ingestion_jobs (finished_at) WHERE finished_at IS NOT NULL";

// Migration 6, of both.
inline constexpr const char* kJobsThatFailed =
    "CREATE INDEX ingestion_jobs_failed ON ingestion_jobs (tenant, sequence) WHERE status = 'FAILED'";

// Migration 7, of both: for take_due, which must not look at every job that waits (store_*_due.cpp).
inline constexpr const char* kWhatIsDue = R"sql(
DROP INDEX ingestion_jobs_dispatched;
CREATE INDEX ingestion_jobs_in_turn ON ingestion_jobs (tenant, priority DESC, sequence, id)
  WHERE dispatched AND status IN ('PENDING', 'PROCESSING');
CREATE INDEX ingestion_splits_under_way ON ingestion_splits (job_id)
  WHERE status <> 'COMPLETED' AND (queued_at IS NOT NULL OR lease_owner <> '');
CREATE INDEX ingestion_splits_waiting ON ingestion_splits (not_before)
  WHERE status <> 'COMPLETED' AND queued_at IS NULL AND lease_owner = '';
)sql";

// Migration 8, of both.
inline constexpr const char* kEventReaders = R"sql(
-- How far those outside are who read every event, and which node reads for them now.
CREATE TABLE event_readers (
  name           text PRIMARY KEY,
  place          bigint NOT NULL,                -- up to this number they have them
  holder         text NOT NULL,
  held_until_ms  bigint NOT NULL
);
)sql";

// Migration 9, of both. The two indexes are for take_due, as those of migration 7.
inline constexpr const char* kSplitsOfAPipeline = R"sql(
ALTER TABLE ingestion_jobs ADD COLUMN most_splits bigint NOT NULL DEFAULT 0;  -- of the pipeline, at once; 0: no limit
DROP INDEX ingestion_jobs_in_turn;
CREATE INDEX ingestion_jobs_in_turn ON ingestion_jobs (tenant, priority DESC, sequence, id)
  WHERE most_splits = 0 AND dispatched AND status IN ('PENDING', 'PROCESSING');
CREATE INDEX ingestion_jobs_limited ON ingestion_jobs (tenant, pipeline, priority DESC, sequence, id)
  WHERE most_splits > 0 AND dispatched AND status IN ('PENDING', 'PROCESSING');
)sql";

// Migration 10, of PostgreSQL alone: a SQLite file has one node.
inline constexpr const char* kRequestRates = R"sql(
-- What is left of the limit of requests, for those who came in the last minute. Not worth the write-ahead log: after
-- a crash of the database all of them may send what they may after a pause.
CREATE UNLOGGED TABLE request_rates (
  who     text PRIMARY KEY,                      -- key:ID or address:ADDRESS
  tokens  double precision NOT NULL,             -- requests that may come at once; below 0: that were too many
  asked   bigint NOT NULL,                       -- requests so far, those refused as well
  at      timestamptz NOT NULL                   -- when it was so
);
ALTER TABLE request_rates ENABLE ROW LEVEL SECURITY;
)sql";

// Migration 11, of both.
inline constexpr const char* kAggregates = R"sql(
-- Which pipelines add to which aggregates; all that add to one say the same of it.
CREATE TABLE aggregate_definitions (
  tenant      text NOT NULL,
  name        text NOT NULL,
  pipeline    text NOT NULL,
  definition  text NOT NULL,                     -- JSON
  PRIMARY KEY (tenant, name, pipeline)
);
CREATE INDEX aggregate_definitions_by_pipeline ON aggregate_definitions (tenant, pipeline);
-- Groups of rows, as many as there are.
CREATE TABLE aggregate_groups (
  tenant         text NOT NULL,
  name           text NOT NULL,
  group_hash     text NOT NULL,                  -- SHA-256 (hex) of group_key, which may be long
  group_key      text NOT NULL,                  -- JSON array of the values that the rows share
  rows           bigint NOT NULL,
  measures       text NOT NULL,                  -- JSON object
  stale          text NOT NULL DEFAULT '',       -- measures whose value is to be looked up, with a comma behind each
  version        bigint NOT NULL DEFAULT 1,      -- rises with each change
  updated_at_ms  bigint NOT NULL,
  PRIMARY KEY (tenant, name, group_hash)
);
CREATE INDEX aggregate_groups_stale ON aggregate_groups (tenant, name) WHERE stale <> '';
-- Of a row in a table of its own: the fields that aggregates need, as data has them otherwise.
ALTER TABLE ingested_data ADD COLUMN aggregated text;
)sql";

// Also migration 11: groups that many sessions change are changed in their page.
inline constexpr const char* kAggregatesPostgres = R"sql(
ALTER TABLE aggregate_groups SET (fillfactor = 50);
ALTER TABLE aggregate_groups ALTER COLUMN group_hash TYPE text COLLATE "C";  -- groups are locked in this order
ALTER TABLE aggregate_definitions ENABLE ROW LEVEL SECURITY;
ALTER TABLE aggregate_groups ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON aggregate_definitions USING (tenant = current_setting('sluice.tenant', true));
CREATE POLICY tenant ON aggregate_groups USING (tenant = current_setting('sluice.tenant', true));
)sql";

// Migration 12, of both.
inline constexpr const char* kAggregateAdjustments = R"sql(
-- What groups were set to by hand, as the difference to what rows make of them: both together are the groups.
CREATE TABLE aggregate_adjustments (
  tenant         text NOT NULL,
  name           text NOT NULL,
  group_hash     text NOT NULL,
  group_key      text NOT NULL,
  rows           bigint NOT NULL,                -- 1 where it was set; below 0 where rows were taken away
  measures       text NOT NULL,                  -- JSON object: exact sums
  updated_at_ms  bigint NOT NULL,
  PRIMARY KEY (tenant, name, group_hash)
);
)sql";
inline constexpr const char* kAggregateAdjustmentsPostgres = R"sql(
ALTER TABLE aggregate_adjustments ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON aggregate_adjustments USING (tenant = current_setting('sluice.tenant', true));
)sql";

// Migration 13, of both. `changed` is in no index by its value, so that PostgreSQL changes a group that is
// marked already within its page.
inline constexpr const char* kAggregateCopies = R"sql(
ALTER TABLE aggregate_groups ADD COLUMN changed boolean NOT NULL DEFAULT true;  -- since it was copied elsewhere
CREATE INDEX aggregate_groups_changed ON aggregate_groups (tenant, name, group_hash) WHERE changed;
-- Who copies groups to another database now. One row, once somebody has.
CREATE TABLE aggregate_copies (
  name           text PRIMARY KEY,               -- 'documents'
  store          text NOT NULL,                  -- UUID: what the copy knows this store by
  holder         text NOT NULL,
  held_until_ms  bigint NOT NULL
);
)sql";
inline constexpr const char* kAggregateCopiesPostgres =
    "ALTER TABLE aggregate_copies ENABLE ROW LEVEL SECURITY;";

}  // namespace sluice
