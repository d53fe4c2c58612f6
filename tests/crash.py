#!/usr/bin/env python3
"""Breaks `sluice run` at random instants, runs the same command until it is done, and checks in the store that nothing
is lost, nothing is doubled and every counter is exact.

crash.py [--store sqlite|postgres] [--service] [--faults 200] [--seed N] [--identity content|position|key]
         [--format csv|ndjson|csv.gz|csv.zst|xlsx|stdin] [--rows N]
sqlite: each trial takes a new input, kills its run up to six times, by time or just after a commit was seen, some with
SIGINT (which has to end cleanly), and then lets it finish.
postgres: each trial is one of the faults of tests/faults_postgres.py, on a server that this starts for itself.
--service: `sluice serve` is killed instead, on either store, while files come in, are planned and loaded.
The last line counts faults: `N passed, N failed`.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import crash_service
import faults_postgres
import people
import stored
from load import FORMATS, Load, finish, stop
from stored import Wrong, demand

ROOT = pathlib.Path(__file__).resolve().parent.parent


class SqliteTrial:
    """Kills one run up to `most` times, lets it finish, checks."""
    which = "sqlite"

    def __init__(self, options, seed, identity, kind, most):
        self.rng = random.Random(seed)
        self.identity, self.kind = identity, kind
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-crash-"))
        rows = self.rng.randint(options.rows // 2, options.rows)
        batch_rows, threads = self.rng.choice([100, 500, 2000, 10000]), self.rng.choice([1, 2, 4])
        self.load = Load(options.bin, self.folder, "people", kind, people.make_people(rows, seed),
                         people.PIPELINE + people.IDENTITIES[identity], batch_rows, threads)
        self.store = stored.SqliteStore(self.folder / "store.db")
        self.faults = min(self.rng.randint(1, 6), most)

    def describe(self):
        return f"{self.identity}, {self.kind}, {self.load.describe()}"

    def wait_for_instant(self, process, full_seconds):
        """Returns at a random instant of the run: after a random share of the time a whole run takes, or right after a
        random number of commits (seen as writes to the store's log)."""
        if self.rng.random() < 0.5:
            wait(process, self.rng.uniform(0, full_seconds))
            return
        log = pathlib.Path(str(self.store.path) + "-wal")
        commits = self.rng.randint(1, max(1, self.load.expected.read // self.load.batch_rows))
        delay = self.rng.choice([0, 0, self.rng.uniform(0, 0.003)])
        seen, last, end = 0, None, time.monotonic() + full_seconds
        while seen < commits and process.poll() is None and time.monotonic() < end:
            try:
                status = log.stat()
                now = (status.st_size, status.st_mtime_ns)
            except OSError:
                now = None
            if now != last:
                seen, last = seen + 1, now
        wait(process, delay)

    def run(self):
        """How often the run was really stopped."""
        name = self.load.name
        begin = time.monotonic()
        finish(self.load.start(f"sqlite:{self.folder / 'whole.db'}"))
        full_seconds = time.monotonic() - begin
        stopped, result, ended = 0, None, False
        while stopped < self.faults and not ended:
            process = self.load.start(self.store.url)
            self.wait_for_instant(process, full_seconds)
            how = signal.SIGINT if self.rng.random() < 0.15 else signal.SIGKILL
            if not stop(process, how):
                result, ended = finish(process), True
                break
            stopped += 1
            found = self.store.snapshot()
            if found and found["jobs"]:
                job, _ = stored.check_counters(found, {name})[name]
                demand(job["status"] in (*stored.UNFINISHED, "COMPLETED"), f"after the kill the job is {job['status']}")
                ended = job["status"] == "COMPLETED"
        if not ended:
            result = finish(self.load.start(self.store.url))
        stored.check_end(self.store.snapshot(), {name: self.load.expected}, self.identity, {name: result})
        left = [str(path) for path in (self.folder / "data").rglob("*") if path.is_file()]
        demand(not left, f"the spooled input of a killed run is left behind: {left[:5]}")
        return stopped

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def wait(process, seconds):
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass


# ---------------------------------------------------------------- the trials

def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--service", action="store_true", help="kill `sluice serve` instead of `sluice run`")
    parser.add_argument("--faults", "--kills", dest="faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--identity", choices=list(people.IDENTITIES))
    parser.add_argument("--format", choices=FORMATS)
    parser.add_argument("--fault", choices=list(faults_postgres.FAULTS), help="postgres: only this kind")
    parser.add_argument("--rows", type=int, help="at most so many rows a trial (default 40000; postgres 60000)")
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--keep", action="store_true", help="stop at the first failure and keep the trial's folder")
    options = parser.parse_args()
    options.bin = str(pathlib.Path(options.bin).resolve())
    options.rows = options.rows or (60000 if options.store == "postgres" else 40000)
    return options


def make_trial(options, number, most):
    seed = options.seed + number
    if options.service:
        return make_service_trial(options, number, seed, most)
    identities = [options.identity] if options.identity else list(people.IDENTITIES)
    formats = [options.format] if options.format else FORMATS
    if options.store == "postgres":   # its jobs are told apart by the names of their files
        formats = [kind for kind in formats if kind != "stdin"]
    identity, kind = identities[number % len(identities)], formats[number // len(identities) % len(formats)]
    if options.store == "postgres":
        return faults_postgres.PostgresTrial(options, seed, identity, kind)
    return SqliteTrial(options, seed, identity, kind, most)


def make_service_trial(options, number, seed, most):
    identities = [options.identity] if options.identity else list(people.IDENTITIES)
    formats = [options.format] if options.format else crash_service.FORMATS
    def store_in(folder):
        if options.store == "postgres":
            return stored.on_test_server(f"service_{os.getpid()}_{seed}")
        return stored.SqliteStore(folder / "store.db")
    return crash_service.ServiceTrial(options, seed, identities[number % len(identities)],
                                      formats[number // len(identities) % len(formats)], most, store_in)


def main():
    options = parse_options()
    if not pathlib.Path(options.bin).exists():
        print(f"{options.bin} is not there; ./dev build makes it\n0 passed, 1 failed")
        return 1
    if options.store == "postgres" and not os.environ.get("SLUICE_TEST_POSTGRES_CONTROL"):
        faults_postgres.run_with_server(ROOT, [sys.executable, __file__, *sys.argv[1:]])
    passed = failed = number = 0
    while passed + failed < options.faults:
        if number > 20 + 5 * options.faults:
            print("The runs end too fast to be stopped; --rows makes them longer.")
            failed += 1
            break
        seed, begin = options.seed + number, time.monotonic()
        trial = make_trial(options, number, options.faults - passed - failed)
        number += 1
        try:
            struck = trial.run()
            passed += struck
            print(f"seed {seed}: {trial.describe()}: stopped {struck} times, nothing lost, nothing doubled "
                  f"({time.monotonic() - begin:.1f} s)", flush=True)
        except (Wrong, OSError, ValueError, KeyError, subprocess.SubprocessError, trial.store.errors) as error:
            failed += 1
            kept = f"; its files: {trial.folder}" if options.keep else ""
            print(f"FAILED, seed {seed}: {trial.describe()}: {type(error).__name__}: {error}{kept}\n"
                  f"  again: tests/crash.py --store {options.store}{' --service' if options.service else ''} --seed {seed} --faults {trial.faults} --identity {trial.identity} "
                  f"--format {trial.kind} --rows {options.rows} --keep", flush=True)
            if options.keep:
                break
        finally:
            if not (options.keep and failed):
                trial.clean()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
