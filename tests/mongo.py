#!/usr/bin/env python3
"""The service with the groups of its aggregates as documents in MongoDB: kill -9 of the server and of MongoDB at random
moments, jobs removed, the documents lost. At the end every document is what an independent count over the sent rows says.
Documents are read with pymongo (versions in tests/pymongo.txt). Run under `tools/with_mongo.sh --server java`."""
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

from environments import environment_of

PROGRAMS = environment_of("pymongo")
if PROGRAMS is None:
    print("mongo: SKIPPED, because pymongo could not be installed here")
    print(f"0 passed, {int(os.environ.get('CI') == 'true')} failed")
    sys.exit(os.environ.get("CI") == "true")
if pathlib.Path(sys.prefix).resolve() != PROGRAMS.parent.resolve():
    os.execv(PROGRAMS / "python", [str(PROGRAMS / "python"), *sys.argv])

import pymongo  # noqa: E402
import pymongo.errors  # noqa: E402

from checks import run_checks  # noqa: E402
from service import BROKEN, Server, ServiceError, send_raw  # noqa: E402
from stored import demand  # noqa: E402

URL = os.environ["SLUICE_TEST_MONGO"]
CONTROL = os.environ["SLUICE_TEST_MONGO_CONTROL"]
SEED = int(os.environ.get("SLUICE_SEED", "1"))
PATIENCE_SECONDS = 120
KILLS = int(os.environ.get("SLUICE_KILLS", "10"))
PIPELINE = """name: people
schema: {fields: [{name: state, type: string}, {name: people, type: integer}]}
identity: position
aggregates:
  - {name: states, by: [state], measures: {population: sum(people), rows_of_it: count}}
retry: {attempts: 50}
"""
STATES = ["TX", "CA", "NY", "Côte d'Or", "", "null", "a.b", "$x", "5"]


def made(rng, rows):
    """Rows, and what they add up to: {state: [population, rows]}; a blank one is null."""
    sums = collections.defaultdict(lambda: [0, 0])
    lines = ["state,people"]
    for _ in range(rows):
        state, people = rng.choice(STATES), rng.randrange(-5, 1_000_000)
        lines.append(f"{state},{people}")
        sums[state or None][0] += people
        sums[state or None][1] += 1
    return "\n".join(lines).encode() + b"\n", sums


def database(name):
    return pymongo.MongoClient(URL, serverSelectionTimeoutMS=500)[name]


def documents(name):
    return {document["state"]: [document["population"], document["rows_of_it"]]
            for document in database(name)["states"].find({"deletedAt": None})}


def until(name, expected, what):
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = documents(name)
        if found == expected:
            return
        demand(time.monotonic() < end, f"{what}: not within {PATIENCE_SECONDS} s: {found} and not {expected}")
        time.sleep(0.05)


class World:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def server(self, name):
        folder = self.folder / name
        (folder / "pipelines").mkdir(parents=True)
        (folder / "pipelines" / "people.yaml").write_text(PIPELINE, encoding="utf-8")
        url = URL.replace("/test?", f"/{name}?")
        return Server(self.binary, folder, options=["--set", f"aggregates={url}", "--workers", "2"])

    def end(self):
        pass


def killed_at_random_moments(world):
    rng = random.Random(SEED)
    expected = collections.defaultdict(lambda: [0, 0])
    server = world.server("killed")
    server.start()
    jobs, over = [], threading.Event()
    versions, wrong, kills = {}, [], []

    def watch():
        """No document goes back."""
        while not over.is_set():
            try:
                for document in database("killed")["states"].find():
                    version = document["_sluice"]["version"]
                    if version < versions.get(document["_id"], 0):
                        wrong.append(document)
                    versions[document["_id"]] = version
            except pymongo.errors.PyMongoError:
                pass
            time.sleep(0.01)

    def strike():
        try:
            strike_on()
        except Exception as error:  # whatever it was, the check is to end
            wrong.append(f"the kills ended: {error}")
            kills.extend([""] * KILLS)

    def strike_on():
        while not over.is_set():
            time.sleep(rng.uniform(0.05, 0.6))   # the instant of the kill
            if rng.random() < 0.6:
                server.kill()
                server.start()
                kills.append("sluice")
            else:
                subprocess.run([CONTROL, "kill"], check=True)
                subprocess.run([CONTROL, "start"], check=True)
                kills.append("mongodb")

    threads = [threading.Thread(target=watch), threading.Thread(target=strike)]
    for thread in threads:
        thread.start()
    try:
        number = 0
        while len(kills) < KILLS:
            number += 1
            data, sums = made(rng, rng.randrange(1, 3000))
            for state, (population, rows) in sums.items():
                expected[state][0] += population
                expected[state][1] += rows
            while True:
                try:
                    jobs.append(send_raw(server, f"{number}.csv", data, "people", f"file-{number}"))
                    break
                except (*BROKEN, ServiceError):
                    time.sleep(0.05)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    for job in jobs:
        server.wait_for(job)
    until("killed", dict(expected), "after the kills")
    demand(not wrong, f"documents went back, or nothing was killed: {wrong[:3]}")
    demand(server.stop() == 0, "the server did not end well")


def groups_that_go_and_come_again(world):
    with world.server("removed") as server:
        rng = random.Random(SEED + 1)
        first, sums = made(rng, 500)
        job = server.wait_for(send_raw(server, "a.csv", first, "people", "a"))
        until("removed", dict(sums), "a file")
        server.json("DELETE", f"/v1/jobs/{job['id']}?rows=true", status=204)
        until("removed", {}, "its rows removed")
        demand(database("removed")["states"].count_documents({"deletedAt": {"$ne": None}}) == len(sums), "no tombstones")
        again, more = made(rng, 200)
        server.wait_for(send_raw(server, "b.csv", again, "people", "b"))
        until("removed", dict(more), "another file")


def documents_that_were_lost_come_again(world):
    with world.server("lost") as server:
        data, sums = made(random.Random(SEED + 2), 500)
        server.wait_for(send_raw(server, "a.csv", data, "people", "a"))
        until("lost", dict(sums), "a file")
        database("lost")["states"].drop()
        database("lost")["sluice"].drop()
        until("lost", dict(sums), "after the loss")
        database("lost")["states"].update_many({}, {"$set": {"population": -1}})
        database("lost")["sluice"].drop()
        until("lost", dict(sums), "after they were changed by hand")


def jobs_go_on_while_mongodb_is_away(world):
    """Alone on the server: it is last in the list, and the others have ended."""
    with world.server("away") as server:
        subprocess.run([CONTROL, "kill"], check=True)
        try:
            data, sums = made(random.Random(SEED + 3), 500)
            job = server.wait_for(send_raw(server, "a.csv", data, "people", "a"))
            demand(job["status"] == "COMPLETED", json.dumps(job))
        finally:
            subprocess.run([CONTROL, "start"], check=True)
        until("away", dict(sums), "when it was back")


if __name__ == "__main__":
    sys.argv += ["--jobs", "1"]   # they kill the one server of MongoDB
    sys.exit(run_checks(__doc__, [groups_that_go_and_come_again, documents_that_were_lost_come_again,
                                  killed_at_random_moments, jobs_go_on_while_mongodb_is_away], World, "mongo"))
