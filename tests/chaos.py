#!/usr/bin/env python3
"""Breaks a cluster in every way that a seed chooses while it works, and judges what became of each row.

chaos.py [--minutes N] [--seed S] [--queue redis|embedded|sqs] [--blobs file|s3] [--fault KIND]… [--bin PATH] [--keep]
Two API nodes behind a balancer, four workers, PostgreSQL, Redis, S3, and SQS for its notifications, each reached through a
link that can be cut, held, slowed, and answer in the server's place. Clients send files all the while, of five pipelines
with every identity; after the last fault everything that was accepted has to be loaded. Without --minutes: about a minute,
with a fault of each kind. What is judged stands in docs/reliability.md; the logs of a run that fails are kept. Where S3 or
SQS cannot be had, files are on the disk, and the output says so. The last line: `N passed, N failed`, of what was judged.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import cluster.oracle as oracle
from cluster.clients import FOLDER, Door, ENDS, Load
from cluster.faults import ALL, Faults
from cluster.files import Files, pipelines
from cluster.follower import Follower
from cluster.nodes import Cluster
from environments import environment_of
from service import BROKEN
from stored import Wrong

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHORT_SECONDS = 42        # of faults, in a run that is not told how long
# In the order in which a short run has them; the long stop first, so that it is over in time.
SHORT = ["stop_worker_past_its_lease", "kill_worker", "flush_redis", "cut_connections", "kill_s3", "kill_api", "hold_back", "kill_redis",
         "fail_s3", "crash_postgres", "jump_clock", "kill_sqs", "terminate_node", "slow_down", "fail_sqs", "stop_node", "kill_worker", "flush_redis"]
ACCEPT_SECONDS, END_SECONDS = 60, 240   # after the last fault: for what was being sent, for all that was accepted
LOOK_SECONDS = 150        # after that, for a file that lies in the bucket to be found: a schedule looks each minute
SETTLE_SECONDS = 45       # for messages that nobody needs any more to be looked at, and thrown away


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--queue", choices=["redis", "embedded", "sqs"], default="redis")
    parser.add_argument("--blobs", choices=["file", "s3"], default="s3")
    parser.add_argument("--fault", action="append", choices=list(ALL), help="only these kinds")
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--keep", action="store_true", help="keep logs and database in any case")
    return parser.parse_args()


def run_with_servers(options):
    """Starts this program again with the servers, and the Python, that it needs."""
    tools, python, arguments = ROOT / "tools", sys.executable, sys.argv[1:]
    # What a crash has to be made good from is kept short: the server is to come back, not to be waited for.
    wrappers = [tools / "with_postgres.sh", "-c", "max_connections=400", "-c", "fsync=off", "-c", "checkpoint_timeout=30s"]
    wanted = {options.queue} & {"redis", "sqs"}
    if options.blobs == "s3":
        missing = subprocess.run([tools / "with_s3.sh", "--build"], capture_output=True, text=True, check=False)
        boto3 = environment_of("boto3")
        if missing.returncode == 0 and boto3:
            wanted |= {"s3", "sqs"}
            python = boto3 / "python"
        else:
            print("SKIPPED: no S3, so that files are on the disk:", missing.stderr.strip() or "boto3 could not be installed", flush=True)
            arguments += ["--blobs", "file"]
    wrappers += [tools / f"with_{name}.sh" for name in sorted(wanted)]
    command = [str(part) for part in [*wrappers, python, __file__, *arguments]]
    os.execv(command[0], command)


def open_bucket(options):
    """None where nothing is put into it."""
    if options.blobs != "s3":
        return None
    if not os.environ.get("SLUICE_TEST_SQS"):
        print("SKIPPED: no SQS, so that no files are put into the bucket past the nodes.")
        return None
    from cluster.bucket import Bucket   # pylint: disable=import-outside-toplevel
    return Bucket(f"new-files-{os.getpid()}")


def kinds_of(options, bucket):
    there = {"redis": options.queue == "redis", "s3": options.blobs == "s3", "sqs": bucket or options.queue == "sqs"}
    return {name: ALL[name] for name in options.fault or ALL if there.get(name.rsplit("_", 1)[-1], True)}


def watch(door, bucket):
    """Schedules that find what notifications, which may be lost, do not tell of."""
    for pipeline in oracle.IDENTITIES if bucket else ():
        schedule = {"name": f"watch-{pipeline.replace('_', '-')}", "source": f"blob:{FOLDER}/{pipeline}/", "pipeline": pipeline, "cron": "* * * * *"}
        door.json("POST", "/v1/schedules", json.dumps(schedule), {"Content-Type": "application/json"}, wanted=(201,))


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


def find_put(place, sent):
    """The jobs of the files that were put into the bucket; those that became none."""
    put = {one.file.name: one for one in sent if one.put}

    def all_found():
        for line in place.store.execute("SELECT id, file_name FROM ingestion_jobs") if put else ():
            job, name = line.split("\t")
            if name in put:
                put[name].job_id = job
        return all(one.job_id for one in put.values())
    wait_until(all_found, LOOK_SECONDS)
    return [one for one in put.values() if not one.job_id]


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
    bucket = open_bucket(options)
    place = Cluster(options.bin, folder, f"chaos_{os.getpid()}", queue=options.queue, blobs=options.blobs, bucket=bucket)
    for name, text in pipelines().items():
        place.add_pipeline(name, text)
    short = options.minutes is None
    sizes = (200, 4000, 40_000) if short else (400, 12_000, 120_000)
    load = Load(Door(place.port), Files(options.seed, sizes), options.seed, bucket, pause=0.8 if short else 2.0)
    failures = []
    with place:
        watch(load.door, bucket)
        follower = Follower(place.port)
        follower.start()
        load.start()
        faults = Faults(place, options.seed, kinds_of(options, bucket), longest=4.0 if short else 10.0)
        break_things(faults, options, seconds)
        load.finish(ACCEPT_SECONDS)
        failures += [f"{one.file.name} lies in the bucket, below {one.file.pipeline}/, and became no job" for one in find_put(place, load.sent)[:5]]
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
