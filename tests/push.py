"""`sluice push` against servers that are busy, refuse, cut connections, lose answers and are killed, and killed itself at
any moment: what is taken at the end are the file's good rows, each of them once.

`python3 tests/push.py [--only kills]`; SLUICE_TEST_KILLS and SLUICE_TEST_SEED choose how often and where it is killed."""
import collections
import datetime
import email.utils
import hashlib
import itertools
import json
import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from checks import run_checks
from cutting_proxy import CUT, RESET, TO_CLIENT, TO_SERVER, CuttingProxy
from push_taker import Taker
from service import Server
from stored import demand

KILLS = int(os.environ.get("SLUICE_TEST_KILLS", "20"))
SEED = int(os.environ.get("SLUICE_TEST_SEED", "1"))
RUN_SECONDS = 120
COLUMNS = ("--map", "id=id", "--map", "text=note")
PIPELINE = """\
name: notes
schema:
  fields:
    - {name: id, type: string, constraints: {required: true}}
    - {name: text, type: string}
identity: position
"""


def make_file(path, rows, seed=SEED):
    """(the good rows as they are sent, how many are not): some rows have no id, some no note, some are short."""
    rng, good, bad = random.Random(seed), [], 0
    lines = ["id,name,note"]
    for number in range(1, rows + 1):
        note = f"n{rng.randrange(10 ** rng.randrange(1, 30))}"
        kind = rng.randrange(20)
        lines.append({0: f",x,{note}", 1: f"r{number},x,", 2: f"r{number}"}.get(kind, f"r{number},\"Zoë, {number}\",{note}"))
        if kind < 3:
            bad += 1
        else:
            good.append({"id": f"r{number}", "text": note})
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return good, bad


class Place:
    """One check's folder, a file in it, and pushes of that file."""

    def __init__(self, world, name, rows):
        self.binary, self.folder = world.binary, world.folder / name
        self.folder.mkdir()
        self.file, self.columns = self.folder / "notes.csv", COLUMNS
        self.good, self.bad = make_file(self.file, rows)

    def start(self, url, *options, through=()):
        return subprocess.Popen([*through, str(self.binary), "push", self.file, "--to", url, *self.columns, *options], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env={
                                    "PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"})

    def journals(self):
        return list((self.folder / ".local" / "state" / "sluice" / "pushes").iterdir())

    def end(self, process, status=0):
        """(result, standard error)"""
        try:
            out, err = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            demand(False, f"the push did not end; it said {err[-2000:]}")
        demand(process.returncode == status, f"status {process.returncode}, not {status}: {err[-2000:]} {out[-500:]}")
        return (json.loads(out) if out.strip() else None), err

    def push(self, url, *options, status=0, through=()):
        return self.end(self.start(url, "--json", *options, through=through), status)

    def demand_all(self, rows, what="taken"):
        def key(row):
            return int(row["id"][1:])
        rows = sorted(rows, key=key)
        if rows == self.good:
            return
        ids, wanted = [key(row) for row in rows], [key(row) for row in self.good]
        doubled = sorted({one for one in ids if ids.count(one) > 1})[:5] if len(ids) < 50_000 else "?"
        missing = sorted(set(wanted) - set(ids))
        demand(False, f"{len(rows)} rows are {what}, not {len(wanted)}; twice: {doubled}; missing: {missing[:5]} "
                      f"({len(missing)}); others: {sorted(set(ids) - set(wanted))[:5]}")

    def demand_result(self, result):
        counts = result["rows"]
        demand(result["status"] == "COMPLETED" and counts["skipped"] == self.bad
               and counts["read"] == len(self.good) + self.bad
               and counts["sent"] + counts["resumed"] == len(self.good), f"the result is {result}")

    def demand_taken(self, taker):
        demand(not taker.again_other, f"a key came again with another body: {taker.again_other[:3]}")
        self.demand_all(taker.rows())


# ---------------------------------------------------------------- killed

def killed_at_any_request(world):
    """kill -9 as a batch arrives, half of them taken and half not, with another size of batches each time."""
    place, rng = Place(world, "killed-requests", 6000), random.Random(SEED)
    process, at = None, 0

    def meet(number, _):
        if not at or number < at:
            return None
        taken = rng.random() < 0.5
        process.kill()
        return "lose" if taken else "cut"

    with Taker(meet) as taker:
        kills = 0
        for _ in range(3 * KILLS):
            at = len(taker.seen) + rng.randrange(1, 6)
            process = place.start(taker.url + "/v1/pipelines/notes/batches", "--json", "--batch-rows", str(rng.randrange(1, 150)),
                                  "--connections", str(rng.randrange(1, 6)))
            process.communicate(timeout=RUN_SECONDS)
            if process.returncode == 0:
                break
            demand(process.returncode == -signal.SIGKILL, f"it ended with status {process.returncode}")
            kills += 1
        at = 0
        result, _ = place.push(taker.url + "/v1/pipelines/notes/batches", "--batch-rows", "777")
        demand(kills >= min(KILLS, 10), f"only {kills} kills")
        place.demand_taken(taker)
        demand(result["rows"]["sent"] + result["rows"]["resumed"] == len(place.good), f"the result is {result}")


def killed_at_any_time(world):
    """kill -9 some milliseconds after it began, whatever it was doing."""
    place, rng = Place(world, "killed-times", 20_000), random.Random(SEED + 1)
    with Taker() as taker:
        for _ in range(2 * KILLS):
            process = place.start(taker.url + "/x", "--batch-rows", str(rng.randrange(20, 400)), "--connections", str(rng.randrange(1, 6)))
            try:
                process.communicate(timeout=rng.uniform(0, 0.12))
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
        place.push(taker.url + "/x")
        place.demand_taken(taker)


class Service:
    """The real API, its queue and workers."""

    def __init__(self, place):
        (place.folder / "pipelines").mkdir()
        (place.folder / "pipelines" / "notes.yaml").write_text(PIPELINE, encoding="utf-8")
        self.folder, self.server = place.folder, Server(place.binary, place.folder)
        self.lock = threading.Lock()   # connections may reach a point at once

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.__exit__()

    def kill_and_start(self):
        with self.lock:
            self.server.kill()
            self.server.start()

    def stored(self):
        """Every stored row, once all jobs are done."""
        cursor, jobs = "", []
        while cursor is not None:
            page = self.server.json("GET", "/v1/jobs?limit=500" + (f"&cursor={cursor}" if cursor else ""))
            jobs += [job["id"] for job in page["items"]]
            cursor = page["next"]
        for job in jobs:
            demand(self.server.wait_for(job)["status"] == "COMPLETED", f"job {job} was not completed")
        database = sqlite3.connect(f"file:{self.folder / 'store.db'}?mode=ro", uri=True)
        try:
            return [json.loads(row[0]) for row in database.execute("SELECT data FROM ingested_data")]
        finally:
            database.close()


def killed_in_front_of_the_service(world):
    """The push is killed in the middle of what it sends, and of what it is answered."""
    place, rng = Place(world, "killed-service", 4000), random.Random(SEED + 2)
    with Service(place) as service:
        with CuttingProxy(service.server.port, []) as proxy:
            for number in range(KILLS):
                process = None
                started = threading.Event()

                def kill():
                    started.wait()
                    process.kill()
                with proxy.lock:
                    proxy.direction = (TO_SERVER, TO_CLIENT)[number % 2]
                    proxy.left = rng.randrange(1, 30_000 if number % 2 == 0 else 2500)
                    proxy.points = [(proxy.left, kill)]
                process = place.start(proxy.url + "/v1/pipelines/notes/batches", "--batch-rows", str(rng.randrange(10, 120)),
                                      "--connections", str(rng.randrange(1, 5)))
                started.set()
                process.communicate(timeout=RUN_SECONDS)
                if process.returncode == 0:
                    break
            with proxy.lock:
                proxy.points = []
            place.push(proxy.url + "/v1/pipelines/notes/batches")
        place.demand_all(service.stored(), "stored")


def the_service_is_killed(world):
    place, rng = Place(world, "service-killed", 4000), random.Random(SEED + 3)
    with Service(place) as service:
        points = [(rng.randrange(5000, 25_000), service.kill_and_start) for _ in range(6)]
        with CuttingProxy(service.server.port, points) as proxy:
            result, _ = place.push(proxy.url + "/v1/pipelines/notes/batches", "--batch-rows", "60", "--patience", "60s")
            demand(len(proxy.points) <= 2, f"{len(proxy.points)} kills were not reached")
        demand(result["retries"] > 0, "nothing was tried again")
        place.demand_result(result)
        place.demand_all(service.stored(), "stored")


# ---------------------------------------------------------------- broken connections

def answers_are_lost(world):
    """The service takes a batch, and what it answers does not come through."""
    place = Place(world, "answers-lost", 4000)
    with Service(place) as service:
        points = [(size, what) for size, what in zip((50, 700, 3, 350, 900, 20, 1500, 220), itertools.cycle([RESET, CUT]))]
        with CuttingProxy(service.server.port, points, TO_CLIENT) as proxy:
            result, _ = place.push(proxy.url + "/v1/pipelines/notes/batches", "--batch-rows", "40")
            demand(not proxy.points, f"{len(proxy.points)} answers were not cut off")
        place.demand_result(result)
        place.demand_all(service.stored(), "stored")


def connections_are_kept(world):
    place = Place(world, "kept", 3000)
    with Service(place) as service:
        with CuttingProxy(service.server.port, []) as proxy:
            result, _ = place.push(proxy.url + "/v1/pipelines/notes/batches", "--batch-rows", "50", "--connections", "3")
            demand(len(proxy.ends) <= 2 * 3, f"{len(proxy.ends) // 2} connections for 3")
        demand(result["batches"] >= 51, f"{result['batches']} batches")
        place.demand_all(service.stored(), "stored")


# ---------------------------------------------------------------- what is known of it later

def another_name_of_file_or_sender_goes_on(world):
    """By a symbolic link, an absolute path, another user and another token it is the same push; none of these is noted."""
    place = Place(world, "names", 2000)
    with Taker() as taker:
        user, link = taker.url.replace("//", "//ann:open-sesame@"), place.folder / "link.csv"
        link.symlink_to(place.file)
        place.push(user + "/x?a=1&token=hunter2", "--batch-rows", "10", "--limit", "500")
        place.file = pathlib.Path("link.csv")
        first, _ = place.push(taker.url + "/x?a=1&token=another", "--batch-rows", "20", "--limit", "1000")
        demand(first["rows"]["resumed"] > 400 and first["rows"]["sent"] < 600, f"{first}")
        place.file = link
        place.demand_result(place.push(taker.url + "/x?a=1&token=", "--batch-rows", "30")[0])
        place.demand_taken(taker)
        noted = [journal.read_text(encoding="utf-8") for journal in place.journals()]
        demand(len(noted) == 1, f"{len(noted)} journals")
        for secret in ("ann", "open-sesame", "hunter2", "another"):
            demand(secret not in noted[0], f"the journal has {secret}: {noted[0][:300]}")


def a_limit_within_what_had_no_answer(world):
    """Rows 1 to 100 went out together: --limit 50 sends them as they went, and no others."""
    place = Place(world, "limit", 1000)
    with Taker(lambda number, _: "lose" if number < 3 else None) as taker:
        place.push(taker.url + "/x", "--batch-rows", "100", "--connections", "1", "--patience", "0s", status=1)
        result, _ = place.push(taker.url + "/x", "--limit", "50", "--batch-rows", "7")
        demand(len(taker.taken) == 1 and result["status"] == "COMPLETED", f"{list(taker.taken)} {result}")
        place.demand_result(place.push(taker.url + "/x", "--batch-rows", "33")[0])
        place.demand_taken(taker)


def age(place, days):
    """As if every batch in the journal had been sent so many days before."""
    journal, = place.journals()
    lines = []
    for line in journal.read_text(encoding="utf-8").splitlines():
        said = line.rsplit(" #", 1)[0]
        if said.startswith("send "):
            words = said.split(" ")
            then = datetime.datetime.fromisoformat(words[4].replace("Z", "+00:00")) - datetime.timedelta(days=days)
            words[4] = then.strftime("%Y-%m-%dT%H:%M:%S.") + f"{then.microsecond // 1000:03}Z"
            said = " ".join(words)
        lines.append(f"{said} #{hashlib.sha256(said.encode()).hexdigest()[:8]}\n")
    journal.write_text("".join(lines), encoding="utf-8")


def what_was_sent_long_ago_is_asked_about(world):
    """The third batch has no answer; whether it is there only its sender can find out, once its key may be forgotten."""
    for number, (what, days, option) in enumerate((("lose", 28, None), ("lose", 30, "send"), ("lose", 30, "taken"), ("cut", 30, "send"))):
        place, broken = Place(world, f"long-ago-{number}", 1000), threading.Event()
        broken.set()
        with Taker(lambda count, _, what=what, broken=broken: what if broken.is_set() and count >= 3 else None) as taker:
            place.push(taker.url + "/x", "--batch-rows", "100", "--connections", "1", "--patience", "0s", status=1)
            broken.clear()
            age(place, days)
            seen = len(taker.seen)
            if option:
                _, err = place.push(taker.url + "/x", status=2)
                demand("and no answer came" in err and "--unanswered taken" in err and "--restart" in err, err)
                demand(len(taker.seen) == seen, "something was sent all the same")
            result, _ = place.push(taker.url + "/x", *(("--unanswered", option) if option else ()))
            place.demand_result(result)
            place.demand_taken(taker)
            again = {key for _, key in taker.seen[:seen]} & {key for _, key in taker.seen[seen:]}
            demand(len(again) == (option != "taken"), f"sent again: {again}")


def what_was_removed_since_was_taken(world):
    """The service took batches whose answers were lost, and their jobs were removed with their rows."""
    place = Place(world, "removed", 1000)
    with Service(place) as service:
        with CuttingProxy(service.server.port, [(1, RESET)] * 20, TO_CLIENT) as proxy:
            place.push(proxy.url + "/v1/pipelines/notes/batches", "--batch-rows", "100", "--patience", "0s", status=1)
            with proxy.lock:
                proxy.points = []
            taken = service.stored()
            demand(taken, "nothing was taken")
            for job in service.server.json("GET", "/v1/jobs?limit=500")["items"]:
                status, _, body = service.server.request("DELETE", f"/v1/jobs/{job['id']}?rows=true")
                demand(status == 204, f"{status} {body}")
            result, _ = place.push(proxy.url + "/v1/pipelines/notes/batches")
        place.demand_result(result)
        left = service.stored()
        place.demand_all(left + taken, "stored, or removed")


def what_states_would_refuse_is_skipped(world):
    """By the service's own rules, each row alone: the others are counted."""
    place = Place(world, "states", 0)
    place.columns = ("--map", "name=state", "--map", "population=people")
    bad = [("x" * 1001, "1"), ("..", "1"), ('"a\tb"', "1"), ("Maine", "9007199254740992"), ("Maine", "-1"), ("Maine", "1.5")]
    good = [("Texas", "1"), ("x" * 1000, "2"), ("Maine", "9007199254740991"), ("Texas", "3"), ("new\u00a0york", "0")]
    rows = [row for pair in itertools.zip_longest(good, bad) for row in pair if row]
    place.file.write_text("state,people\n" + "".join(f"{name},{people}\n" for name, people in rows), encoding="utf-8")
    with Service(place) as service:
        url = f"http://127.0.0.1:{service.server.port}/states/batch"
        result, _ = place.push(url, "--rejects", "skipped.ndjson", "--batch-rows", "2")
        demand(result["rows"] == {"read": 11, "sent": 5, "skipped": 6, "resumed": 0}, f"{result}")
        service.stored()
        states = {state["name"]: state["population"] for state in service.server.json("GET", "/states")["items"]}
        demand(states == {"Texas": 4, "x" * 1000: 2, "Maine": 9007199254740991, "new\u00a0york": 0}, f"{states}")
    report = [json.loads(line) for line in (place.folder / "skipped.ndjson").read_text(encoding="utf-8").splitlines()]
    demand([row["rowNumber"] for row in report] == [2, 4, 6, 8, 10, 11], f"{report}")
    demand([row["row"] for row in report] == [{"state": name.strip('"'), "people": people} for name, people in bad], f"{report}")
    for row, field, words in zip(report, ["name"] * 3 + ["population"] * 3,
                                 ["longer than 1000 bytes", "is '..'", "control character", "9007199254740991", "0", "whole"]):
        error, = row["errors"]
        demand(error["field"] == field and words in error["message"], f"{error}, and not {words}")


# ---------------------------------------------------------------- answers

def busy_servers_are_waited_for(world):
    """429 and 503 with Retry-After, as seconds and as a date; 500, 502, 408 and cut connections."""
    place = Place(world, "busy", 300)
    met = {}

    def meet(_, batch):
        tries = met[batch["key"]] = met.get(batch["key"], 0) + 1
        if tries > 7:
            return None
        date = email.utils.formatdate(time.time() + 3, usegmt=True)
        return [(429, {"Retry-After": "1"}, {"detail": "The queue is full."}), (503, {"Retry-After": date}, {}), "cut", (500, {}, {}),
                "lose", (502, {}, {}), (408, {}, {})][tries - 1]

    with Taker(meet) as taker:
        result, err = place.push(taker.url + "/x", "--batch-rows", "150")
        # A connection that was kept and is cut before any answer is not counted: the library tries once more by itself.
        demand(result["batches"] == 2 and 10 <= result["retries"] <= 14, f"{result}")
        demand("it answers 429: The queue is full." in err, f"people were told {err!r}")
        for key in taker.taken:
            times = taker.times_of(key)
            demand(len(times) == 8, f"{len(times)} requests for {key}")
            demand(times[1] - times[0] >= 1, f"Retry-After: 1 was given {times[1] - times[0]:.3f} s")
            demand(times[2] - times[1] >= 1.9, f"a date in 3 s was given {times[2] - times[1]:.3f} s")   # dates are whole seconds
        place.demand_result(result)
        place.demand_taken(taker)


def patience_ends(world):
    place = Place(world, "patience", 1000)
    open_for = threading.Event()

    def meet(number, _):
        return None if number <= 2 or open_for.is_set() else (503, {}, {"detail": "Closed."})

    with Taker(meet) as taker:
        result, err = place.push(taker.url + "/x", "--batch-rows", "100", "--patience", "2s", status=1)
        demand(result["status"] == "FAILED" and result["rows"]["sent"] == sum(len(rows) for rows in taker.taken.values()), f"{result}")
        demand("took nothing for 2 s (--patience): it answers 503: Closed." in err, err)
        open_for.set()
        result, _ = place.push(taker.url + "/x", "--batch-rows", "77")
        place.demand_result(result)
        place.demand_taken(taker)


def what_is_refused_goes_on_in_other_batches(world):
    """413 until batches are smaller; what was refused for certain is free to be cut otherwise."""
    place = Place(world, "refused", 2000)

    def meet(_, batch):
        return (413, {}, {"detail": "Too large."}) if len(batch["rows"]) > 30 else None

    with Taker(meet) as taker:
        _, err = place.push(taker.url + "/x", "--batch-rows", "20", "--limit", "500")
        result, err = place.push(taker.url + "/x", "--batch-rows", "100", status=1)
        demand(re.search(r"refused rows \d+ to \d+ \(413\): Too large. Make batches smaller: .*--batch-rows", err), err)
        demand(result["rows"]["sent"] == 0 and result["rows"]["resumed"] > 400, f"{result}")
        result, _ = place.push(taker.url + "/x", "--batch-rows", "25")
        place.demand_result(result)
        place.demand_taken(taker)


def a_refused_row_stops_it(world):
    """400 for one row: what went before is kept, and once the server takes such rows the same command goes on."""
    place = Place(world, "bad-row", 2000)
    bad = place.good[700]["id"]
    strict = threading.Event()
    strict.set()

    def meet(_, batch):
        if strict.is_set() and any(row["id"] == bad for row in batch["rows"]):
            return (400, {"Content-Type": "application/problem+json"}, {"detail": f"{bad} is no id."})
        return None

    with Taker(meet) as taker:
        result, err = place.push(taker.url + "/x", "--batch-rows", "50", status=1)
        demand(f"(400): {bad} is no id." in err and "the same command goes on" in err, err)
        demand(result["status"] == "FAILED" and bad in result["error"], f"{result}")
        strict.clear()
        result, _ = place.push(taker.url + "/x", "--batch-rows", "70")
        demand(result["rows"]["resumed"] >= 600, f"{result}")
        place.demand_result(result)
        place.demand_taken(taker)
        demand(len(taker.seen) == len(taker.taken) + 1, "a batch was sent twice")


# ---------------------------------------------------------------- two at once, Ctrl-C, done

class Held:
    """A meet() that lets nobody through until it is released."""

    def __init__(self):
        self.arrived, self.released = threading.Event(), threading.Event()

    def __call__(self, number, batch):
        self.arrived.set()
        demand(self.released.wait(RUN_SECONDS), "nobody released it")


def two_at_once(world):
    place, held = Place(world, "two", 1000), Held()
    with Taker(held) as taker:
        first = place.start(taker.url + "/x", "--json")
        demand(held.arrived.wait(RUN_SECONDS), "nothing was sent")
        _, err = place.push(taker.url + "/x", status=1)
        demand("is being pushed there already, by another process" in err, err)
        held.released.set()
        place.demand_result(place.end(first)[0])
        place.demand_taken(taker)


def ctrl_c_waits_for_answers(world):
    place, held = Place(world, "ctrl-c", 5000), Held()
    with Taker(held) as taker:
        process = place.start(taker.url + "/x", "--json", "--batch-rows", "10")
        demand(held.arrived.wait(RUN_SECONDS), "nothing was sent")
        process.send_signal(signal.SIGINT)
        # It has taken notice when it begins nothing more: the answers that it waits for are all that is left.
        held.released.set()
        result, err = place.end(process, 130)
        demand(result["status"] == "STOPPED" and "the same command goes on from there" in err, f"{result} {err}")
        demand(result["rows"]["sent"] == len(taker.rows()), f"{result['rows']} and {len(taker.rows())} rows are taken")
        seen = len(taker.seen)
        demand(seen < 400, "it did not stop")
        result, _ = place.push(taker.url + "/x")
        place.demand_result(result)
        place.demand_taken(taker)
        demand(len(taker.seen) == len(taker.taken), "what was answered was sent again")


def what_is_done_is_done(world):
    place = Place(world, "done", 3000)
    with Taker() as taker:
        place.demand_result(place.push(taker.url + "/x")[0])
        seen = len(taker.seen)
        result, _ = place.push(taker.url + "/x", "--batch-rows", "7")
        place.demand_result(result)
        demand(result["rows"]["sent"] == 0 and len(taker.seen) == seen, f"{result}")
        place.push(taker.url + "/x", "--strict", status=3)
        again, _ = place.push(taker.url + "/x", "--restart")
        demand(again["pushId"] != result["pushId"] and len(taker.rows()) == 2 * len(place.good), f"{again}")


def a_file_that_is_written_to_is_not_gone_on_with(world):
    """Written to in place while a batch is on its way, and then put back as it was."""
    place, held = Place(world, "written-to", 20_000), Held()
    with Taker(held) as taker:
        process = place.start(taker.url + "/x", "--json", "--batch-rows", "10")
        demand(held.arrived.wait(RUN_SECONDS), "nothing was sent")
        content = place.file.read_bytes()
        with place.file.open("r+b") as file:
            file.write(content.replace(b",n", b",m"))
        held.released.set()
        result, err = place.end(process, 1)
        demand("was written to while it was pushed" in err and "the same command" not in err, err)
        demand(result["rows"]["sent"] < 500, f"it noticed late: {result}")
        demand(all(row in place.good for row in taker.rows()), "rows of the other version were sent")
        place.file.write_bytes(content)
        _, err = place.push(taker.url + "/x", status=2)
        demand("may be of two versions" in err and "--restart" in err, err)
        taker.taken.clear()
        place.demand_result(place.push(taker.url + "/x", "--restart")[0])
        place.demand_taken(taker)


def memory_does_not_grow(world):
    """A file of 60 MB, and a server that takes its time."""
    place = Place(world, "memory", 1000)
    with Taker() as taker:
        # What a process inherits counts as its own peak; what a shell starts inherits little.
        shell = ("sh", "-c", '"$@"; exit $?', "sh")
        small, _ = place.push(taker.url + "/x", "--batch-rows", "5000", through=shell)
        row = "r1,x," + "n" * 200 + "\n"
        place.file.write_text("id,name,note\n" + row * 300_000, encoding="utf-8")
        taker.taken.clear()
        large, _ = place.push(taker.url + "/x", "--batch-rows", "5000", "--restart", through=shell)
        demand(large["rows"]["sent"] == 300_000, f"{large}")
        demand(large["peakRssBytes"] < 80 << 20, f"{large['peakRssBytes'] >> 20} MiB, and {small['peakRssBytes'] >> 20} of a small file")


def a_slow_server_does_not_fill_the_memory(world):
    """Large batches on many connections to a server that is full for a while: what waits stays below --memory."""
    place = Place(world, "slow", 0)
    place.file.write_text("id,name,note\n" + ("r1,x," + "n" * 1000 + "\n") * 200_000, encoding="utf-8")
    tries = collections.Counter()

    def meet(_, batch):
        tries[batch["key"]] += 1
        return (503, {"Retry-After": "2"}, {"detail": "Full."}) if tries[batch["key"]] == 1 else None

    with Taker(meet) as taker:
        shell = ("sh", "-c", '"$@"; exit $?', "sh")
        result, _ = place.push(taker.url + "/x", "--memory", "96MiB", "--connections", "16", "--batch-bytes", "8MiB", "--batch-rows", "10000",
                               through=shell)
        demand(result["rows"]["sent"] == 200_000, f"{result}")
        demand(result["peakRssBytes"] < 96 << 20, f"{result['peakRssBytes'] >> 20} MiB")
    _, err = place.push("http://127.0.0.1:9/x", "--memory", "48MiB", "--batch-bytes", "64MiB", status=2)
    demand("do not fit into --memory" in err, err)


CHECKS = [killed_at_any_request, killed_at_any_time, killed_in_front_of_the_service, the_service_is_killed, answers_are_lost,
          connections_are_kept, busy_servers_are_waited_for, patience_ends, what_is_refused_goes_on_in_other_batches,
          a_refused_row_stops_it, two_at_once, ctrl_c_waits_for_answers, what_is_done_is_done,
          a_file_that_is_written_to_is_not_gone_on_with, another_name_of_file_or_sender_goes_on, a_limit_within_what_had_no_answer,
          what_was_sent_long_ago_is_asked_about, what_was_removed_since_was_taken, what_states_would_refuse_is_skipped,
          memory_does_not_grow, a_slow_server_does_not_fill_the_memory]


class World:
    def __init__(self, binary, folder):
        self.binary, self.folder = pathlib.Path(binary), folder

    def end(self):
        """Each check ends its own servers."""


if __name__ == "__main__":
    sys.exit(run_checks(__doc__, CHECKS, World, "push"))
