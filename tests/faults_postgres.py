"""The faults that a run into PostgreSQL has to come through: what each does, and what the run must do then. Trials of
`tests/crash.py --store postgres`; what the store holds at the end is checked there as for every store.

One trial is one fault: a kind, an instant, and a number of processes (1, 2 or 8) that write files with common rows into
one pipeline at once; all of it follows from the trial's seed. The instant is a point of the protocol, where a proxy
holds the connection still (tests/pg_proxy.py), or a time.
"""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import people
import small_disk
import stored
from load import Load, end_of, finish
from pg_proxy import Point, Proxy
from stored import demand

# What is done, and how often of twenty.
FAULTS = {
    "kill": 5,        # the client is killed
    "cut": 5,         # its connection is cut; around COMMIT, so that it does not know whether that took place
    "server": 2,      # the server dies (immediate shutdown) and comes back
    "terminate": 2,   # the server ends the client's sessions
    "writers": 2,     # nothing: two or eight clients at once
    "retry": 1,       # serialization failures and deadlocks
    "stop": 1,        # the client is stopped and wakes up when a successor, to which its lease was given, is done
    "zombie": 1,      # the same, and the successor waits until the lease has run out
    "disk": 1,        # the disk is full
}
LEASE_SECONDS = 30    # src/jobs/run_job.cpp
PATIENCE = 2 * LEASE_SECONDS
NETWORK_DELAY_SECONDS = 0.3
# COMMITs of a first run: greeting, tables, looking for the job, making it, then looking, lease, data set, and rows.
JOB_MADE, PREPARING = 4, 9
AT_START = ("cannot be reached", "starting up", "shutting down")   # a first connection is not waited for


def run_with_server(root, command):
    """Becomes `command` with a server of its own, and mounts of its own where that is allowed."""
    server = [str(root / "tools" / "with_postgres.sh"), "-c", "fsync=off", "-c", "max_connections=100",
              "-c", "deadlock_timeout=50ms", *command]
    if small_disk.may_mount():
        server = ["unshare", "--mount", *server]
    os.execvp(server[0], server)


def fault_of(seed):
    """Each twenty seeds in a row have every kind, as often as FAULTS says."""
    cycle = [kind for kind, times in FAULTS.items() for _ in range(times)]
    random.Random(seed // len(cycle)).shuffle(cycle)
    return cycle[seed % len(cycle)]


class PostgresTrial:
    faults = 1

    def __init__(self, options, seed, identity, kind):
        self.rng = random.Random(seed)
        self.identity, self.kind = identity, kind
        self.fault = options.fault or fault_of(seed)
        if self.fault == "disk" and not small_disk.available():
            print("SKIPPED, and a connection cut instead: a full disk needs root, or a small /dev/shm", flush=True)
            self.fault = "cut"
        self.which = f"postgres --fault {self.fault}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-crash-"))
        self.what = []   # what was done, for the report
        writers = {"writers": self.rng.choice([2, 8]), "retry": self.rng.choice([2, 4]), "disk": 1, "stop": 1, "zombie": 1}
        count = writers.get(self.fault, self.rng.choice([1, 1, 1, 1, 2, 8]))
        rows = self.rng.randint(options.rows // 20, options.rows) // count
        if self.fault == "disk":
            rows = max(rows, 20000)
        made = people.make_overlapping(count, rows, seed) if count > 1 else [people.make_people(rows, seed)]
        pipeline = people.PIPELINE + people.IDENTITIES[identity] + self.retry_rule()
        self.loads = [Load(options.bin, self.folder, f"people{number}", kind, file, pipeline,
                           self.rng.choice([200, 1000, 3000, 5000, 10000, 50000]), self.rng.choice([1, 2, 4]))
                      for number, file in enumerate(made)]
        self.expected = {load.name: load.expected for load in self.loads}
        self.target = self.loads[0]
        self.disk = small_disk.SmallDisk(self.folder / "disk") if self.fault == "disk" else None
        self.control = os.environ["SLUICE_TEST_POSTGRES_CONTROL"]
        self.store = stored.on_test_server(f"crash_{seed}_{os.getpid()}", self.disk and self.disk.make_tablespace(f"small_{seed}"))
        self.proxies, self.processes, self.results = [], [], {}
        self.held = threading.Event()      # set: connections that stand still go on
        self.stopped = threading.Event()   # the client is
        self.process = None                # the target's

    def retry_rule(self):
        if self.fault == "disk":   # gives up soon
            return "retry: {attempts: 2, backoff: {delay: 100ms}}\n"
        if self.fault in ("stop", "zombie"):   # waits for the lease
            return "retry: {attempts: 200, backoff: {type: fixed, delay: 300ms}}\n"
        return ""

    def describe(self):
        return f"{self.fault} ({', '.join(self.what)}), {self.identity}, {self.kind}, {len(self.loads)} × " \
               f"{self.target.describe()}"

    # ---------------------------------------------------------------- instants

    def point(self, action, kinds=("copy", "copy", "commit", "answer"), first=1):
        where = self.rng.choice(kinds)
        commits = self.target.expected.read // self.target.batch_rows + 1
        first, more = (first, PREPARING) if where != "copy" else (1, 1)
        number = self.rng.randint(first, commits + more)
        data_bytes = self.rng.choice([0, self.rng.randint(0, 300 * self.target.batch_rows)]) if where == "copy" else 0
        point = Point(where, number, data_bytes, None)

        def act(connection):
            self.what.append(str(point))
            action(connection)
        point.action = act
        return point

    def proxy(self, points):
        self.proxies.append(Proxy(self.store.host, self.store.port, points))
        return self.proxies[-1]

    def start(self, load, proxy=None):
        process = load.start(self.store.url_at(proxy.port) if proxy else self.store.url)
        self.processes.append(process)
        return process

    def at_random_time(self, process, action):
        """False where the run ended before."""
        try:
            process.wait(self.rng.uniform(0, 0.05 + self.target.expected.read / 60000))
            return False
        except subprocess.TimeoutExpired:
            self.what.append("at some time")
            action(None)
            return True

    # ---------------------------------------------------------------- the trial

    def run(self):
        """1 where the fault did strike."""
        struck = getattr(self, f"fault_{self.fault}")()
        for load in self.loads:
            if not self.done(load):
                self.results[load.name] = finish(self.start(load))
        stored.check_end(self.store.snapshot(), self.expected, self.identity, self.results)
        return struck

    def done(self, load):
        found = self.store.snapshot()
        if not found:
            return False
        job, _ = stored.check_counters(found, self.expected).get(load.name, (None, None))
        if job:
            demand(job["status"] in (*stored.UNFINISHED, "COMPLETED"), f"the job is {job['status']}: {job['error']}")
        return bool(job) and job["status"] == "COMPLETED"

    def run_all(self, proxy, forgiven=()):
        """All at once, the target through the proxy; all have to come through."""
        others = [(load, self.start(load)) for load in self.loads[1:]]
        self.process = self.start(self.target, proxy)
        return self.end_all([(self.target, self.process), *others], forgiven)

    def end_all(self, runs, forgiven=()):
        for load, process in runs:
            status, result, error = end_of(process)
            demand(status == 0 or any(words in error for words in forgiven), f"exit status {status}: {error}")
            self.results[load.name] = result

    def clean(self):
        self.held.set()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()
        for proxy in self.proxies:
            proxy.close()
        self.store.drop()
        if self.disk:
            self.disk.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---------------------------------------------------------------- the faults

    def fault_kill(self):
        others = [(load, self.start(load)) for load in self.loads[1:]]
        struck = 0
        for _ in range(self.rng.randint(1, 3)):
            if self.done(self.target):
                break
            late = self.rng.random() < 0.3

            def kill(_, late=late):
                self.process.kill()
                if late:   # what was sent before arrives when the successor is at work
                    time.sleep(NETWORK_DELAY_SECONDS)
            # The COMMIT of a job that comes late is a second, empty job.
            proxy = self.proxy([self.point(kill, first=JOB_MADE + 1 if late else 1)]) if self.rng.random() < 0.7 else None
            self.process = self.start(self.target, proxy)
            if not proxy:
                self.at_random_time(self.process, kill)
            status, result, error = end_of(self.process)
            demand(status in (0, -signal.SIGKILL), f"exit status {status}: {error}")
            struck = max(struck, int(status != 0))
            self.results[self.target.name] = result
            if late and self.is_at_its_end(self.target):
                self.wait_for_late_words()
        self.end_all(others)
        return struck

    def is_at_its_end(self, load):
        """Is the next batch the last one? A COMMIT of it that comes late completes the job, and the same command after
        that is another load, as it is to a person."""
        found = self.store.snapshot()
        job, _ = stored.check_counters(found, self.expected).get(load.name, (None, None)) if found else (None, None)
        return bool(job) and job["rows_read"] + load.batch_rows >= load.expected.read

    def wait_for_late_words(self):
        end = time.monotonic() + 3 * NETWORK_DELAY_SECONDS
        while not self.done(self.target) and time.monotonic() < end:
            time.sleep(0.05)

    def strikes(self, action, most=3):
        """One or more instants of one run, all of which it has to survive."""
        forgiven = AT_START if self.fault == "server" else ()
        if self.fault != "cut" and self.rng.random() < 0.3:
            runs = [(load, self.start(load)) for load in self.loads]
            struck = self.at_random_time(runs[0][1], action)
            self.end_all(runs, forgiven)
            return int(struck)
        self.run_all(self.proxy([self.point(action) for _ in range(self.rng.randint(1, most))]), forgiven)
        return int(bool(self.what))

    def fault_cut(self):
        def cut(connection):
            how = self.rng.choice(["here", "all", "late"])
            self.what.append(how)
            if how == "all":
                self.proxies[-1].cut_all()
            elif how == "late":   # the client sees it at once, the server has its last words still
                connection.cut_end(connection.client)
                time.sleep(NETWORK_DELAY_SECONDS)
            else:
                connection.cut()
        return self.strikes(cut)

    def fault_server(self):
        restarting = threading.Lock()

        def restart(_):
            with restarting:
                subprocess.run([self.control, "kill"], check=True, timeout=60)
                subprocess.run([self.control, "start"], check=True, timeout=60)
        struck = self.strikes(restart, most=2)
        with restarting:   # a run that does not wait for the server ends before it is back
            return struck

    def fault_terminate(self):
        def terminate(_):
            self.store.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                               "AND pid <> pg_backend_pid()")
        return self.strikes(terminate)

    def fault_writers(self):
        self.run_all(None)
        return 1

    def fault_retry(self):
        """Now and then the server says that a transaction cannot be brought in line with the others."""
        finish(self.start(self.target))   # makes the tables
        rows = max(load.batch_rows for load in self.loads)
        instants = sorted(self.rng.randint(1, 4 * rows) for _ in range(self.rng.randint(3, 10)))
        state = self.rng.choice(["40001", "40P01"])
        self.what.append(f"{state} at rows {instants}")
        self.store.execute(
            "CREATE SEQUENCE row_writes; CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF nextval('row_writes') = ANY (ARRAY{instants}) THEN RAISE EXCEPTION 'fault' USING ERRCODE = '{state}'; "
            "END IF; RETURN NEW; END $$; CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON ingested_data "
            "FOR EACH ROW EXECUTE FUNCTION fault()")
        self.end_all([(load, self.start(load)) for load in self.loads[1:]])
        return int(int(self.store.execute("SELECT last_value FROM row_writes")[0]) > instants[0])

    def stand_still(self, _):
        self.process.send_signal(signal.SIGSTOP)
        self.stopped.set()
        self.held.wait(PATIENCE)

    def fault_stop(self):
        return self.stop_and_succeed(("copy",), self.give_lease_away)

    def fault_zombie(self):
        return self.stop_and_succeed(("copy", "commit"), lambda: None)

    def give_lease_away(self):
        self.store.execute("SET lock_timeout = '10s'; UPDATE ingestion_splits SET lease_until = now()")

    def stop_and_succeed(self, kinds, prepare):
        """The client stands still in the middle of a commit; a successor must not wait for it longer than the lease, and
        what it does after it wakes up must change nothing."""
        # One that has no job yet makes one when it wakes up, and is a second run of the same file.
        proxy = self.proxy([self.point(self.stand_still, kinds, first=JOB_MADE + 1)])
        self.process = self.start(self.target, proxy)
        while not self.stopped.wait(0.05) and self.process.poll() is None:
            pass
        if not self.stopped.is_set():
            self.results[self.target.name] = finish(self.process)
            return 0
        prepare()
        begin = time.monotonic()
        self.results[self.target.name] = finish(self.start(self.target))
        seconds = time.monotonic() - begin
        self.what.append(f"a successor took {seconds:.0f} s")
        demand(seconds < LEASE_SECONDS + 10, f"the successor took {seconds:.0f} s, the lease is {LEASE_SECONDS} s")
        before = self.store.snapshot()
        self.process.send_signal(signal.SIGCONT)
        self.held.set()
        status, result, error = end_of(self.process)
        if status == 0:   # its job is done, if not by itself: then what it says of it must be true
            self.results[self.target.name] = result
        else:
            demand(status == 1 and error, f"the zombie ended with status {status}: {error}")
        demand(self.store.snapshot() == before, f"the zombie has changed what is stored; it said: {error}")
        return 1

    def fault_disk(self):
        free = self.rng.randint(1, 6) << 20
        self.what.append(f"{free >> 20} MiB free")
        self.disk.fill(free)
        status, result, error = end_of(self.start(self.target))
        if status == 0:
            self.results[self.target.name] = result
            return 0
        demand(status == 1 and "No space left on device" in error and "more" in error, f"exit status {status}: {error}")
        self.done(self.target)   # whatever is there must be right
        self.disk.free()
        return 1

