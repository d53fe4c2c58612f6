-- The same work in set-based SQL, as somebody who knows PostgreSQL well would write it: the file in an unlogged
-- table of text (COPY, before this), then normalise, check, hash and upsert in three statements.
BEGIN;
CREATE TEMP TABLE clean ON COMMIT DROP AS
SELECT row_number, btrim(id) AS id, btrim(name) AS name, lower(btrim(email)) AS email, btrim(phone) AS phone,
       btrim(state) AS state, btrim(amount) AS amount, nullif(btrim(notes), '') AS notes,
       CASE
         WHEN btrim(signup_date) ~ '^\d{4}-\d\d-\d\d$' THEN btrim(signup_date)
         WHEN btrim(signup_date) ~ '^\d\d/\d\d/\d{4}$'
           THEN regexp_replace(btrim(signup_date), '^(..)/(..)/(....)$', '\3-\1-\2')
         WHEN btrim(signup_date) ~ '^\d\d\.\d\d\.\d{4}$'
           THEN regexp_replace(btrim(signup_date), '^(..)\.(..)\.(....)$', '\3-\2-\1')
       END AS day
FROM staging;

CREATE TEMP TABLE checked ON COMMIT DROP AS
SELECT *, CASE
    WHEN id !~ '^\d{1,18}$' OR id IS NULL THEN 'id'
    WHEN name = '' OR name IS NULL THEN 'name'
    WHEN email !~ '^[a-z0-9._%+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+$' OR email IS NULL THEN 'email'
    WHEN length(state) <> 2 OR state IS NULL THEN 'state'
    WHEN day IS NULL OR substr(day, 6, 2)::int NOT BETWEEN 1 AND 12 OR substr(day, 9, 2)::int NOT BETWEEN 1 AND
      extract(day FROM make_date(substr(day, 1, 4)::int, substr(day, 6, 2)::int, 1) + interval '1 month - 1 day')
      THEN 'signup_date'
    WHEN amount !~ '^-?\d+(\.\d{1,2})?$' OR amount IS NULL THEN 'amount'
  END AS bad
FROM clean;

INSERT INTO bad_rows (row_number, field, raw)
SELECT row_number, bad, to_jsonb(s) FROM checked JOIN staging s USING (row_number) WHERE bad IS NOT NULL;

INSERT INTO rows (job_id, row_number, content_hash, data)
SELECT DISTINCT ON (hash) '00000000-0000-0000-0000-000000000001'::uuid, row_number, hash, canonical::jsonb
FROM (
  SELECT row_number, canonical, sha256(convert_to(canonical, 'UTF8')) AS hash
  FROM (
    SELECT row_number, '{"amount":' || trim_scale(amount::numeric) || ',"email":' || to_json(email) || ',"id":' ||
      id::bigint || ',"name":' || to_json(name) || coalesce(',"notes":' || to_json(notes), '') ||
      coalesce(',"phone":' || to_json(nullif(phone, '')), '') || ',"signup_date":"' || day || '","state":' ||
      to_json(state) || '}' AS canonical
    FROM checked WHERE bad IS NULL) c) h
ORDER BY hash, row_number
ON CONFLICT (content_hash) DO UPDATE SET updated_at = now();
COMMIT;
