#!/usr/bin/env python3
"""Jobs whose splits wait in SQS: one API node and two workers on PostgreSQL and ElasticMQ. What must hold: a pause holds
every node; a worker that is killed at its work loses nothing and doubles nothing; nothing is left in the queue at the end;
and when the queue's server is killed with all its messages while jobs wait, they end all the same. The first two on a
standard queue and on a FIFO queue, side by side: they mostly wait.

queue_sqs.py [--jobs N] [--rows N] [--seed N]
The last line counts checks: `N passed, N failed`.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import people
import stored
from service import Server, ServiceError, send_raw
from stored import Wrong, demand

ROOT = pathlib.Path(__file__).resolve().parent.parent
BATCH_ROWS = 20        # so that a job lasts long enough to be broken
END_SECONDS = 300


def until(true_now, what, seconds=60):
    end = time.monotonic() + seconds
    while not true_now():
        demand(time.monotonic() < end, f"waited {seconds} s in vain until {what}")
        time.sleep(0.05)


class Node(Server):
    """A worker listens to nothing, and says nothing when it begins."""

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "serve", "--role", "worker", "--to", self.store, "--set", f"blobs=file:{self.folder / 'blobs'}",
             "--set", f"pipelines={self.folder / 'pipelines'}", *self.options],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "TZ": "UTC", **self.environment})
        return self


class Cluster:
    """The nodes, their store and their queue."""

    def __init__(self, options, workers, ending=""):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-sqs-"))
        self.store = stored.on_test_server(f"queue_sqs_{os.getpid()}_{workers}{ending.replace('.', '_')}")
        (self.folder / "pipelines").mkdir()
        (self.folder / "pipelines" / "people.yaml").write_text(
            people.PIPELINE + people.IDENTITIES["content"] + f"batch: {{rows: {BATCH_ROWS}}}\n", encoding="utf-8")
        name = f"sluice-{os.getpid()}-{workers}{ending}"
        queue = os.environ["SLUICE_TEST_SQS"].replace("sqs://sluice?", f"sqs://{name}?")
        environment = {"SLUICE_QUEUE": queue, **{key: value for key, value in os.environ.items() if key.startswith("AWS_")}}
        self.api = Server(options.bin, self.folder, self.store.url, ["--role", "api"], environment)
        self.workers = [Node(options.bin, self.folder, self.store.url, ["--workers", "1"], environment) for _ in range(workers)]
        self.expected = {}

    def send(self):
        """As many jobs as were asked for, of which some rows are equal."""
        jobs = {}
        for number, made in enumerate(people.make_overlapping(self.options.jobs, self.options.rows, self.options.seed)):
            name = f"people-{number}.csv"
            data = people.to_csv(made)   # which notes each row's line
            self.expected[name] = people.expect(made)
            jobs[name] = send_raw(self.api, name, data, "people", name)
        return jobs

    def queue(self):
        return self.api.json("GET", "/v1/queues")["items"][0]

    def busy(self):
        """The processes that have committed part of a split, and have it still: owners are HOST/PID/START/SLOT."""
        return {int(owner.split("/")[1]) for owner in self.store.execute(
            "SELECT lease_owner FROM ingestion_splits WHERE lease_until > now() AND rows_read > 0 AND lease_owner <> ''")}

    def check_end(self, jobs):
        results = {name: self.api.wait_for(job, patience=END_SECONDS) for name, job in jobs.items()}
        stored.check_end(self.store.snapshot(), self.expected, "content", results)

    def start_workers(self):
        for worker in self.workers:
            worker.start()

    def __enter__(self):
        self.api.start()
        return self

    def __exit__(self, *_):
        for node in [self.api, *self.workers]:
            if node.process:
                node.__exit__()
        self.store.drop()
        shutil.rmtree(self.folder, ignore_errors=True)


def paused_and_killed(options, ending=""):
    with Cluster(options, workers=2, ending=ending) as cluster:
        cluster.api.json("POST", f"/v1/queues/{cluster.queue()['name']}/pause")
        jobs = cluster.send()
        cluster.start_workers()
        until(lambda: cluster.queue()["waiting"] == len(jobs), "every job waits in the queue")
        states = {cluster.api.job(job)["status"] for job in jobs.values()}
        demand(states == {"PENDING"}, f"the queue is paused, and jobs are {states}")
        print(f"{cluster.queue()['name']}: paused, {len(jobs)} jobs wait", flush=True)
        cluster.api.json("POST", f"/v1/queues/{cluster.queue()['name']}/resume")
        until(lambda: len(cluster.busy()) == 2, "both workers are in the middle of a split")
        cluster.workers[0].kill()
        print(f"{cluster.queue()['name']}: killed one of two workers that had committed parts of a split", flush=True)
        cluster.check_end(jobs)
        until(lambda: cluster.queue()["waiting"] + cluster.queue()["active"] == 0, "the queue is empty")
        demand(cluster.queue()["failed"] == 0, "there are dead letters")
        for node in (cluster.workers[1], cluster.api):
            status = node.stop()
            demand(status == 0, f"SIGTERM ended {node.options} with status {status}")


def paused_and_killed_fifo(options):
    paused_and_killed(options, ".fifo")


def lost(options):
    control = os.environ["SLUICE_TEST_SQS_CONTROL"]
    with Cluster(options, workers=1) as cluster:
        jobs = cluster.send()
        until(lambda: cluster.queue()["waiting"] == len(jobs), "every job waits in the queue")
        subprocess.run([control, "kill"], check=True)
        subprocess.run([control, "start"], check=True)
        print(f"the queue is gone with {len(jobs)} messages", flush=True)
        cluster.start_workers()
        cluster.check_end(jobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    options = parser.parse_args()
    options.bin = str(pathlib.Path(options.bin).resolve())
    if not os.environ.get("SLUICE_TEST_POSTGRES"):
        again = [ROOT / "tools/with_postgres.sh", "-c", "fsync=off", ROOT / "tools/with_sqs.sh", sys.executable, __file__]
        return subprocess.run([*again, *sys.argv[1:]], check=False).returncode
    if not os.environ.get("SLUICE_TEST_SQS"):
        print("SKIPPED: there is no ElasticMQ (tools/with_sqs.sh says why)")
        return 0

    def tried(check):
        begin = time.monotonic()
        try:
            check(options)
            print(f"{check.__name__}: {time.monotonic() - begin:.0f} s", flush=True)
            return True
        except (Wrong, ServiceError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            print(f"FAILED, seed {options.seed}: {check.__name__}: {type(error).__name__}: {error}", flush=True)
            return False

    with concurrent.futures.ThreadPoolExecutor() as pool:
        good = list(pool.map(tried, (paused_and_killed, paused_and_killed_fifo)))
    good.append(tried(lost))   # takes the server away from all
    passed, failed = good.count(True), good.count(False)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
