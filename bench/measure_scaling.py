#!/usr/bin/env python3
"""What a job and a row cost each process of a cluster, and what follows from it: `./dev bench scaling`.

One API node and one worker node on PostgreSQL and Redis. CPU seconds of each process are read off /proc: for many small files, and
for one large one. The model of queueing.py is fed with them, asked what these cores should do, and compared with what they did. Clients
and servers share the machine, so that the client is one of the stations.
"""
import argparse
import contextlib
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import measure
import queueing
from measure import count, make_people, table
from measure_service import SETTINGS, demand, jobs_of, seconds_of, send_file, send_small_files, small_file, wait_for_all

sys.path.insert(0, str(measure.ROOT / "tests"))
from service import Server  # noqa: E402  (the folder has to be known first)

TICK = os.sysconf("SC_CLK_TCK")
STATIONS = ["client", "API", "worker", "PostgreSQL", "Redis"]


# ---------------------------------------------------------------- CPU time

def stat_of(pid):
    """(parent, name, CPU seconds, CPU seconds of children that have ended)"""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    name, fields = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
    return int(fields[1]), name, (int(fields[11]) + int(fields[12])) / TICK, (int(fields[13]) + int(fields[14])) / TICK


def cpu_of_tree(root):
    """Of a server and its processes, those that have ended as well."""
    total = 0.0
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            parent, _, own, ended = stat_of(entry.name)
            if int(entry.name) == root:
                total += own + ended
            elif parent == root:
                total += own
    return total


def pid_listening_at(url):
    """The process that listens at the port of a URL like postgresql://user@host:port/name."""
    port = int(url.split("?")[0].rstrip("/").split("//")[1].split("@")[-1].split("/")[0].rsplit(":", 1)[1])
    wanted = f":{port:04X} "
    inodes = {line.split()[9] for line in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
              if wanted in line.split()[1] + " " and line.split()[3] == "0A"}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                for fd in (entry / "fd").iterdir():
                    if os.readlink(fd)[8:-1] in inodes and os.readlink(fd).startswith("socket:"):
                        return root_of(int(entry.name))
    raise measure.Failed(f"nobody listens at port {port}")


def root_of(pid):
    """The first process of a server: its parent is another program."""
    parent, name, _, _ = stat_of(pid)
    return root_of(parent) if parent > 1 and stat_of(parent)[1] == name else pid


class Cluster:
    def __init__(self, api, worker):
        self.api, self.worker = api, worker
        self.postgres = pid_listening_at(os.environ["SLUICE_TEST_POSTGRES"])
        self.redis = pid_listening_at(os.environ["SLUICE_TEST_REDIS"])

    def cpu(self):
        own = os.times()
        return {"client": own.user + own.system, "API": cpu_of_tree(self.api.process.pid),
                "worker": cpu_of_tree(self.worker.process.pid), "PostgreSQL": cpu_of_tree(self.postgres),
                "Redis": cpu_of_tree(self.redis)}


@contextlib.contextmanager
def cluster(options):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cluster-", dir=options.work))
    (folder / "pipelines").mkdir()
    shutil.copy(measure.PIPELINE, folder / "pipelines")
    subprocess.run(["psql", "-qAtX", "-c", "DROP DATABASE IF EXISTS bench (FORCE)", "-c", "CREATE DATABASE bench"], check=True,
                   env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"})
    url = os.environ["SLUICE_TEST_POSTGRES"].rsplit("/", 1)[0] + "/bench"
    settings = ["--set", f"queue={os.environ['SLUICE_TEST_REDIS']}?queue=bench-{os.getpid()}-{time.monotonic_ns()}"]
    try:
        with Server(measure.SLUICE, folder, url, ["--role", "api", *settings]) as api, \
                Server(measure.SLUICE, folder, url, ["--role", "worker", *settings]) as worker:
            yield Cluster(api, worker)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def spent(before, after, by):
    return {station: (after[station] - before[station]) / by for station in STATIONS}


# ---------------------------------------------------------------- runs

def many_small(options, first):
    files = [small_file(first + number, options.small_rows) for number in range(options.files)]
    with cluster(options) as nodes:
        before, begun = nodes.cpu(), time.time()
        sent = send_small_files(nodes.api, files, options.connections)
        wait_for_all(nodes.api)
        after = nodes.cpu()
        jobs = jobs_of(nodes.api)
        for job_id, _, _ in sent:
            demand(jobs[job_id], options.small_rows)
        last = max(seconds_of(jobs[job_id]["finishedAt"]) for job_id, _, _ in sent)
        return spent(before, after, len(files)), len(files) / (last - begun)


def at_a_rate(options, first, rate):
    """Small files sent at moments that know nothing of each other; mean seconds from sending to the end."""
    files = [small_file(first + number, options.small_rows) for number in range(options.files)]
    chance = random.Random(first)
    with cluster(options) as nodes:
        begun, threads, sent = time.time(), [], []

        def send(data):
            at = time.time()
            sent.append((nodes.api.json("POST", f"/v1/pipelines/{measure.PIPELINE.stem}/jobs?fileName=small.csv", data,
                                        {"Content-Type": "text/csv"})["jobId"], at))

        moment = 0.0
        for data in files:
            moment += chance.expovariate(rate)
            time.sleep(max(0.0, begun + moment - time.time()))
            threads.append(threading.Thread(target=send, args=(data,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        wait_for_all(nodes.api)
        jobs = jobs_of(nodes.api)
        return statistics.mean(seconds_of(jobs[job_id]["finishedAt"]) - at for job_id, at in sent)


def one_large(options, people):
    with cluster(options) as nodes:
        before = nodes.cpu()
        job_id = send_file(nodes.api, people)
        wait_for_all(nodes.api)
        job = nodes.api.job(job_id)
        demand(job, options.rows)
        busy = seconds_of(job["finishedAt"]) - seconds_of(job["startedAt"])
        return spent(before, nodes.cpu(), options.rows), options.rows / busy


def median_of(runs):
    return {station: statistics.median(run[station] for run in runs) for station in STATIONS}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=400, help="small files of a run (400)")
    parser.add_argument("--small-rows", type=int, default=100, help="rows of each (100)")
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows of the large file (2000000)")
    parser.add_argument("--connections", type=int, default=4, help="that send small files (4)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the median counts (3)")
    options = parser.parse_args()
    for variable, tool, words in (("SLUICE_TEST_REDIS", "with_redis.sh", []),
                                  ("SLUICE_TEST_POSTGRES", "with_postgres.sh", [w for s in SETTINGS for w in ("-c", s)])):
        if variable not in os.environ:
            tool = measure.ROOT / "tools" / tool
            os.execv(tool, [str(tool), *words, sys.executable, *sys.argv])
    measure.machine()
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as work:
        options.work = pathlib.Path(work)
        report(options)


def report(options):
    cores = os.cpu_count()
    small, large = [], []
    people = make_people(options.work, options.rows)
    for run in range(options.repeat):
        small.append(many_small(options, run * options.files))
        large.append(one_large(options, people))
    per_job, per_row = median_of([costs for costs, _ in small]), median_of([costs for costs, _ in large])
    print(f"CPU time of each process; {count(options.files)} files of {options.small_rows} rows, one of {count(options.rows)} rows.\n")
    table(["", *STATIONS, "together"],
          [["a small job, ms", *(f"{per_job[s] * 1e3:.1f}" for s in STATIONS), f"{sum(per_job.values()) * 1e3:.1f}"],
           ["a row of a large file, µs", *(f"{per_row[s] * 1e6:.2f}" for s in STATIONS), f"{sum(per_row.values()) * 1e6:.2f}"]])

    jobs_here = queueing.capacity(*queueing.shared(per_job, cores))[0]
    rows_here = queueing.capacity(*queueing.shared(per_row, cores))[0]
    rows = [["small jobs a second", f"{jobs_here:.0f}", f"{statistics.median(rate for _, rate in small):.0f}"],
            ["rows a second of one large file", count(int(rows_here)), count(int(statistics.median(rate for _, rate in large)))]]
    for share in (0.3, 0.6):
        rate = share * jobs_here
        expected = queueing.response(rate, *queueing.shared(per_job, cores))
        measured = statistics.median(at_a_rate(options, 10_000_000 + run * options.files, rate) for run in range(options.repeat))
        rows.append([f"seconds from sending to the end at {rate:.0f} jobs a second", f"{expected:.3f}", f"{measured:.3f}"])
    print(f"\nWhat {cores} cores do that all processes share.\n")
    table(["", "model", "measured"], rows)

    print("\nWhat the model says of machines of their own (cores by process), and which of them is full first.\n")
    plans = [{"API": 2, "worker": 4, "PostgreSQL": 4}, {"API": 2, "worker": 16, "PostgreSQL": 16},
             {"API": 4, "worker": 32, "PostgreSQL": 32}]
    lines = []
    for plan in plans:
        plan = {**plan, "Redis": 1}
        rate, first = queueing.capacity({s: per_job[s] for s in plan}, plan)
        row_rate, row_first = queueing.capacity({s: per_row[s] for s in plan}, plan)
        lines.append([*(plan[s] for s in ("API", "worker", "PostgreSQL")), f"{rate:.0f} ({first})", f"{row_rate / 1e6:.2f} M ({row_first})",
                      f"{row_rate * 86400 / 1e9:.0f} G"])
    table(["API", "worker", "PostgreSQL", "small jobs/s", "rows/s of large files", "rows a day"], lines)


if __name__ == "__main__":
    main()
