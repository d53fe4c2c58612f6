"""What a store holds, read past the program, and whether it is what the oracle says: nothing lost, nothing doubled,
every counter exact. The same checks for every store; a class each says how it is asked. Used by tests/crash.py."""
import json
import os
import pathlib
import sqlite3
import subprocess

import people

OUTCOMES = {1: "inserted", 2: "updated", 3: "duplicate", 4: "rejected"}
PATIENCE_SECONDS = 900   # for an answer: some are whole tables, and some machines have much else to do
UNFINISHED = ("PENDING", "PROCESSING")


class Wrong(Exception):
    """The store holds something else than it should."""


def demand(true, message):
    if not true:
        raise Wrong(message)


# ---------------------------------------------------------------- how a store is asked

QUERIES = {
    "jobs": "SELECT CAST(j.id AS text) AS id, file_name, sequence, j.status AS status, error, {counts} "
            "FROM ingestion_jobs j ORDER BY sequence",
    "splits": "SELECT CAST(job_id AS text) AS job_id, split_number, status, checkpoint_row FROM ingestion_splits",
    "outcomes": "SELECT CAST(job_id AS text) AS job_id, first_row, {runs} AS runs FROM row_outcomes",
    "rows": "SELECT {hash} AS hash, data, CAST(job_id AS text) AS job_id, row_number FROM ingested_data",
    "rejects": "SELECT CAST(job_id AS text) AS job_id, row_number, field, code, line FROM validation_errors",
    "held": "SELECT job_sequence FROM job_unique_values",
    "events": "SELECT CAST(job_id AS text) AS job_id, type, CAST(data AS text) AS data FROM ingestion_events",
}
# By which column a query's rows belong to jobs.
PIPELINES_BY = {**dict.fromkeys(QUERIES, "job_id"), "jobs": "id", "held": "job_sequence", "lanes": "job_id"}
COUNTS = ("read", "inserted", "updated", "duplicate", "rejected")


class SqliteStore:
    errors = sqlite3.Error

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.url = f"sqlite:{path}"

    def connect(self):
        return sqlite3.connect(self.path, timeout=30)

    def snapshot(self):
        """Everything of one instant: {name: [row, …]}; None where there are no tables yet."""
        if not self.path.exists():
            return None
        database = self.connect()
        try:
            return sqlite_snapshot(database)
        finally:
            database.close()


def sqlite_snapshot(database):
    database.row_factory = sqlite3.Row
    if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'job_unique_values'").fetchone():
        return None
    words = {"counts": ", ".join(f"rows_{name}" for name in COUNTS), "runs": "runs", "hash": "content_hash"}
    database.execute("BEGIN")
    found = {name: [dict(row) for row in database.execute(sql.format(**words))] for name, sql in QUERIES.items()}
    found["broken"] = [row[0] for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
    database.execute("ROLLBACK")
    return found


class PostgresStore:
    """A database of its own on the server that PGHOST, PGPORT and PGUSER name."""
    errors = subprocess.SubprocessError

    def __init__(self, name, host, port, user, tablespace=None):
        self.name, self.host, self.port, self.user = name, host, port, user
        self.url = self.url_at(port)
        psql(self.url_at(port, "postgres"), f"CREATE DATABASE {name}" + (f" TABLESPACE {tablespace}" if tablespace else ""))

    def url_at(self, port, name=None):
        return f"postgresql://{self.user}@{self.host}:{port}/{name or self.name}?sslmode=disable&gssencmode=disable"

    def drop(self):
        psql(self.url_at(self.port, "postgres"), f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def execute(self, sql):
        return psql(self.url, sql)

    def snapshot(self, pipeline=None):
        """Everything, or what belongs to one pipeline."""
        if self.execute("SELECT to_regclass('job_unique_values') IS NOT NULL") != ["t"]:
            return None
        # A job that is not done has its counters on its splits.
        counts = ", ".join(f"(SELECT sum(rows_{name}) FROM ingestion_splits s WHERE s.job_id = j.id) AS rows_{name}, "
                           f"j.rows_{name} AS end_{name}" for name in COUNTS)
        queries = {name: sql.format(counts=counts, runs="encode(runs, 'hex')", hash="encode(content_hash, 'hex')")
                   for name, sql in QUERIES.items()}
        queries["lanes"] = "SELECT job_id, split_number, until_row, first_row, encode(outcomes, 'hex') AS runs FROM ingestion_lanes"
        for name, column in PIPELINES_BY.items() if pipeline else ():
            value = "sequence" if column == "job_sequence" else "CAST(id AS text)"
            queries[name] = (f"SELECT * FROM ({queries[name]}) all_of_it WHERE CAST({column} AS text) IN "
                             f"(SELECT CAST({value} AS text) FROM ingestion_jobs WHERE pipeline = '{pipeline}')")
        found = {name: [] for name in queries}
        for line in self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ;" + ";".join(
                f"SELECT '{name}', to_json(q) FROM ({sql}) q" for name, sql in queries.items()) + "; COMMIT"):
            name, row = line.split("\t", 1)
            found[name].append(json.loads(row, parse_int=Number, parse_float=Number))
        for row in found["outcomes"] + found["lanes"]:
            row["runs"] = bytes.fromhex(row["runs"])
        for row in found["rows"]:
            row["hash"], row["data"] = bytes.fromhex(row["hash"]), people.jcs(row["data"])
        for rows in found.values():
            for row in rows:
                row.update({name: int(value) for name, value in row.items() if isinstance(value, Number)})
        found["broken"] = []
        return found


def on_test_server(name, tablespace=None):
    """A new database on the server of tools/with_postgres.sh."""
    return PostgresStore(name, os.environ["PGHOST"], os.environ["PGPORT"], os.environ["PGUSER"], tablespace)


class Number(str):
    """A number of a JSON document, as it is written there."""


def psql(url, sql, patience=PATIENCE_SECONDS):
    """The rows of the statements, as lines of cells between tabs."""
    done = subprocess.run(["psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", url], input=sql.encode(),
                          capture_output=True, timeout=patience, check=False)
    if done.returncode:
        raise Wrong(f"psql: {done.stderr.decode().strip()}")
    return done.stdout.decode().splitlines()


# ---------------------------------------------------------------- what must be true

def decode_runs(runs, first_row):
    """(row number, outcome) pairs of a batch's run lengths: varints, each length × 8 + outcome."""
    at, row = 0, first_row
    while at < len(runs):
        value = shift = 0
        while True:
            byte = runs[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        for _ in range(value >> 3):
            if value & 7:
                yield row, OUTCOMES[value & 7]
            row += 1


def outcomes_by_job(found):
    """{job id: {row number: outcome}}"""
    outcomes = {job["id"]: {} for job in found["jobs"]}
    for batch in found["outcomes"]:
        of_job = outcomes[batch["job_id"]]
        for row, outcome in decode_runs(batch["runs"], batch["first_row"]):
            demand(row not in of_job, f"row {row} has two outcomes")
            of_job[row] = outcome
    return outcomes


def done_by_lanes(found):
    """How many rows are stored past the checkpoint, by sessions whose commit the main one has yet to follow."""
    inserted = 0
    for lane in found.get("lanes", []):
        checkpoint = next(split["checkpoint_row"] for split in found["splits"]
                          if (split["job_id"], split["split_number"]) == (lane["job_id"], lane["split_number"]))
        inserted += sum(outcome == "inserted" and checkpoint <= row < lane["until_row"]
                        for row, outcome in decode_runs(lane["runs"], lane["first_row"]))
    return inserted


def check_counters(found, names, check_told=None):
    """What holds after every commit, so also at whatever instant something broke. `names`: the files, one job each.
    Returns {file name: (job, its outcomes)}."""
    by_name, inserted = {}, 0
    all_outcomes = outcomes_by_job(found)
    for job in found["jobs"]:
        demand(job["file_name"] in names, f"there is a job for {job['file_name']}")
        demand(job["file_name"] not in by_name, f"2 jobs for {job['file_name']} instead of one that goes on")
        outcomes = all_outcomes[job["id"]]
        by_name[job["file_name"]] = (job, outcomes)
        counted = {name: 0 for name in OUTCOMES.values()}
        for outcome in outcomes.values():
            counted[outcome] += 1
        for name, count in counted.items():
            demand(job[f"rows_{name}"] == count, f"rows_{name} is {job[f'rows_{name}']}, but {count} rows have that outcome")
        demand(job["rows_read"] == len(outcomes), f"rows_read is {job['rows_read']}, but {len(outcomes)} rows have an outcome")
        if job["status"] not in UNFINISHED:
            for name in COUNTS:
                demand(job.get(f"end_{name}", job[f"rows_{name}"]) == job[f"rows_{name}"],
                       f"the job says {name} {job.get(f'end_{name}')}, its splits {job[f'rows_{name}']}")
        (check_told or check_events)(job, [event for event in found["events"] if event["job_id"] == job["id"]])
        rejects = {reject["row_number"] for reject in found["rejects"] if reject["job_id"] == job["id"]}
        demand(rejects == {row for row, outcome in outcomes.items() if outcome == "rejected"},
               "the rows of validation_errors are not those with the outcome rejected")
        inserted += counted["inserted"]
    inserted += done_by_lanes(found)
    demand(len(found["rows"]) == inserted, f"{len(found['rows'])} rows are stored, but {inserted} were inserted")
    return by_name


def check_events(job, events):
    """What was told of a job is what its counters say, at whatever instant: neither less nor twice."""
    told = [(event["type"], json.loads(event["data"])) for event in events]
    for name in COUNTS:
        rows = sum(data["rows"][name] for kind, data in told if kind == "rows.processed")
        demand(rows == job[f"rows_{name}"], f"the events say {name} {rows}, the job {job[f'rows_{name}']}")
    kinds = [kind for kind, _ in told if kind != "rows.processed"]
    wanted = {"PENDING": [], "PROCESSING": ["job.started"]}.get(job["status"], ["job.started", f"job.{job['status'].lower()}"])
    demand(sorted(kinds) == sorted(wanted), f"the job is {job['status']}, and its events are {kinds}")


def check_end(found, expected, identity, results):
    """The store after all jobs are done. `expected`: {file name: people.Expected}; `results`: {file name: what the run
    printed}, as far as it came to that."""
    by_name = check_counters(found, expected)
    demand(set(by_name) == set(expected), f"no job for {sorted(set(expected) - set(by_name))}")
    for name, (job, outcomes) in by_name.items():
        demand(job["status"] == "COMPLETED", f"the job is {job['status']}: {job['error']}")
        missing = set(range(1, expected[name].read + 1)) ^ set(outcomes)
        demand(not missing, f"rows without an outcome, or that are not there: {sorted(missing)[:10]}")
        check_rejects(expected[name], [reject for reject in found["rejects"] if reject["job_id"] == job["id"]])
        for count in COUNTS if results.get(name) else []:
            demand(results[name]["rows"][count] == job[f"rows_{count}"],
                   f"the result says {count} {results[name]['rows'][count]}, the store {job[f'rows_{count}']}")
    unfinished = sum(split["status"] != "COMPLETED" for split in found["splits"])
    demand(unfinished == 0, f"{unfinished} splits are not done")
    check_stored(found, {job["id"]: (job["sequence"], expected[name], outcomes)
                         for name, (job, outcomes) in by_name.items()}, identity)
    for what in ("lanes", "held"):
        demand(not found.get(what), f"{what}: {len(found.get(what, []))} rows that only a job under way needs are left")
    demand(not found["broken"], f"integrity_check: {found['broken'][:3]}")


def check_rejects(expected, rejects):
    found = {}
    for error in rejects:
        demand(error["row_number"] not in found, f"row {error['row_number']} has two errors, but one thing is wrong with it")
        found[error["row_number"]] = (error["field"], error["code"], error["line"])
    for row in sorted(set(found) | set(expected.rejects)):
        demand(row in found, f"row {row} should be a reject: {expected.rejects.get(row)}")
        demand(row in expected.rejects, f"row {row} is a reject and should not be: {found[row]}")
        field, code, line = expected.rejects[row]
        demand(found[row][0] == field and found[row][2] == line and code in (None, found[row][1]),
               f"row {row} was rejected as {found[row]}, not as {expected.rejects[row]}")


def check_stored(found, jobs, identity):
    """`jobs`: {job id: (sequence, people.Expected, outcomes)}. Each identity is stored once, by one row whose outcome
    says so, with the right content."""
    places = {}   # identity → [(job sequence, row number, job id)]
    for job_id, (sequence, expected, _) in jobs.items():
        for number, text in expected.texts.items():
            key = {"content": text, "position": (job_id, number), "key": expected.keys[number]}[identity]
            places.setdefault(key, []).append((sequence, number, job_id))
    stored = {}
    for row in found["rows"]:
        place = (row["job_id"], row["row_number"])
        demand(row["hash"] == people.sha256(row["data"]), f"row {place}: the hash is not its data's")
        key = {"content": row["data"], "position": place, "key": people.key_of(row["data"])}[identity]
        demand(key not in stored, f"stored twice: {key}")
        demand(key in places, f"row {place} is not where this came from, or has changed: {row['data']}")
        stored[key] = (place, row["data"])
    demand(len(stored) == len(places), f"{len(stored)} rows are stored, not {len(places)}")
    for key, rows in places.items():
        got = [jobs[job][2][number] for _, number, job in rows]
        demand(got.count("inserted") == 1, f"rows {rows[:10]} are one ({str(key)[:80]}), but their outcomes are {got[:10]}")
        demand(identity == "key" or set(got) <= {"inserted", "duplicate"}, f"rows {rows[:10]} became {got[:10]}")
        (job, number), text = stored[key]
        _, last, last_job = max(rows)
        if identity == "key":
            demand((job, number) == (last_job, last), f"{key} is stored from {job}, row {number}, not {last_job}, row {last}")
        demand(any((job, number) == (where, row) for _, row, where in rows), f"row {number} is not where this came from: {text}")
        wanted = jobs[job][1].texts[number]
        demand(text == wanted, f"stored is {text} instead of {wanted}")
