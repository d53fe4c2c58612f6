#!/usr/bin/env python3
"""Does tests/crash.py notice what it is there to notice? A store is filled by hand as it should be, then one thing at a
time is spoilt. No program runs."""
import json
import sqlite3
import unittest

import faults_postgres
import people
import stored

TABLES = """
CREATE TABLE ingestion_jobs (id, sequence, file_name, status, error,
                             rows_read, rows_inserted, rows_updated, rows_duplicate, rows_rejected);
CREATE TABLE ingestion_splits (job_id, split_number, status, checkpoint_row);
CREATE TABLE ingested_data (content_hash, data, job_id, row_number);
CREATE TABLE validation_errors (job_id, row_number, field, code, line);
CREATE TABLE row_outcomes (job_id, first_row, runs);
CREATE TABLE job_unique_values (job_sequence);
CREATE TABLE ingestion_events (job_id, type, data);
"""
CODES = {"inserted": 1, "updated": 2, "duplicate": 3, "rejected": 4}


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def runs(outcomes, rows):
    return b"".join(varint(8 + CODES[outcomes[row]]) for row in rows)


def tell(database, job, kind, rows):
    database.execute("INSERT INTO ingestion_events VALUES (?, ?, ?)", (str(job), kind, json.dumps({"rows": rows})))


def filled_store(rows, identity, files=1):
    """(database, expected, results) of runs that did everything right, one after the other."""
    database = sqlite3.connect(":memory:")
    database.executescript(TABLES)
    known, expected, results = {}, {}, {}
    for job, made in enumerate(people.make_overlapping(files, rows, 7), 1):
        people.to_csv(made)
        name = f"people{job}.csv"
        this = expected[name] = people.expect(made)
        outcomes = {row: "rejected" for row in this.rejects}
        for row, text in this.texts.items():
            key = {"content": text, "position": (job, row), "key": this.keys[row]}[identity]
            outcomes[row] = "inserted" if key not in known else \
                "updated" if identity == "key" and known[key][2] != text else "duplicate"
            if key not in known or identity == "key":
                known[key] = (str(job), row, text)
        counts = {outcome: list(outcomes.values()).count(outcome) for outcome in CODES}
        results[name] = {"rows": {"read": this.read, **counts}}
        database.execute("INSERT INTO ingestion_jobs VALUES (?, ?, ?, 'COMPLETED', '', ?, ?, ?, ?, ?)",
                         (str(job), job, name, this.read, *counts.values()))
        database.execute("INSERT INTO ingestion_splits VALUES (?, 1, 'COMPLETED', ?)", (str(job), this.read + 1))
        tell(database, job, "job.started", {})
        for first in range(1, this.read + 1, 100):
            rows = range(first, min(first + 100, this.read + 1))
            database.execute("INSERT INTO row_outcomes VALUES (?, ?, ?)", (str(job), first, runs(outcomes, rows)))
            tell(database, job, "rows.processed", {"read": len(rows)} | {
                outcome: [outcomes[row] for row in rows].count(outcome) for outcome in CODES})
        tell(database, job, "job.completed", counts)
        for row, (field, code, line) in this.rejects.items():
            database.execute("INSERT INTO validation_errors VALUES (?, ?, ?, ?, ?)",
                             (str(job), row, field, code or "type-error", line))
    for job, row, text in known.values():
        database.execute("INSERT INTO ingested_data VALUES (?, ?, ?, ?)", (people.sha256(text), text, job, row))
    database.commit()
    return database, expected, results


def check(database, expected, results, identity):
    stored.check_end(stored.sqlite_snapshot(database), expected, identity, results)


class Notices(unittest.TestCase):
    def spoil(self, what, sql="", identity="content", rows=None, files=1):
        database, expected, results = filled_store(1000, identity, files)
        if sql:
            self.assertGreater(database.execute(sql).rowcount, 0, "nothing was spoilt")
            database.commit()
        if rows:
            next(iter(results.values()))["rows"] = rows
        with self.assertRaisesRegex(stored.Wrong, what):
            check(database, expected, results, identity)

    def test_a_right_store_passes(self):
        for identity in people.IDENTITIES:
            for files in (1, 3):
                database, expected, results = filled_store(1000, identity, files)
                check(database, expected, results, identity)

    def test_a_lost_row(self):
        self.spoil("rows are stored, but", "DELETE FROM ingested_data WHERE rowid = 5")

    def test_a_doubled_row(self):
        self.spoil("rows are stored, but", "INSERT INTO ingested_data SELECT * FROM ingested_data WHERE rowid = 5")

    def test_a_row_swapped_for_another(self):
        self.spoil("stored", "UPDATE ingested_data SET (content_hash, data) = "
                   "(SELECT content_hash, data FROM ingested_data WHERE rowid = 6) WHERE rowid = 5")

    def test_changed_data(self):
        self.spoil("the hash is not", "UPDATE ingested_data SET data = replace(data, '555', '556') WHERE rowid = 5")

    def test_a_wrong_row_number(self):
        self.spoil("is not where this came from", "UPDATE ingested_data SET row_number = row_number + 5000 WHERE rowid = 5", "position")
        self.spoil("is not where this came from", "UPDATE ingested_data SET row_number = 5000 WHERE rowid = 5")

    def test_an_older_version_of_a_key(self):
        self.spoil("is stored from", "UPDATE ingested_data SET (content_hash, data, job_id, row_number) = (SELECT content_hash, "
                   "data, '1', 5) WHERE rowid = (SELECT rowid FROM ingested_data WHERE job_id = '3' LIMIT 1)", "key", files=3)

    def test_an_event_too_few_or_too_many(self):
        first = "(SELECT min(rowid) FROM ingestion_events WHERE type = 'rows.processed')"
        self.spoil("the events say read", f"DELETE FROM ingestion_events WHERE rowid = {first}")
        self.spoil("the events say read", f"INSERT INTO ingestion_events SELECT * FROM ingestion_events WHERE rowid = {first}")
        self.spoil("its events are", "DELETE FROM ingestion_events WHERE type = 'job.completed'")
        self.spoil("its events are", "INSERT INTO ingestion_events SELECT * FROM ingestion_events WHERE type = 'job.started'")

    def test_what_only_a_job_under_way_needs(self):
        self.spoil("held: 1 rows", "INSERT INTO job_unique_values VALUES (1)")

    def test_rows_that_a_second_session_has_stored_already(self):
        database, expected, _ = filled_store(1000, "position")
        name = next(iter(expected))
        database.execute("UPDATE ingestion_jobs SET status = 'PROCESSING', rows_read = 0, rows_inserted = 0, rows_rejected = 0")
        for table in ("row_outcomes", "validation_errors", "ingestion_events WHERE type <> 'job.started'"):
            database.execute(f"DELETE FROM {table}")
        database.execute("DELETE FROM ingested_data WHERE row_number > 20")
        database.execute("UPDATE ingestion_splits SET checkpoint_row = 1")
        database.commit()
        found = stored.sqlite_snapshot(database)
        with self.assertRaisesRegex(stored.Wrong, "were inserted"):
            stored.check_counters(found, {name})
        found["lanes"] = [{"job_id": "1", "split_number": 1, "until_row": 21, "first_row": 1,
                           "runs": runs({row["row_number"]: "inserted" for row in found["rows"]},
                                        sorted(row["row_number"] for row in found["rows"]))}]
        stored.check_counters(found, {name})

    def test_a_lost_batch_of_outcomes(self):
        self.spoil("have that outcome", "DELETE FROM row_outcomes WHERE first_row = 101")

    def test_outcomes_twice(self):
        self.spoil("two outcomes", "INSERT INTO row_outcomes SELECT * FROM row_outcomes WHERE first_row = 101")

    def test_a_counter_off_by_one(self):
        for name in ("read", "inserted", "duplicate", "rejected"):
            self.spoil(f"rows_{name} is", f"UPDATE ingestion_jobs SET rows_{name} = rows_{name} + 1")

    def test_a_lost_reject(self):
        self.spoil("validation_errors", "DELETE FROM validation_errors WHERE rowid = 1")

    def test_a_reject_twice(self):
        self.spoil("two errors", "INSERT INTO validation_errors SELECT * FROM validation_errors WHERE rowid = 1")

    def test_a_reject_with_another_line_or_field(self):
        self.spoil("was rejected as", "UPDATE validation_errors SET line = line + 1 WHERE rowid = 1")
        self.spoil("was rejected as", "UPDATE validation_errors SET field = 'phone' WHERE rowid = 1")

    def test_a_second_job(self):
        self.spoil("2 jobs", "INSERT INTO ingestion_jobs SELECT * FROM ingestion_jobs")

    def test_an_unfinished_job_or_split(self):
        self.spoil("the job is PROCESSING", "UPDATE ingestion_jobs SET status = 'PROCESSING'")
        self.spoil("1 splits are not done", "UPDATE ingestion_splits SET status = 'PROCESSING'")

    def test_a_result_that_says_something_else(self):
        self.spoil("the result says", rows={"read": 1000, "inserted": 1, "updated": 0, "duplicate": 0, "rejected": 0})


class Faults(unittest.TestCase):
    def test_twenty_trials_have_every_kind(self):
        kinds = [faults_postgres.fault_of(seed) for seed in range(40)]
        self.assertEqual(sum(faults_postgres.FAULTS.values()), 20)
        for kind, times in faults_postgres.FAULTS.items():
            self.assertEqual((kinds[:20].count(kind), kinds[20:].count(kind)), (times, times))


if __name__ == "__main__":
    unittest.main()
