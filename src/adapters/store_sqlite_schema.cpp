#include "adapters/store_sqlite_schema.h"

#include <array>

#include "adapters/service_tables.h"

namespace sluice {
namespace {

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
  sequence        INTEGER PRIMARY KEY AUTOINCREMENT,  -- rises with every job: the major part of a row's version
  id              TEXT NOT NULL UNIQUE,
  tenant          TEXT NOT NULL,
  pipeline        TEXT NOT NULL,
  status          TEXT NOT NULL DEFAULT 'PENDING',    -- PENDING, PROCESSING, COMPLETED, FAILED, CANCELLED
  file_name       TEXT NOT NULL,
  file_size       INTEGER NOT NULL,
  blob            TEXT NOT NULL,
  rows_read       INTEGER NOT NULL DEFAULT 0,         -- the sums over the job's splits
  rows_inserted   INTEGER NOT NULL DEFAULT 0,
  rows_updated    INTEGER NOT NULL DEFAULT 0,
  rows_duplicate  INTEGER NOT NULL DEFAULT 0,
  rows_rejected   INTEGER NOT NULL DEFAULT 0,
  open_splits     INTEGER NOT NULL,
  attempts        INTEGER NOT NULL DEFAULT 0,
  error           TEXT NOT NULL DEFAULT '',
  created_at      TEXT NOT NULL,
  started_at      TEXT,
  finished_at     TEXT,
  created_by      TEXT NOT NULL DEFAULT '',
  parent_job_id   TEXT,
  root_job_id     TEXT NOT NULL,
  resume_key      TEXT NOT NULL DEFAULT '',
  plan            TEXT NOT NULL,
  metadata        TEXT
);
CREATE INDEX ingestion_jobs_by_root ON ingestion_jobs (root_job_id);
CREATE INDEX ingestion_jobs_unfinished ON ingestion_jobs (resume_key) WHERE status IN ('PENDING', 'PROCESSING');

CREATE TABLE ingestion_splits (
  job_id             TEXT NOT NULL,
  split_number       INTEGER NOT NULL,
  status             TEXT NOT NULL DEFAULT 'PENDING',  -- PENDING, PROCESSING, COMPLETED
  begin_offset       INTEGER NOT NULL,
  begin_row          INTEGER NOT NULL,
  begin_line         INTEGER NOT NULL,
  end_offset         INTEGER,                          -- NULL: to the end of the input
  end_row            INTEGER,
  end_line           INTEGER,
  checkpoint_offset  INTEGER NOT NULL,                 -- up to here everything is durable
  checkpoint_row     INTEGER NOT NULL,
  checkpoint_line    INTEGER NOT NULL,
  checkpoint_digest  TEXT NOT NULL,
  rows_read          INTEGER NOT NULL DEFAULT 0,
  rows_inserted      INTEGER NOT NULL DEFAULT 0,
  rows_updated       INTEGER NOT NULL DEFAULT 0,
  rows_duplicate     INTEGER NOT NULL DEFAULT 0,
  rows_rejected      INTEGER NOT NULL DEFAULT 0,
  attempts           INTEGER NOT NULL DEFAULT 0,
  lease_owner        TEXT NOT NULL DEFAULT '',
  lease_epoch        INTEGER NOT NULL DEFAULT 0,
  lease_until        INTEGER NOT NULL DEFAULT 0,       -- milliseconds since 1970
  lease_ms           INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job_id, split_number)
) WITHOUT ROWID;

CREATE TABLE ingested_data (
  id            INTEGER PRIMARY KEY,
  tenant        TEXT NOT NULL,
  pipeline      TEXT NOT NULL,
  content_hash  BLOB NOT NULL,      -- SHA-256 of data
  key_hash      BLOB,               -- SHA-256 of the key's values; NULL where the key is not a list of fields
  data          TEXT,               -- RFC 8785 JSON; NULL where the row is in a table of its own
  metadata      TEXT,
  job_id        TEXT NOT NULL,      -- with row_number: where the row came from last
  row_number    INTEGER NOT NULL,
  job_sequence  INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,   -- milliseconds since 1970; text would take 18 bytes more
  updated_at    INTEGER NOT NULL
);

CREATE TABLE datasets (
  id        INTEGER PRIMARY KEY,
  tenant    TEXT NOT NULL,
  pipeline  TEXT NOT NULL,
  UNIQUE (tenant, pipeline)
);
-- What makes ingested_data unique per tenant and pipeline, apart from it and as small as can be.
CREATE TABLE row_identities (
  dataset   INTEGER NOT NULL,
  identity  BLOB NOT NULL,          -- the first 16 bytes of the hash; position: root job and row number
  row_id    INTEGER NOT NULL,       -- ingested_data.id
  PRIMARY KEY (dataset, identity)
) WITHOUT ROWID;

CREATE TABLE validation_errors (
  id            INTEGER PRIMARY KEY,
  job_id        TEXT NOT NULL,
  row_number    INTEGER NOT NULL,
  line          INTEGER,
  field         TEXT,
  field_number  INTEGER,
  code          TEXT NOT NULL,
  "constraint"  TEXT,
  message       TEXT NOT NULL,
  value         TEXT,
  raw           TEXT,
  suggestion    TEXT,
  created_at    TEXT NOT NULL,
  resolved_by   TEXT
);
CREATE INDEX validation_errors_by_row ON validation_errors (job_id, row_number);

CREATE TABLE row_outcomes (
  job_id     TEXT NOT NULL,
  first_row  INTEGER NOT NULL,
  last_row   INTEGER NOT NULL,
  runs       BLOB NOT NULL,         -- see docs/tables.md
  PRIMARY KEY (job_id, first_row)
) WITHOUT ROWID;

-- Values that may stand once in a job; emptied when the job ends.
CREATE TABLE job_unique_values (
  job_sequence       INTEGER NOT NULL,
  constraint_number  INTEGER NOT NULL,
  digest             BLOB NOT NULL,  -- the first 16 bytes of the SHA-256 of the values
  row_number         INTEGER NOT NULL,
  identity           BLOB,
  PRIMARY KEY (job_sequence, constraint_number, digest)
) WITHOUT ROWID;

CREATE TABLE pipelines (
  tenant      TEXT NOT NULL,
  name        TEXT NOT NULL,
  text        TEXT NOT NULL,        -- YAML
  inferred    INTEGER NOT NULL,
  created_at  TEXT NOT NULL,
  updated_at  TEXT NOT NULL,
  PRIMARY KEY (tenant, name)
);
)sql"},
    Migration{2, "whose file this is", "PRAGMA application_id = 1397511491"},  // kApplicationId
    Migration{3, "jobs of the service, and their events", R"sql(
ALTER TABLE ingestion_jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;       -- higher goes first
ALTER TABLE ingestion_jobs ADD COLUMN file_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE ingestion_jobs ADD COLUMN content_type TEXT NOT NULL DEFAULT '';
ALTER TABLE ingestion_jobs ADD COLUMN dispatched INTEGER NOT NULL DEFAULT 0;     -- to workers; 0: by the process that made it
CREATE INDEX ingestion_jobs_by_tenant ON ingestion_jobs (tenant, sequence);
CREATE INDEX ingestion_jobs_by_pipeline ON ingestion_jobs (tenant, pipeline, sequence);
CREATE INDEX ingestion_jobs_dispatched ON ingestion_jobs (sequence) WHERE dispatched AND status IN ('PENDING', 'PROCESSING');
CREATE INDEX ingestion_jobs_by_parent ON ingestion_jobs (parent_job_id) WHERE parent_job_id IS NOT NULL;

-- Split 0 stands for the planning of its job.
ALTER TABLE ingestion_splits ADD COLUMN attempts_in_vain INTEGER NOT NULL DEFAULT 0;  -- since it last got on
ALTER TABLE ingestion_splits ADD COLUMN last_error TEXT NOT NULL DEFAULT '';
ALTER TABLE ingestion_splits ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;   -- milliseconds since 1970
ALTER TABLE ingestion_splits ADD COLUMN queued_at INTEGER;        -- the same; NULL: in no queue that is known of
ALTER TABLE ingestion_splits ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;   -- rises each time it is queued

-- Requests that must not make a second job. They outlive their job, which may have been removed.
CREATE TABLE idempotency_keys (
  tenant        TEXT NOT NULL,
  key           TEXT NOT NULL,
  digest        TEXT NOT NULL,      -- SHA-256 of what was asked for
  job_id        TEXT NOT NULL,
  created_at    TEXT NOT NULL,
  job_ended_at  TEXT,               -- written when the job is removed; until then the job has it
  PRIMARY KEY (tenant, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_job ON idempotency_keys (job_id);

-- What happened, written in the transaction that made it true. With one writer that is the order, too.
CREATE TABLE ingestion_events (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  id        TEXT NOT NULL,          -- UUID
  tenant    TEXT NOT NULL,
  job_id    TEXT NOT NULL,
  pipeline  TEXT NOT NULL,
  type      TEXT NOT NULL,          -- job.started, rows.processed, job.completed, job.failed, job.cancelled
  time      TEXT NOT NULL,
  data      TEXT NOT NULL           -- JSON object
);
CREATE INDEX ingestion_events_by_job ON ingestion_events (job_id, number);
)sql"},
    Migration{4, "the service: keys, schedules, uploads, queue, deliveries, audit log", kServiceTables,
              kServiceTablesSqlite},
    Migration{5, "jobs by their end", kJobsByEnd},
    Migration{6, "dead letters counted and listed", kJobsThatFailed},
    Migration{7, "what is due", kWhatIsDue},
    Migration{8, "readers of events", kEventReaders},
    Migration{9, "splits of a pipeline at once", kSplitsOfAPipeline},
    Migration{11, "aggregates", kAggregates},
    Migration{12, "groups set by hand", kAggregateAdjustments},
    Migration{13, "copies of aggregates", kAggregateCopies},
};

constexpr std::int64_t kApplicationId = 1397511491;  // the letters SLUC

Result<std::int64_t> one_number(const SqliteConnection& connection, std::string_view sql) {
  auto select = TRY(SqliteStatement::prepare(connection, sql));
  (void)TRY(select.step());
  return select.integer(0);
}

// "a, b and 3 more": some tables of a database.
Result<std::string> names_of_tables(const SqliteConnection& connection) {
  constexpr int kNamed = 3;
  auto select = TRY(SqliteStatement::prepare(connection,
                                             "SELECT name FROM sqlite_schema WHERE type = 'table' AND name "
                                             "NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"));
  std::string names;
  int count = 0;
  while (TRY(select.step()))
    if (++count <= kNamed) names.append(names.empty() ? "" : ", ").append(select.text(0));
  if (count > kNamed) names += " and " + std::to_string(count - kNamed) + " more";
  return names;
}

Result<int> current_version(SqliteConnection& connection) {
  TRY(
      connection.execute("CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, "
                         "name TEXT NOT NULL, applied_at TEXT NOT NULL)"));
  auto select = TRY(SqliteStatement::prepare(connection, "SELECT max(version) FROM schema_migrations"));
  (void)TRY(select.step());
  return static_cast<int>(select.integer(0));
}

Result<bool> is_newest(SqliteConnection& connection) {
  auto exists = TRY(SqliteStatement::prepare(
      connection, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'"));
  if (!TRY(exists.step())) return false;
  auto select = TRY(SqliteStatement::prepare(connection, "SELECT max(version) FROM schema_migrations"));
  (void)TRY(select.step());
  return select.integer(0) == newest_sqlite_schema();
}

}  // namespace

int newest_sqlite_schema() { return kMigrations.back().version; }

Result<SqliteFile> look_at_sqlite_file(const SqliteConnection& connection) {
  std::int64_t id = TRY(one_number(connection, "PRAGMA application_id"));
  if (id == kApplicationId) return SqliteFile::ours;
  // Files of the first version carry no id; they are known by their tables.
  std::int64_t ours = TRY(one_number(connection,
                                     "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
                                     "('schema_migrations', 'ingestion_jobs', 'ingested_data')"));
  if (id == 0 && ours == 3) return SqliteFile::ours;
  std::string tables = TRY(names_of_tables(connection));
  if (id == 0 && tables.empty()) return SqliteFile::unused;
  // Another process has made them since the first look.
  if (TRY(one_number(connection, "PRAGMA application_id")) == kApplicationId) return SqliteFile::ours;
  return fail(ErrorKind::usage,
              connection.path() + " is the SQLite database of another program" +
                  (tables.empty() ? "" : " (it has the tables " + tables + ")") +
                  ", and is left as it is. Name a file that is not there yet: it will be made.");
}

Result<std::vector<SchemaVersion>> sqlite_schema_versions(const SqliteConnection& connection) {
  std::vector<SchemaVersion> versions;
  for (const Migration& migration : kMigrations)
    versions.push_back({.version = migration.version, .name = migration.name, .applied_at = ""});
  if (TRY(one_number(connection,
                     "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = "
                     "'schema_migrations'")) == 0)
    return versions;
  auto applied =
      TRY(SqliteStatement::prepare(connection, "SELECT version, applied_at FROM schema_migrations"));
  while (TRY(applied.step()))
    for (SchemaVersion& known : versions)
      if (known.version == applied.integer(0)) known.applied_at = applied.text(1);
  return versions;
}

Result<> migrate_sqlite(SqliteConnection& connection, int until) {
  if (TRY(is_newest(connection))) return {};  // the usual case takes no write lock
  auto transaction = TRY(SqliteTransaction::begin(connection));
  int version = TRY(current_version(connection));
  if (version > newest_sqlite_schema())
    return fail(ErrorKind::usage,
                "the database " + connection.path() + " was made by a newer sluice (tables of version " +
                    std::to_string(version) + ", this program knows " +
                    std::to_string(newest_sqlite_schema()) + "). Use that newer sluice, or another store.");
  for (const Migration& migration : kMigrations) {
    if (migration.version <= version || migration.version > until) continue;
    auto done = connection.execute(migration.sql);
    if (done) done = connection.execute(migration.also);
    if (!done)
      return std::unexpected(std::move(done).error().during("making the tables of version " +
                                                            std::to_string(migration.version)));
    auto note =
        TRY(SqliteStatement::prepare(connection, "INSERT INTO schema_migrations VALUES (?1, ?2, ?3)"));
    std::string now = rfc3339(now_ms());
    note.bind(1, std::int64_t{migration.version});
    note.bind(2, std::string_view(migration.name));
    note.bind(3, now);
    TRY(note.run());
  }
  return transaction.commit();
}

}  // namespace sluice
