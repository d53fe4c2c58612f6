#!/usr/bin/env python3
"""`POST /states/batch` beside a service in Node that does the same: `./dev bench states`.

Each in turn gets the same batches over the same connections: the service of states-node on Redis and MongoDB; Sluice as one API
and one worker on Redis and PostgreSQL, with its sums copied to the same MongoDB; and Sluice as one process with nothing
configured. The sums of GET /states are compared with the client's own count. bench/README.md says more.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

import measure
from measure import Failed, count, table
from measure_service import SETTINGS, server_at

sys.path.insert(0, str(measure.ROOT / "tests"))
from service import Server  # noqa: E402  (the folder has to be known first)

TOOLS = measure.ROOT / "tools"
BENCH = measure.ROOT / "bench"
FIGURES = ("postsPerSecond", "p50Ms", "p99Ms", "acceptedPerSecond", "summedPerSecond")


def load(options, url=None, program=()):
    """What states_load.py measures of the server at `url`, or of the one that `program` starts for it."""
    command = [*program, sys.executable, BENCH / "states_load.py", "--json", "--batches", options.batches,
               "--rows", options.rows, "--connections", options.connections, *(["--to", url] if url else [])]
    ended = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode != 0:
        raise Failed(f"{command}: exit status {ended.returncode}\n{ended.stdout[-2000:]}")
    return json.loads(ended.stdout.splitlines()[-1])


@contextlib.contextmanager
def cluster(options):
    """One API and one worker on Redis, PostgreSQL and MongoDB."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="cluster-", dir=options.work))
    subprocess.run(["psql", "-qAtX", "-c", "DROP DATABASE IF EXISTS bench (FORCE)", "-c", "CREATE DATABASE bench"], check=True,
                   env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"})
    store = os.environ["SLUICE_TEST_POSTGRES"].rsplit("/", 1)[0] + "/bench"
    with contextlib.ExitStack() as nodes:
        for role in ("worker", "api"):
            (work / role).mkdir()
            node = nodes.enter_context(Server(
                measure.SLUICE, work / role, store=store, blobs=f"file:{work / 'blobs'}",
                options=["--role", role, "--set", f"queue={os.environ['SLUICE_TEST_REDIS']}",
                         "--set", f"aggregates={os.environ['SLUICE_TEST_MONGO'].replace('/test?', f'/{work.name}?')}"]))
        yield node


def of_node(options):
    return load(options, program=[BENCH / "states-node" / "run.sh"])


def of_cluster(options):
    with cluster(options) as api:
        return load(options, api.url)


def of_one_process(options):
    with server_at(options) as server:
        return load(options, server.url)


PROGRAMS = {"NestJS, Bull, Mongoose: Redis, MongoDB": of_node,
            "Sluice, API and worker: Redis, PostgreSQL, MongoDB": of_cluster,
            "Sluice, one process: SQLite": of_one_process}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1000, help="elements in a batch")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    if "SLUICE_TEST_MONGO" not in os.environ:
        os.execv(TOOLS / "with_postgres.sh",
                 [str(TOOLS / "with_postgres.sh"), *(word for setting in SETTINGS for word in ("-c", setting)),
                  str(TOOLS / "with_redis.sh"), "--appendonly", "yes", str(TOOLS / "with_mongo.sh"), sys.executable, *sys.argv])
    options.work = pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    try:
        measure.machine()
        found = {name: [] for name in PROGRAMS}
        for _ in range(options.repeat):
            for name, program in PROGRAMS.items():
                found[name].append(program(options))
                print(f"  {name}: {found[name][-1]}", file=sys.stderr, flush=True)
        lines, first = [], None
        for name, results in found.items():
            posts, p50, p99, accepted, summed = (statistics.median(result[figure] for result in results) for figure in FIGURES)
            first = first or accepted
            lines.append([name, f"{posts:.0f}", f"{p50:.1f}", f"{p99:.1f}", count(accepted), f"{accepted / first:.2f}",
                          count(summed)])
        table([f"{count(options.rows)} elements a post, {options.connections} connections", "posts/s", "p50 ms", "p99 ms",
               "elements accepted/s", "× Node", "summed/s"], lines)
    except Failed as error:
        print(error)
        return 1
    finally:
        shutil.rmtree(options.work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
