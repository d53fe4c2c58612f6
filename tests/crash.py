#!/usr/bin/env python3
"""Kills `sluice run` at random instants, runs the same command until it is done, and checks in the store that nothing
is lost, nothing is doubled and every counter is exact.

crash.py [--kills 200] [--seed N] [--identity content|position|key] [--format csv|ndjson|csv.gz|csv.zst|stdin] [--rows N]
Each trial takes a new input, kills its run up to six times, by time or just after a commit was seen, some with
SIGINT (which has to end cleanly), and then lets it finish. The last line counts kills: `N passed, N failed`.
"""
import argparse
import gzip
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import people

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTCOMES = {1: "inserted", 2: "updated", 3: "duplicate", 4: "rejected"}
FORMATS = ["csv", "ndjson", "csv.gz", "stdin"] + (["csv.zst"] if shutil.which("zstd") else [])
PATIENCE_SECONDS = 120


class Wrong(Exception):
    """The store holds something else than it should."""


def demand(true, message):
    if not true:
        raise Wrong(message)


# ---------------------------------------------------------------- one trial's input and command

def packed(data, kind):
    if kind.endswith(".gz"):
        return gzip.compress(data, 1)
    if kind.endswith(".zst"):
        return subprocess.run(["zstd", "-1", "-c", "-q"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


class Trial:
    def __init__(self, options, seed, identity, kind):
        self.rng = random.Random(seed)
        self.identity, self.kind = identity, kind
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-crash-"))
        rows = self.rng.randint(options.rows // 2, options.rows)
        self.batch_rows = self.rng.choice([100, 500, 2000, 10000])
        self.threads = self.rng.choice([1, 2, 4])
        made = people.make_people(rows, seed)
        data = people.to_ndjson(made) if kind == "ndjson" else people.to_csv(made)
        self.input = self.folder / f"people.{'csv' if kind == 'stdin' else kind}"
        self.input.write_bytes(packed(data, kind))
        self.expected = people.expect(made, identity)
        (self.folder / "people.yaml").write_text(people.PIPELINE + people.IDENTITIES[identity], encoding="utf-8")
        self.store = self.folder / "store.db"
        self.binary = options.bin

    def command(self, store):
        return [self.binary, "run", "-" if self.kind == "stdin" else str(self.input), "-p", str(self.folder / "people.yaml"), "--to", f"sqlite:{store}",
                "--json", "--quiet", "--batch-rows", str(self.batch_rows), "--threads", str(self.threads)]

    def start(self, store):
        with open(self.input if self.kind == "stdin" else os.devnull, "rb") as given:
            return subprocess.Popen(self.command(store), cwd=self.folder, stdin=given, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"], "HOME": str(self.folder),
                                                                 "LC_ALL": "C.UTF-8", "TZ": "UTC"})

    def finish(self, process):
        """(exit status, the result)"""
        try:
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Wrong(f"the run did not end within {PATIENCE_SECONDS} s") from None
        demand(process.returncode == 0, f"exit status {process.returncode}: {err.decode(errors='replace').strip()}")
        return json.loads(out)

    def describe(self):
        return f"{self.identity}, {self.kind}, {self.expected.read} rows, batches of {self.batch_rows}, " \
               f"{self.threads} threads"


# ---------------------------------------------------------------- stopping it

def wait_for_instant(trial, process, full_seconds):
    """Returns at a random instant of the run: after a random share of the time a whole run takes, or right after a
    random number of commits (seen as writes to the store's log)."""
    if trial.rng.random() < 0.5:
        try:
            process.wait(trial.rng.uniform(0, full_seconds))
        except subprocess.TimeoutExpired:
            pass
        return
    log = pathlib.Path(str(trial.store) + "-wal")
    commits = trial.rng.randint(1, max(1, trial.expected.read // trial.batch_rows))
    delay = trial.rng.choice([0, 0, trial.rng.uniform(0, 0.003)])
    seen, last, end = 0, None, time.monotonic() + full_seconds
    while seen < commits and process.poll() is None and time.monotonic() < end:
        try:
            status = log.stat()
            now = (status.st_size, status.st_mtime_ns)
        except OSError:
            now = None
        if now != last:
            seen, last = seen + 1, now
    if delay:
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            pass


def stop(process, how):
    """False where the run had ended by itself before."""
    if process.poll() is not None:
        return False
    process.send_signal(how)
    if how == signal.SIGINT:
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Wrong("Ctrl-C did not end the run") from None
        if process.returncode == 0:
            return False
        error = process.stderr.read().decode(errors="replace")
        demand(process.returncode in (1, 130), f"Ctrl-C ended the run with status {process.returncode}: {error.strip()}")
    process.communicate()
    return True


# ---------------------------------------------------------------- looking at the store

def open_store(path):
    database = sqlite3.connect(path, timeout=30)
    database.row_factory = sqlite3.Row
    return database


def has_job(database):
    table = database.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'ingestion_jobs'").fetchone()[0]
    return bool(table and database.execute("SELECT count(*) FROM ingestion_jobs").fetchone()[0])


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


def outcomes_of(database, job_id):
    outcomes = {}
    for batch in database.execute("SELECT first_row, runs FROM row_outcomes WHERE job_id = ?", (job_id,)):
        for row, outcome in decode_runs(batch["runs"], batch["first_row"]):
            demand(row not in outcomes, f"row {row} has two outcomes")
            outcomes[row] = outcome
    return outcomes


def check_counters(database):
    """What holds after every commit, so also at whatever instant the run was killed. Returns the job and its outcomes."""
    jobs = database.execute("SELECT * FROM ingestion_jobs").fetchall()
    demand(len(jobs) == 1, f"{len(jobs)} jobs instead of one that goes on")
    job = jobs[0]
    outcomes = outcomes_of(database, job["id"])
    counted = {name: 0 for name in OUTCOMES.values()}
    for outcome in outcomes.values():
        counted[outcome] += 1
    for name, count in counted.items():
        demand(job[f"rows_{name}"] == count, f"rows_{name} is {job[f'rows_{name}']}, but {count} rows have that outcome")
    demand(job["rows_read"] == len(outcomes), f"rows_read is {job['rows_read']}, but {len(outcomes)} rows have an outcome")
    stored = database.execute("SELECT count(*) FROM ingested_data").fetchone()[0]
    demand(stored == counted["inserted"], f"{stored} rows are stored, but {counted['inserted']} were inserted")
    rejects = {row for row, in database.execute("SELECT DISTINCT row_number FROM validation_errors")}
    demand(rejects == {row for row, outcome in outcomes.items() if outcome == "rejected"},
           "the rows of validation_errors are not those with the outcome rejected")
    return job, outcomes


def check_end(trial, database, result):
    expected = trial.expected
    job, outcomes = check_counters(database)
    demand(job["status"] == "COMPLETED", f"the job is {job['status']}: {job['error']}")
    unfinished = database.execute("SELECT count(*) FROM ingestion_splits WHERE status != 'COMPLETED'").fetchone()[0]
    demand(unfinished == 0, f"{unfinished} splits are not done")
    missing = set(range(1, expected.read + 1)) ^ set(outcomes)
    demand(not missing, f"rows without an outcome, or that are not there: {sorted(missing)[:10]}")
    check_rejects(expected, database)
    for key, rows in expected.groups.items():
        got = [outcomes[row] for row in rows]
        demand(got.count("inserted") == 1, f"rows {rows[:10]} are one ({str(key)[:80]}), but their outcomes are {got[:10]}")
        demand(trial.identity == "key" or set(got) <= {"inserted", "duplicate"}, f"rows {rows[:10]} became {got[:10]}")
    check_stored(trial, database)
    if result is not None:
        for name in ("read", "inserted", "updated", "duplicate", "rejected"):
            demand(result["rows"][name] == job[f"rows_{name}"],
                   f"the result says {name} {result['rows'][name]}, the store {job[f'rows_{name}']}")
    check = database.execute("PRAGMA integrity_check").fetchone()[0]
    demand(check == "ok", f"integrity_check: {check}")


def check_rejects(expected, database):
    found = {}
    for error in database.execute("SELECT row_number, field, code, line FROM validation_errors"):
        demand(error["row_number"] not in found, f"row {error['row_number']} has two errors, but one thing is wrong with it")
        found[error["row_number"]] = (error["field"], error["code"], error["line"])
    for row in sorted(set(found) | set(expected.rejects)):
        demand(row in found, f"row {row} should be a reject: {expected.rejects.get(row)}")
        demand(row in expected.rejects, f"row {row} is a reject and should not be: {found[row]}")
        field, code, line = expected.rejects[row]
        demand(found[row][0] == field and found[row][2] == line and code in (None, found[row][1]),
               f"row {row} was rejected as {found[row]}, not as {expected.rejects[row]}")


def check_stored(trial, database):
    by_text, count = {}, 0
    for row in database.execute("SELECT content_hash, data, row_number FROM ingested_data"):
        demand(bytes(row["content_hash"]) == people.sha256(row["data"]), f"row {row['row_number']}: the hash is not its data's")
        by_text.setdefault(row["data"], []).append(row["row_number"])
        count += 1
    if trial.identity == "position":
        rows = {row: text for text, rows in by_text.items() for row in rows}
        demand(rows == {row: text for row, (text, _) in trial.expected.stored.items()}, "rows are not stored under their numbers")
    expected = list(trial.expected.stored.values())
    demand(count == len(expected), f"{count} rows are stored, not {len(expected)}")
    wanted = {}
    for text, sources in expected:
        wanted.setdefault(text, []).append(sources)
    for text in by_text.keys() | wanted.keys():
        have, want = by_text.get(text, []), wanted.get(text, [])
        demand(len(have) == len(want), f"stored {len(have)} times instead of {len(want)}: {text}")
        if want and want[0] is not None:
            demand(have[0] in want[0], f"row {have[0]} is not where this came from ({sorted(want[0])[:5]}): {text}")


# ---------------------------------------------------------------- the trials

def run_trial(trial, kills):
    """Kills up to `kills` times, lets it finish, checks. Returns how often it was really stopped."""
    begin = time.monotonic()
    whole = trial.folder / "whole.db"
    trial.finish(trial.start(whole))
    full_seconds = time.monotonic() - begin
    stopped, result, ended = 0, None, False
    while stopped < kills and not ended:
        process = trial.start(trial.store)
        wait_for_instant(trial, process, full_seconds)
        how = signal.SIGINT if trial.rng.random() < 0.15 else signal.SIGKILL
        if not stop(process, how):
            result, ended = trial.finish(process), True
            break
        stopped += 1
        if trial.store.exists():
            database = open_store(trial.store)
            if has_job(database):
                job, _ = check_counters(database)
                demand(job["status"] in ("PENDING", "PROCESSING", "COMPLETED"), f"after the kill the job is {job['status']}")
                ended = job["status"] == "COMPLETED"
            database.close()
    if not ended:
        result = trial.finish(trial.start(trial.store))
    database = open_store(trial.store)
    check_end(trial, database, result)
    database.close()
    left = [str(path) for path in (trial.folder / "data").rglob("*") if path.is_file()]
    demand(not left, f"the spooled input of a killed run is left behind: {left[:5]}")
    return stopped


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--identity", choices=list(people.IDENTITIES))
    parser.add_argument("--format", choices=FORMATS)
    parser.add_argument("--rows", type=int, default=40000, help="at most so many rows a trial (default 40000)")
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--keep", action="store_true", help="keep the folder of a trial that failed")
    options = parser.parse_args()
    if not pathlib.Path(options.bin).exists():
        print(f"{options.bin} is not there; ./dev build makes it\n0 passed, 1 failed")
        return 1
    options.bin = str(pathlib.Path(options.bin).resolve())
    identities = [options.identity] if options.identity else list(people.IDENTITIES)
    formats = [options.format] if options.format else FORMATS
    passed = failed = number = 0
    while passed + failed < options.kills:
        if number > 20 + 5 * options.kills:
            print("The runs end too fast to be stopped; --rows makes them longer.")
            failed += 1
            break
        seed = options.seed + number
        trial = Trial(options, seed, identities[number % len(identities)], formats[number // len(identities) % len(formats)])
        kills = min(trial.rng.randint(1, 6), options.kills - passed - failed)
        number += 1
        try:
            stopped = run_trial(trial, kills)
            passed += stopped
            print(f"seed {seed}: {trial.describe()}: stopped {stopped} times, nothing lost, nothing doubled", flush=True)
        except (Wrong, OSError, sqlite3.Error, ValueError, KeyError) as error:
            failed += max(1, kills)
            kept = f"; its files: {trial.folder}" if options.keep else ""
            print(f"FAILED, seed {seed}: {trial.describe()}: {type(error).__name__}: {error}{kept}\n"
                  f"  again: tests/crash.py --seed {seed} --kills {kills} --identity {trial.identity} --format {trial.kind} "
                  f"--rows {options.rows} --keep", flush=True)
            if options.keep:
                break
        if not (options.keep and failed):
            shutil.rmtree(trial.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
