#!/usr/bin/env python3
"""The whole way of the state service: `sluice push` of a file of phone records → API → Redis → two workers → PostgreSQL →
MongoDB, while push, API, workers and the three servers are killed at random moments. At the end GET /states, and the documents,
are exactly what an independent count over the file says.

states_chain.py [--rows 60000] [--kills 12] [--seed N]      once: --rows 10000000 --kills 60
Under tools/with_postgres.sh tools/with_redis.sh --appendonly yes tools/with_mongo.sh --server java, which it calls itself.
"""
import argparse
import collections
import csv
import json
import os
import pathlib
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

from environments import environment_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = environment_of("pymongo")
if PROGRAMS is None:
    print("states-chain: SKIPPED, because pymongo could not be installed here")
    print(f"0 passed, {int(os.environ.get('CI') == 'true')} failed")
    sys.exit(os.environ.get("CI") == "true")
if pathlib.Path(sys.prefix).resolve() != PROGRAMS.parent.resolve():
    os.execv(PROGRAMS / "python", [str(PROGRAMS / "python"), *sys.argv])
if "SLUICE_TEST_MONGO" not in os.environ:
    os.execv(ROOT / "tools" / "with_postgres.sh",
             [str(ROOT / "tools" / "with_postgres.sh"), str(ROOT / "tools" / "with_redis.sh"), "--appendonly", "yes",
              str(ROOT / "tools" / "with_mongo.sh"), "--server", "java", sys.executable, *sys.argv])

import pymongo  # noqa: E402

from service import BROKEN, Server, ServiceError  # noqa: E402

MAKER = ROOT / "examples" / "states" / "make_phone_records.py"
END_SECONDS = 1800
SERVERS = {"postgresql": "SLUICE_TEST_POSTGRES_CONTROL", "redis": "SLUICE_TEST_REDIS_CONTROL",
           "mongodb": "SLUICE_TEST_MONGO_CONTROL"}
STOPPED = 130   # by a signal: the same command goes on


def count(path):
    """What a person would count: rows with a name and a state, by state."""
    counts, skipped = collections.Counter(), 0
    with open(path, encoding="utf-8", newline="") as file:
        for record in csv.DictReader(file):
            if record["name"].strip() and record["state"].strip():
                counts[record["state"]] += 1
            else:
                skipped += 1
    return counts, skipped


class Chain:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.chance = random.Random(options.seed)
        self.mongo = os.environ["SLUICE_TEST_MONGO"].replace("/test?", "/states?")
        self.nodes = [self.node(role) for role in ("api", "worker", "worker")]
        self.push, self.kills, self.over, self.fault = None, collections.Counter(), threading.Event(), None

    def node(self, role):
        folder = self.folder / f"{role}-{self.chance.random()}"
        folder.mkdir()
        return Server(self.options.bin, folder, store=os.environ["SLUICE_TEST_POSTGRES"], blobs=f"file:{self.folder / 'blobs'}",
                      options=["--role", role, "--set", f"queue={os.environ['SLUICE_TEST_REDIS']}",
                               "--set", f"aggregates={self.mongo}"]).start()

    def strike(self):
        """Kills whatever it is, and starts it again; the pusher starts itself."""
        try:
            self.strike_on()
        except Exception as error:  # whatever it was, it is told
            self.fault = error

    def strike_on(self):
        while not self.over.wait(self.chance.uniform(0.2, self.options.pause)):
            if self.kills.total() >= self.options.kills:
                return
            self.say()
            what = self.chance.choice(["api", "worker", "worker", "push", "push", *SERVERS])
            if what == "push":
                push = self.push
                if push is None or push.poll() is not None:
                    continue
                push.send_signal(self.chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
            elif what in SERVERS:
                for command in ("kill", "start"):
                    subprocess.run([os.environ[SERVERS[what]], command], check=True, stdout=subprocess.DEVNULL)
            else:
                node = self.nodes[0] if what == "api" else self.chance.choice(self.nodes[1:])
                node.kill()
                self.start(node)
            self.kills[what] += 1

    @staticmethod
    def start(node):
        """As its supervisor does: again, where a server that it needs is not back yet."""
        end = time.monotonic() + END_SECONDS
        while True:
            try:
                return node.start()
            except (ServiceError, queue.Empty):
                if time.monotonic() > end:
                    raise
                if node.process.poll() is None:
                    node.kill()

    def say(self, what=""):
        if self.options.verbose:
            print(f"{time.strftime('%H:%M:%S')} {what} killed {dict(self.kills)}", file=sys.stderr, flush=True)

    def push_all(self, path):
        """Until it says that all is sent, each time with batches of another size. Its result."""
        while True:
            command = [self.options.bin, "push", str(path), "--to", f"{self.nodes[0].url}/states/batch",
                       "--map", "name=state", "--const", "population=1", "--require", "name", "--json", "--quiet",
                       "--batch-rows", str(self.chance.choice([200, 500, 1000]))]
            self.push = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={
                "PATH": os.environ["PATH"], "HOME": str(self.folder)})
            out, error = self.push.communicate(timeout=END_SECONDS)
            if self.push.returncode == 0:
                return json.loads(out)
            if self.push.returncode not in (-signal.SIGKILL, -signal.SIGTERM, STOPPED):
                raise ServiceError(f"push ended with {self.push.returncode}: {error.decode()}")

    def wait_for_jobs(self):
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end:
            try:
                open_jobs = [self.nodes[0].json("GET", f"/v1/jobs?status={status}&limit=1")["items"]
                             for status in ("PENDING", "PROCESSING")]
                if not any(open_jobs):
                    return
            except (*BROKEN, ServiceError):
                pass
            time.sleep(0.2)
        raise ServiceError(f"jobs are still at work after {END_SECONDS} s")

    def states(self):
        found, cursor = {}, ""
        while cursor is not None:
            page = self.nodes[0].json("GET", f"/states?limit=5{cursor}")
            found.update({state["name"]: state["population"] for state in page["items"]})
            cursor = page["next"] and f"&cursor={page['next']}"
        return found

    def documents(self):
        database = pymongo.MongoClient(self.mongo, serverSelectionTimeoutMS=5000)["states"]
        return {document["name"]: document["population"] for document in database["states"].find({"deletedAt": None})}

    def end(self):
        self.over.set()
        for node in self.nodes:
            node.__exit__()


def run(options, folder):
    path = folder / "phone-records.csv"
    with open(path, "wb") as file:
        subprocess.run([sys.executable, MAKER, "--rows", str(options.rows), "--seed", str(options.seed)], stdout=file,
                       stderr=subprocess.DEVNULL, check=True)
    counts, skipped = count(path)
    chain = Chain(options, folder)
    wrong = []

    def check(what, found, expected):
        if found != expected:
            wrong.append(f"{what}: {found} and not {expected}")

    try:
        striker = threading.Thread(target=chain.strike)
        striker.start()
        began = time.monotonic()
        result = chain.push_all(path)
        pushed = time.monotonic() - began
        chain.wait_for_jobs()
        striker.join()
        chain.wait_for_jobs()
        seconds = time.monotonic() - began
        check("what went wrong with the kills", chain.fault, None)
        check("GET /states", chain.states(), dict(counts))
        end = time.monotonic() + 120
        while chain.documents() != dict(counts) and time.monotonic() < end:
            time.sleep(0.1)
        check("documents", chain.documents(), dict(counts))
        chain.say(f"states and documents: {'WRONG' if wrong else 'right'}, after {seconds:.0f} s, {pushed:.0f} s of them for the push;")
        check("rows that push skipped", result["rows"]["skipped"], skipped)
        status, _, answer = chain.nodes[0].request("POST", "/v1/aggregates/states/rebuild", timeout=END_SECONDS)
        rebuilt = json.loads(answer) if status == 200 else {"wrong": answer, "rows": status}
        check("what a rebuild finds", [rebuilt["wrong"], rebuilt["rows"]], [0, counts.total()])
    finally:
        chain.end()
    print(f"{options.rows:,} rows, {counts.total():,} counted in {len(counts)} states, {skipped:,} skipped; pushed in {pushed:.0f} s, "
          f"counted in {seconds:.0f} s; killed: {dict(chain.kills)}")
    for text in wrong:
        print(f"WRONG (seed {options.seed}): {text}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--pause", type=float, default=1.5, help="at most so many seconds between two kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="tell of each kill")
    options = parser.parse_args()
    options.bin = str(pathlib.Path(options.bin).resolve())
    with tempfile.TemporaryDirectory(prefix="sluice-chain-") as folder:
        wrong = run(options, pathlib.Path(folder))
    print(f"{int(not wrong)} passed, {int(bool(wrong))} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
