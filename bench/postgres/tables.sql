-- What the programs beside Sluice load into: the table one would make by hand for this job.
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
CREATE TABLE rows (
  id            bigserial PRIMARY KEY,
  job_id        uuid NOT NULL,
  row_number    bigint NOT NULL,
  content_hash  bytea NOT NULL UNIQUE,
  data          jsonb NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE bad_rows (
  id          bigserial PRIMARY KEY,
  row_number  bigint NOT NULL,
  field       text NOT NULL,
  raw         jsonb
);
CREATE UNLOGGED TABLE staging (
  row_number bigserial, id text, name text, email text, phone text, state text, signup_date text, amount text, notes text
);
