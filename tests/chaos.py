#!/usr/bin/env python3
"""Breaks a cluster in every way that a seed chooses while it works, and judges what became of each row.

chaos.py [--minutes N] [--seed S] [--queue redis|embedded|sqs] [--blobs file|s3] [--fault KIND]… [--bin PATH] [--keep]
Two API nodes behind a balancer, four workers, PostgreSQL and Redis, each reached through a link that can be cut, held and
slowed. Clients send files all the while, of five pipelines with every identity; after the last fault everything that
was accepted has to be loaded. Without --minutes: about a minute, with a fault of each kind. What is judged stands in
docs/reliability.md; the logs of a run that fails are kept. The last line: `N passed, N failed`, of what was judged.
"""
import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import time

import cluster.oracle as oracle
from cluster.clients import Door, ENDS, Load
from cluster.faults import ALL, Faults
from cluster.files import Files, pipelines
from cluster.follower import Follower
from cluster.nodes import Cluster
from service import BROKEN
from stored import Wrong

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHORT_SECONDS = 36        # of faults, in a run that is not told how long
# In the order in which a short run has them; the long stop first, so that it is over in time.
SHORT = ["stop_worker_past_its_lease", "kill_worker", "flush_redis", "cut_connections", "kill_api", "hold_back", "kill_redis",
         "crash_postgres", "jump_clock", "terminate_node", "slow_down", "stop_node", "kill_worker", "flush_redis"]
ACCEPT_SECONDS, END_SECONDS = 60, 240   # after the last fault: for what was being sent, for all that was accepted
SETTLE_SECONDS = 45       # for messages that nobody needs any more to be looked at, and thrown away


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--queue", choices=["redis", "embedded", "sqs"], default="redis")
    parser.add_argument("--blobs", choices=["file", "s3"], default="file")
    parser.add_argument("--fault", action="append", choices=list(ALL), help="only these kinds")
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--keep", action="store_true", help="keep logs and database in any case")
    return parser.parse_args()


def run_with_servers(options):
    """Starts this program again with the servers that it needs."""
    tools = ROOT / "tools"
    wrappers = [tools / "with_postgres.sh", "-c", "max_connections=400", "-c", "fsync=off"]
    for name in {"redis", options.queue, options.blobs} & {"redis", "sqs", "s3"}:
        wrappers.append(tools / f"with_{name}.sh")
    command = [str(part) for part in [*wrappers, sys.executable, __file__, *sys.argv[1:]]]
    os.execv(command[0], command)


def kinds_of(options):
    kinds = {name: ALL[name] for name in options.fault or ALL}
    if options.queue != "redis":
        kinds = {name: weight for name, weight in kinds.items() if "redis" not in name}
    return kinds


def break_things(faults, options, seconds):
    """For so long; then everything is whole again."""
    short = [name for name in SHORT if name in faults.kinds] if options.minutes is None else None
    end, following = time.monotonic() + seconds, time.monotonic()
    number = 0
    while time.monotonic() < end:
        faults.run_due()
        if time.monotonic() >= following:
            faults.strike(short[number] if short and number < len(short) else None)
            number += 1
            following = time.monotonic() + (seconds / (len(short) + 1) if short else faults.rng.uniform(0.5, 6))
        time.sleep(0.02)
    faults.end_all()


def wait_for_ends(place, sent, patience):
    """How long it took until all that was accepted had ended."""
    begin = time.monotonic()
    waiting = [one for one in sent if one.job_id]
    while waiting and time.monotonic() < begin + patience:
        ended = set(line.split("\t")[0] for line in place.store.execute(
            f"SELECT id FROM ingestion_jobs WHERE status IN {ENDS}"))
        waiting = [one for one in waiting if one.job_id not in ended]
        time.sleep(0.2)
    return time.monotonic() - begin, waiting


def wait_until(done, patience):
    end = time.monotonic() + patience
    while not done() and time.monotonic() < end:
        time.sleep(0.1)


def settle(place, follower):
    """Until the last messages were thrown away and the last events told, as far as that comes to pass."""
    if place.queue == "redis":
        wait_until(lambda: not oracle.left_in_queue(place), SETTLE_SECONDS)
    def all_told():
        newest = place.store.execute("SELECT count(*) FILTER (WHERE number IS NULL), coalesce(max(number), 0) FROM ingestion_events")
        return newest == [f"0\t{follower.last}"]
    wait_until(all_told, SETTLE_SECONDS)


def run(options, folder):
    seconds = SHORT_SECONDS if options.minutes is None else options.minutes * 60
    place = Cluster(options.bin, folder, f"chaos_{os.getpid()}", queue=options.queue, blobs=options.blobs)
    for name, text in pipelines().items():
        place.add_pipeline(name, text)
    short = options.minutes is None
    sizes = (200, 4000, 40_000) if short else (400, 12_000, 120_000)
    load = Load(Door(place.port), Files(options.seed, sizes), options.seed, pause=0.8 if short else 2.0)
    failures = []
    with place:
        follower = Follower(place.port)
        follower.start()
        load.start()
        faults = Faults(place, options.seed, kinds_of(options), longest=4.0 if short else 10.0)
        break_things(faults, options, seconds)
        load.finish(ACCEPT_SECONDS)
        took, waiting = wait_for_ends(place, load.sent, END_SECONDS)
        failures += [f"job {one.job_id} ({one.file.name}, {one.file.pipeline}) has not ended {END_SECONDS} s after the last fault"
                     for one in waiting[:5]]
        settle(place, follower)
        follower.over.set()
        failures += load.faults + follower.faults + place.unexpected
        ends = [(node, node.end()) for node in place.nodes]
        failures += [f"SIGTERM ended {node.name} with status {status}: {node.last_words()}" for node, status in ends if status != 0]
        begin = time.monotonic()
        failures += oracle.judge(place, load.sent, follower.seen)
    (folder / "logs" / "faults.log").write_text("".join(f"{time.strftime('%H:%M:%S', time.gmtime(faults.begin + seconds))}  {text}\n" for seconds, text in faults.injected), encoding="utf-8")
    if failures or options.keep:
        place.keep_tables()
    report(place, load, faults, follower, took, time.monotonic() - begin)
    return place, failures, len([one for one in load.sent if one.job_id]) + len(oracle.IDENTITIES)


def report(place, load, faults, follower, took, judging):
    if not place.named_hosts:
        print("Nodes have no host names of their own here (unshare --uts is not permitted): a dead one is known at once.")
    if not any(node.clock for node in place.nodes):
        print("SKIPPED: no clock jumps, because libfaketime is not here (apt-get install faketime).")
    print(f"{sum(faults.counted().values())} faults injected:")
    for kind, number in sorted(faults.counted().items()):
        print(f"{number:6}  {kind}")
    accepted = [one for one in load.sent if one.job_id]
    last = "".join(place.store.execute("SELECT id FROM ingestion_jobs ORDER BY finished_at DESC NULLS FIRST LIMIT 1"))
    rows = sum(len(one.file.rows) for one in accepted)
    ways = {way: sum(one.way == way for one in accepted) for way in sorted({one.way for one in accepted})}
    print(f"{len(accepted)} jobs accepted, {rows} rows, {ways}; {sum(one.cancelled for one in accepted)} were cancelled, "
          f"{sum(one.retried for one in accepted)} of these retried")
    print(f"the last (job {last}) ended {took:.1f} s after the last fault; {len(follower.seen)} events over {follower.connections} connections; "
          f"judged in {judging:.1f} s")


def main():
    options = parse_options()
    if not pathlib.Path(options.bin).exists():
        print(f"{options.bin} is not there; ./dev build makes it\n0 passed, 1 failed")
        return 1
    if not os.environ.get("SLUICE_TEST_POSTGRES_CONTROL"):
        run_with_servers(options)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-chaos-"))
    print(f"seed {options.seed}; logs in {folder / 'logs'}", flush=True)
    place, judged = None, 1
    try:
        place, failures, judged = run(options, folder)
    except (Wrong, *BROKEN) as error:
        failures = [f"the run itself: {type(error).__name__}: {error}"]
    for failure in failures:
        print(f"VIOLATION: {failure[:1500]}")
    if failures:
        minutes = f" --minutes {options.minutes:g}" if options.minutes is not None else ""
        print(f"seed {options.seed}; again: tests/chaos.py{minutes} --seed {options.seed}; the logs: {folder / 'logs'}")
    elif not options.keep:
        place.clean()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{judged - min(judged, len(failures))} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
