#!/usr/bin/env python3
"""Does tests/crash.py notice what it is there to notice? A store is filled by hand as it should be, then one thing at a
time is spoilt. No program runs."""
import sqlite3
import types
import unittest

import crash
import people

TABLES = """
CREATE TABLE ingestion_jobs (id, status, error, rows_read, rows_inserted, rows_updated, rows_duplicate, rows_rejected);
CREATE TABLE ingestion_splits (status);
CREATE TABLE ingested_data (content_hash, data, row_number);
CREATE TABLE validation_errors (row_number, field, code, line);
CREATE TABLE row_outcomes (job_id, first_row, runs);
"""
CODES = {"inserted": 1, "updated": 2, "duplicate": 3, "rejected": 4}


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def filled_store(rows, identity):
    """(trial, database, result) of a run that did everything right."""
    made = people.make_people(rows, 7)
    people.to_csv(made)
    expected = people.expect(made, identity)
    outcomes = {row: "rejected" for row in expected.rejects}
    for group in expected.groups.values():
        outcomes.update({row: "duplicate" for row in group[1:]})
        outcomes[group[0]] = "inserted"
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.executescript(TABLES)
    counts = {name: list(outcomes.values()).count(name) for name in CODES}
    database.execute("INSERT INTO ingestion_jobs VALUES ('j', 'COMPLETED', '', ?, ?, ?, ?, ?)", (rows, *counts.values()))
    database.execute("INSERT INTO ingestion_splits VALUES ('COMPLETED')")
    for first in range(1, rows + 1, 100):
        runs = b"".join(varint(8 + CODES[outcomes[row]]) for row in range(first, min(first + 100, rows + 1)))
        database.execute("INSERT INTO row_outcomes VALUES ('j', ?, ?)", (first, runs))
    for key, (text, _) in expected.stored.items():
        row = key if identity == "position" else expected.groups[key][-1]
        database.execute("INSERT INTO ingested_data VALUES (?, ?, ?)", (people.sha256(text), text, row))
    for row, (field, code, line) in expected.rejects.items():
        database.execute("INSERT INTO validation_errors VALUES (?, ?, ?, ?)", (row, field, code or "type-error", line))
    return types.SimpleNamespace(expected=expected, identity=identity), database, {"rows": {"read": rows, **counts}}


class Notices(unittest.TestCase):
    def spoil(self, what, sql="", identity="content", result=None):
        trial, database, good = filled_store(1000, identity)
        if sql:
            self.assertGreater(database.execute(sql).rowcount, 0, "nothing was spoilt")
        with self.assertRaisesRegex(crash.Wrong, what):
            crash.check_end(trial, database, result or good)

    def test_a_right_store_passes(self):
        for identity in people.IDENTITIES:
            crash.check_end(*filled_store(1000, identity))

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
        self.spoil("under their numbers", "UPDATE ingested_data SET row_number = row_number + 5000 WHERE rowid = 5", "position")
        self.spoil("is not where this came from", "UPDATE ingested_data SET row_number = 5000 WHERE rowid = 5")

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
        rows = {"read": 1000, "inserted": 1, "updated": 0, "duplicate": 0, "rejected": 0}
        self.spoil("the result says", result={"rows": rows})


if __name__ == "__main__":
    unittest.main()
