#!/usr/bin/env python3
"""Measures `sluice serve`: `./dev bench service [load|uploads|tus|memory|fair|pending]`.

load: many small files over several connections, alone and beside one huge job, on SQLite and on PostgreSQL. uploads and tus:
measure_uploads.py. memory: the server's peak with one job and with several at once. fair: small jobs behind one or two huge ones
that cannot be cut, and what their giving way costs. pending: what an idle server costs that has many delayed jobs. Clients and
server share the machine. What is stored is checked; a wrong count stops the script. bench/README.md says what is compared.
"""
import argparse
import contextlib
import gzip
import http.client
import itertools
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime

import measure
from measure import Failed, count, make_people, table

sys.path.insert(0, str(measure.ROOT / "tests"))
from service import Server  # noqa: E402  (the folder has to be known first)

PATIENCE_SECONDS = 3600
PIPELINE = measure.PIPELINE.stem
SETTINGS = ["shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min"]   # as measure_postgres.py


# ---------------------------------------------------------------- a server

@contextlib.contextmanager
def server_at(options, store="sqlite", arguments=()):
    """A new server with a new store, in a folder of its own that is removed afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="server-", dir=options.work))
    (folder / "pipelines").mkdir()
    shutil.copy(measure.PIPELINE, folder / "pipelines")
    url = None
    if store == "postgres":
        subprocess.run(["psql", "-qAtX", "-c", "DROP DATABASE IF EXISTS bench (FORCE)", "-c", "CREATE DATABASE bench"], check=True,
                       env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"})
        url = os.environ["SLUICE_TEST_POSTGRES"].rsplit("/", 1)[0] + "/bench"
    try:
        with Server(measure.SLUICE, folder, url, arguments) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def peak_mib(server):
    """VmHWM of a running server."""
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def cpu_seconds(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def jobs_of(server):
    """Every job, by id."""
    jobs, cursor = {}, ""
    while cursor is not None:
        page = server.json("GET", f"/v1/jobs?limit=1000{cursor}")
        jobs.update((job["id"], job) for job in page["items"])
        cursor = f"&cursor={page['next']}" if page["next"] else None
    return jobs


def wait_for_all(server):
    end = time.monotonic() + PATIENCE_SECONDS
    for status in ("PENDING", "PROCESSING", "PENDING"):
        while server.json("GET", f"/v1/jobs?limit=1&status={status}")["items"]:
            if time.monotonic() > end:
                raise Failed("the jobs do not come to an end")
            time.sleep(0.2)


def seconds_of(moment):
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def send_file(server, path, name=None):
    """The job of a file that is sent as a raw body."""
    with open(path, "rb") as body:
        status, _, answer = server.request("POST", f"/v1/pipelines/{PIPELINE}/jobs?fileName={name or path.name}", body,
                                           {"Content-Type": "application/octet-stream",
                                            "Content-Length": str(path.stat().st_size)}, timeout=600)
    if status != 202:
        raise Failed(f"{path.name} was not accepted: {status} {answer[:500]!r}")
    return json.loads(answer)["jobId"]


def demand(job, rows):
    if job["status"] != "COMPLETED" or job["rows"]["read"] != rows:
        raise Failed(f"{rows} rows were to be loaded: {job}")


def wait_until_begun(server, job_id):
    while server.job(job_id)["rows"]["read"] == 0:
        time.sleep(0.05)


# ---------------------------------------------------------------- many small files

def small_file(number, rows):
    lines = "".join(f"{number * rows + row},Ann Smith,ann{number * rows + row}@example.com,+1 555 0100,CA,2024-01-02,12.5,ok\n"
                    for row in range(rows))
    return f"id,name,email,phone,state,signup_date,amount,notes\n{lines}".encode()


def send_small_files(server, files, connections):
    """[(job, when the request began, when its 202 was there)]; as fast as so many connections can."""
    numbers, sent, wrong = itertools.count(), [], []

    def client():
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
        for number in iter(lambda: next(numbers), None):
            if number >= len(files):
                break
            begun = time.time()
            connection.request("POST", f"/v1/pipelines/{PIPELINE}/jobs?fileName=small-{number}.csv", files[number],
                               {"Content-Type": "text/csv"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 202:
                wrong.append(body)
                break
            sent.append((json.loads(body)["jobId"], begun, time.time()))
        connection.close()

    clients = [threading.Thread(target=client) for _ in range(connections)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    if wrong:
        raise Failed(f"a file was not accepted: {wrong[0][:500]!r}")
    return sent


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def small_files_beside(options, store, arguments, huge=()):
    """One run: what became of the small files, and how long the huge ones took."""
    files = [small_file(number, options.small_rows) for number in range(options.files)]
    with server_at(options, store, arguments) as server:
        huge_jobs = [(send_file(server, path, f"huge-{place}{''.join(path.suffixes)}"), rows)
                     for place, (path, rows) in enumerate(huge)]
        if huge_jobs:
            wait_until_begun(server, huge_jobs[0][0])
        sent = send_small_files(server, files, options.connections)
        wait_for_all(server)
        jobs = jobs_of(server)
        for job_id, _, _ in sent:
            demand(jobs[job_id], options.small_rows)
        for job_id, rows in huge_jobs:
            demand(jobs[job_id], rows)
        ends = {job_id: seconds_of(jobs[job_id]["finishedAt"]) for job_id, _, _ in sent}
        accepted = [at - begun for _, begun, at in sent]
        done = [max(0, ends[job_id] - at) for job_id, _, at in sent]
        begun, over = min(begun for _, begun, _ in sent), max(at for _, _, at in sent)
        last_small = max(ends.values())
        return {
            "accepted": len(sent) / (over - begun), "done": len(sent) / (last_small - begun),
            "a50": percentile(accepted, .5), "a99": percentile(accepted, .99), "d50": percentile(done, .5),
            "d99": percentile(done, .99), "small": last_small - begun, "peak": peak_mib(server),
            "huge": [seconds_of(jobs[job_id]["finishedAt"]) - seconds_of(jobs[job_id]["startedAt"]) for job_id, _ in huge_jobs],
        }


LOAD_HEAD = ["small files", "accepted/s", "× alone", "202: p50 ms", "p99", "completed/s", "202 to completed: p50 s", "p99",
             "huge: s", "peak MiB"]


def load_row(name, runs, alone):
    def of(key):
        return statistics.median(run[key] for run in runs)

    longest = [statistics.median(times) for times in zip(*(run["huge"] for run in runs))]
    return [name, count(of("accepted")), f"{of('accepted') / alone:.2f}", f"{of('a50') * 1e3:.1f}", f"{of('a99') * 1e3:.1f}",
            count(of("done")), f"{of('d50'):.2f}", f"{of('d99'):.2f}", ", ".join(f"{seconds:.1f}" for seconds in longest) or "–",
            f"{max(run['peak'] for run in runs):.0f}"]


def packed(path):
    """The same as gzip, which cannot be entered in the middle."""
    to = path.with_suffix(path.suffix + ".gz")
    if not to.exists():
        with open(path, "rb") as plain, gzip.open(to, "wb", compresslevel=1) as out:
            shutil.copyfileobj(plain, out, 1 << 20)
    return to


def runs_of(options, programs):
    results = {name: [] for name in programs}
    for _ in range(options.repeat):
        for name, program in programs.items():
            results[name].append(program())
            print(f"  {name}: {results[name][-1]}", file=sys.stderr, flush=True)
    return results


def load(options):
    people = make_people(options.work, options.rows)
    print(f"{count(options.files)} files of {options.small_rows} rows by {options.connections} connections; the huge file has "
          f"{count(options.rows)} rows.\n")
    for store in options.stores:
        results = runs_of(options, {
            "alone": lambda store=store: small_files_beside(options, store, []),
            "beside the huge CSV file": lambda store=store: small_files_beside(options, store, [], [(people, options.rows)]),
            "beside the huge gzip file": lambda store=store: small_files_beside(options, store, [],
                                                                                [(packed(people), options.rows)]),
        })
        alone = statistics.median(run["accepted"] for run in results["alone"])
        table([f"{store}: {LOAD_HEAD[0]}", *LOAD_HEAD[1:]], [load_row(name, runs, alone) for name, runs in results.items()])


def fair(options):
    """Few small files behind huge ones that cannot be cut, with fewer slots than those."""
    plain = make_people(options.work, options.rows)
    huge = (packed(plain), options.rows)
    options.files = min(options.files, 20)
    for store in options.stores:
        def run(workers, jobs, with_small=True, store=store):
            kept, options.files = options.files, options.files if with_small else 1
            try:
                return small_files_beside(options, store, ["--workers", str(workers)], [huge] * jobs)
            finally:
                options.files = kept

        results = runs_of(options, {
            "1 worker, 1 huge gzip job, 1 small": lambda: run(1, 1, False),
            "1 worker, 2 huge gzip jobs, 1 small": lambda: run(1, 2, False),
            "1 worker, 1 huge gzip job": lambda: run(1, 1),
            "1 worker, 2 huge gzip jobs": lambda: run(1, 2),
            "2 workers, 2 huge gzip jobs": lambda: run(2, 2),
            "2 workers, 3 huge gzip jobs": lambda: run(2, 3),
            "2 workers, 1 huge gzip job": lambda: run(2, 1),
        })
        print(f"Huge files of {count(options.rows)} rows.\n")
        table([f"{store}: {options.files} small files", "202 to completed: p50 s", "p99", "huge: s"],
              [load_row(name, runs, 1)[0:1] + load_row(name, runs, 1)[6:9] for name, runs in results.items()])


# ---------------------------------------------------------------- memory

def memory(options):
    """Peak memory with one job and with several at once; each file is one split."""
    rows = min(options.rows, 600_000)   # below the size from which a file is cut
    people = [make_people(options.work, rows, f"--first-id={place * rows}") for place in range(8)]
    cells = []
    for store in options.stores:
        for workers, jobs in ((1, 1), (2, 2), (8, 1), (8, 8)):
            with server_at(options, store, ["--workers", str(workers)]) as server:
                begin = peak_mib(server)
                for path in people[:jobs]:
                    send_file(server, path)
                uploaded = peak_mib(server)
                wait_for_all(server)
                for job in jobs_of(server).values():
                    demand(job, rows)
                cells.append([f"{store}, {workers} workers, {jobs} jobs at once", f"{begin:.0f}", f"{uploaded:.0f}",
                              f"{peak_mib(server):.0f}", f"{128 * min(workers, jobs)}"])
                print(f"  {cells[-1]}", file=sys.stderr, flush=True)
    table([f"jobs of {count(rows)} rows", "started, MiB", "uploaded", "peak", "128 MiB a split in work"], cells)


# ---------------------------------------------------------------- many jobs that wait

def pending(options):
    """What a server costs that has nothing to do but many jobs that are not due yet."""
    cells = []
    for store in options.stores:
        for number in (0, options.files):
            with server_at(options, store, ["--workers", "2"]) as server:
                body = small_file(0, 1)
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                for place in range(number):
                    connection.request("POST", f"/v1/pipelines/{PIPELINE}/jobs?fileName=later.csv&delay=30d", body,
                                       {"Content-Type": "text/csv"})
                    answer = connection.getresponse()
                    if answer.status != 202:
                        raise Failed(f"job {place}: {answer.status} {answer.read()[:300]!r}")
                    answer.read()
                time.sleep(3)   # what followed from the last of them is done
                begin, seconds = cpu_seconds(server), 20
                time.sleep(seconds)
                cells.append([f"{store}, {count(number)} delayed jobs", f"{(cpu_seconds(server) - begin) / seconds * 100:.1f}"])
                print(f"  {cells[-1]}", file=sys.stderr, flush=True)
    table(["idle server", "per cent of one core"], cells)


def main():
    import measure_uploads   # it needs what is above
    what = {"load": load, "uploads": measure_uploads.uploads, "tus": measure_uploads.tus, "memory": memory, "fair": fair,
            "pending": pending}
    standard_files = {"load": 2_000, "fair": 20, "pending": 9_900}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="load", choices=list(what))
    parser.add_argument("--rows", type=int, help="of the huge file (1,000,000; fair: 3,000,000)")
    parser.add_argument("--files", type=int, help="small files (load: 2,000)")
    parser.add_argument("--small-rows", type=int, default=20, help="of each of them")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--stores", default="sqlite,postgres", type=lambda names: names.split(","))
    parser.add_argument("--bytes", type=float, help="uploads: of the body (1e9); tus: of the file (5e9)")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="tus: where it is broken off")
    parser.add_argument("--work", type=pathlib.Path, help="folder for files and stores (default: a temporary one)")
    options = parser.parse_args()
    options.rows = options.rows or (3_000_000 if options.what == "fair" else 1_000_000)
    options.files = options.files or standard_files.get(options.what, 0)
    if options.what in ("uploads", "tus"):
        options.stores = ["sqlite"]
    if "postgres" in options.stores and "SLUICE_TEST_POSTGRES" not in os.environ:
        tool = measure.ROOT / "tools" / "with_postgres.sh"
        words = [word for setting in SETTINGS for word in ("-c", setting)]
        os.execv(tool, [str(tool), *words, sys.executable, *sys.argv])
    work = options.work or pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    options.work = work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))   # what was started is ended, what was written removed
    try:
        measure.machine()
        what[options.what](options)
    except Failed as error:
        print(error)
        return 1
    finally:
        if not any(argument.startswith("--work") for argument in sys.argv):
            shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
