#!/usr/bin/env python3
"""The web page in Chromium, against `sluice serve`: what people do with it, how it looks at every width and in both
schemes, whether everybody can use it. The browser is driven by tests/web/*.mjs; here is checked what the server has then.

web.py [--bin build/sluice] [--only PART_OF_A_NAME] [--jobs N] [--keep] (SLUICE_PICTURES=FOLDER keeps the screenshots there)
Prints what failed, then `N passed, N failed`.
"""
import csv
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import zipfile

import client_browser
import client_world
import workbooks
from checks import run_checks
from cutting_proxy import CuttingProxy
from stored import demand

ROOT = client_world.ROOT
client_world.RUN_SECONDS = 240   # a browser takes its time where other tests run beside it
SCRIPTS = ROOT / "tests" / "web"
HOSPITALS = ROOT / "examples" / "data" / "hospitals.csv"
UPDATE = ROOT / "examples" / "data" / "hospitals-update.csv"
AGGREGATES = """aggregates:
  - {name: hospitals_by_state, by: [state], measures: {hospitals: count, stars: sum(rating)}}
"""
# Given up at its first row where none may be rejected and a row is a transaction: the others are left to be tried.
STRICT_FILE = b"id,name,note\n,Ann,\n" + b"".join(b"%d,Bob,\n" % number for number in range(20))
MIB = 1 << 20
PEOPLE = """# Who buys in our shops, as the till exports it.
name: people
transform:
  - rename: {E-mail: email}
  - lowercase: [email]
  - map: {state: {Texas: TX, Vermont: VT}}
schema:
  fields:
    - {name: id, type: integer, constraints: {required: true}}
    - {name: email, type: string, format: email}
    - {name: state, type: string, constraints: {enum: [TX, VT]}}   # two letters
    - {name: joined, type: date, format: any}
identity: [id]
aggregates:
  - {name: people_by_state, by: [state], measures: {people: count}}
"""
# Widths from a small telephone to 4K, in both schemes.
VIEWS = [{"width": width, "height": height, "scheme": scheme}
         for width, height in ((360, 740), (1280, 800), (3840, 2160)) for scheme in ("light", "dark")]


class World(client_world.World):
    """The packages are the page's own: tools/build_web.py has put them into the cache."""

    def node_modules(self):
        with self.lock:
            if self.modules is None:
                found = subprocess.run([ROOT / "tools" / "build_web.py", "--modules"], check=True, capture_output=True, text=True)
                self.modules = pathlib.Path(found.stdout.strip().splitlines()[-1])
        return self.modules

    def place(self, name, **more):
        return Place(self, name, **more)


class Place(client_world.Place):
    def script(self, name):
        link = self.folder / "node_modules"
        if not link.is_symlink():
            link.symlink_to(self.world.node_modules())
        for script in SCRIPTS.glob("*.mjs"):
            shutil.copy(script, self.folder / script.name)
        return self.folder / name

    def hospitals(self, more=""):
        text = (ROOT / "examples" / "hospitals.yaml").read_text(encoding="utf-8")
        (self.folder / "pipelines" / "hospitals.yaml").write_text(text + more, encoding="utf-8")

    def asked(self, **more):
        pictures = pathlib.Path(os.environ.get("SLUICE_PICTURES", self.folder / "pictures")).resolve()
        pictures.mkdir(parents=True, exist_ok=True)
        return {"chromium": client_browser.installed(), "url": self.server.url, "pictures": str(pictures), **more}

    def drive(self, script, **more):
        return self.node(script, self.asked(**more))


def logic_holds(world):
    """Vitest: what the page works out without a server (web/src/**/*.test.ts)."""
    world.node_modules()
    ended = subprocess.run(["npm", "test"], cwd=ROOT / "web", capture_output=True, text=True, check=False)
    demand(ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-1000:])


def first_way(world):
    """Somebody who has never seen it: the example, corrected in place, with nothing known and nothing read."""
    with world.place("first") as place:
        seen = place.drive("first.mjs")
        demand(seen["rejected"] == "2", f"{seen['rejected']} rows of the example are rejected")
        demand("2 rows are stored now" in seen["result"], f"what came of the corrections: {seen['result']}")
        stored = {row["data"]["id"]: row["data"] for row in place.items("/v1/pipelines/example-customers/rows")}
        demand(sorted(stored) == [1, 2, 3, 4, 5], f"stored are {sorted(stored)}")
        demand((stored[3]["email"], stored[4]["zip"], stored[4]["joined"]) == ("cid@example.com", "02118", "2024-02-29"),
               f"corrected to {stored[3]} and {stored[4]}")


def hospitals_way(world):
    """The register of hospitals, then an update with faults in it, of which two are corrected in the browser."""
    with world.place("hospitals") as place:
        place.hospitals()
        seen = place.drive("hospitals.mjs", register=str(HOSPITALS), update=str(UPDATE))
        demand(seen["proposed"] == ["hospitals", "hospitals"], f"the pipelines that are proposed: {seen['proposed']}")
        demand(seen["register"] == {"read": 4807, "inserted": 4807, "updated": 0, "duplicate": 0, "rejected": 0}, f"register: {seen['register']}")
        demand(seen["update"] == {"read": 6, "inserted": 0, "updated": 2, "duplicate": 0, "rejected": 4}, f"update: {seen['update']}")
        demand(seen["faulty"] == {"3": ["ZIP Code"], "4": ["State"], "5": [], "7": ["Phone Number", "Hospital overall rating"]},
               f"cells that are marked: {seen['faulty']}")
        demand("2 rows are stored now" in seen["result"], f"what came of the corrections: {seen['result']}")
        demand(seen["left"] == ["5", "7"], f"lines that are left: {seen['left']}")
        demand(seen["report"].splitlines()[0].lstrip("\ufeff").startswith("Provider ID,"), f"the report: {seen['report'][:200]}")
        stored = {row["data"]["provider_id"]: row["data"] for name in ("220031", "050454")
                  for row in place.items(f"/v1/pipelines/hospitals/rows?where%5Bprovider_id%5D={name}")}
        demand((stored["220031"]["zip"], stored["050454"]["state"]) == ("02118", "CA"), f"stored: {stored}")
        demand(stored["220031"]["rating"] == 4, f"the update of 220031 is not stored: {stored['220031']}")


def shows_what_happens(world):
    """A job is seen to go on without the page being loaded anew, through a restart of the server."""
    with world.place("live", batch_rows=1) as place:
        place.pipeline("people")
        file = client_world.make_file(10_000)   # each row a transaction of its own: seconds, however fast the disk
        path = place.write("people.csv", file.data)
        page = place.start_node("live.mjs", place.asked(file=str(path)))
        stopper = threading.Timer(client_world.RUN_SECONDS, page.kill)
        stopper.start()
        try:
            first = page.stdout.readline()
            demand("going on" in first, f"the page shows nothing live: {first}")
            place.server.kill()
            demand("broken" in page.stdout.readline(), "the page does not say that the connection is broken")
            place.server.start()
            out, err = page.communicate()
        finally:
            stopper.cancel()
            page.kill()
        demand(out.strip(), f"the page ended with status {page.returncode}: {err[-2000:]}")
        seen = json.loads(out.strip().splitlines()[-1])
        demand(seen["counts"] == {"read": 10_000, "inserted": 9800, "updated": 0, "duplicate": 0, "rejected": 200}, f"at the end: {seen}")
        demand(seen["loads"] == 1, f"the page was loaded {seen['loads']} times")


def upload_goes_on_with_a_killed_server(world):
    with world.place("killed") as place:
        file = client_world.make_file(30_000, 490, 5)
        path = place.write("people.csv", file.data)
        place.pipeline("people")

        def kill_and_start():
            place.server.kill()
            place.server.start()

        with CuttingProxy(place.server.port, [(2 * MIB, kill_and_start), (4 * MIB, "reset")]) as proxy:
            seen = place.drive("send.mjs", url=proxy.url, file=str(path))
            demand(not proxy.points, "the server was not killed")
        place.check_loaded(seen["job"], file, "people")
        demand(len(place.items("/v1/jobs")) == 1, "the file became more than one job")


def upload_goes_on_after_a_reload(world):
    with world.place("reload") as place:
        file = client_world.make_file(30_000, 490, 6)
        path = place.write("people.csv", file.data)
        place.pipeline("people")
        reloaded = threading.Event()
        with CuttingProxy(place.server.port, [(5 * MIB, lambda: reloaded.wait(client_world.RUN_SECONDS))]) as proxy:
            page = place.start_node("reload.mjs", place.asked(url=proxy.url, file=str(path)))
            stopper = threading.Timer(client_world.RUN_SECONDS, page.kill)
            stopper.start()
            try:
                said = page.stdout.readline()
                reloaded.set()
                out, err = page.communicate()
            finally:
                stopper.cancel()
                page.kill()
            demand("reloaded" in said and out.strip(), f"the page ended with status {page.returncode}: {err[-2000:]}")
            seen = json.loads(out.strip().splitlines()[-1])
            demand("people.csv" in seen["offered"], f"after the reload the page says {seen['offered']!r}")
            demand(seen["wentOn"], "it began anew")
        place.check_loaded(seen["job"], file, "people")
        demand(len(place.items("/v1/jobs")) == 1, "the file became more than one job")


def what_is_not_taken_is_said_before_it_is_sent(world):
    with world.place("refused", options=["--set", "limits.upload_bytes=20KB"]) as place:
        large, picture = place.write("large.csv", b"id\n" + b"1\n" * 15_000), place.write("terms.csv", b"%PDF-1.7\n1 0 obj\n")
        seen = place.drive("refused.mjs", large=str(large), picture=str(picture))
        demand("at most 20 kB" in seen[0]["text"], f"of a large file: {seen[0]['text']}")
        demand([(one["button"], one["isEnabled"]) for one in seen] == [("Send this file", False), ("Send it all the same", True)], f"they may be sent: {seen}")


def an_archive_is_the_files_in_it(world):
    with world.place("archive") as place:
        place.hospitals()
        seen = place.drive("archive.mjs", file=str(place.write("delivery.zip", delivery())))
        demand("Each file in it" in seen["said"], f"before it is sent: {seen['said']}")
        demand(seen["sums"]["read"] == 4813, f"of all files: {seen['sums']}")
        demand("'terms.pdf' is a PDF document" in seen["cause"], f"why it failed: {seen['cause']}")
        demand(not seen["complaints"], f"the browser complains: {seen['complaints']}")


def keys_decide_what_is_shown(world):
    with world.place("keys") as place:
        place.hospitals()
        keys = {role: place.key(role) for role in ("admin", "operator", "uploader", "viewer")}
        status, _, answer = place.server.request("POST", "/v1/pipelines/hospitals/jobs", UPDATE.read_bytes(),
                                                 {"Content-Type": "text/csv"}, keys["uploader"])
        demand(status == 202, f"{status}")
        job = json.loads(answer)["jobId"]
        place.server.wait_for(job, keys["viewer"])
        seen = place.drive("keys.mjs", keys=keys, job=job)
        demand(seen["wrong"].startswith("The server does not know this key"), f"a wrong key: {seen['wrong']}")
        demand(seen["asked"].endswith(f"/sign-in?next=%2Fjobs%2F{job}"), f"without a key one is led to {seen['asked']}")
        demand(seen["back"].endswith(f"/jobs/{job}"), f"after signing in one is at {seen['back']}")
        may = {"viewer": [], "uploader": ["send", "correct", "data"], "operator": ["send", "correct", "delete", "data", "pause", "schedules"],
               "admin": ["send", "correct", "delete", "delete rows", "data", "pause", "schedules"]}
        demand(seen["may"] == may, f"offered is {seen['may']}")
        demand(seen["out"].split("?")[0].endswith("/sign-in") and seen["kept"] == 0, f"after signing out: {seen}")


def pipeline_way(world):
    """Inferred from a file, changed in the form and in the text, tried before it is kept, kept, and removed."""
    with world.place("pipelines") as place:
        place.hospitals()
        rows = "id,name,joined\n1,Ann Lee,25/02/2024\n2,Bob Ray,31/04/2024\n3,Cid Orr,28/03/2024\n"
        seen = place.drive("pipelines.mjs", file=str(place.write("shop list.csv", rows.encode())))
        demand("file" in seen["file"] and "columns" in seen["file"], f"a pipeline of the server's folder: {seen['file']}")
        demand("name: shop-list" in seen["inferred"], f"inferred: {seen['inferred']}")
        demand("name: customers" in seen["changed"] and "format: any" in seen["changed"], f"changed in the form: {seen['changed']}")
        demand("1 row of the first 3" in seen["tried"] and "31/04/2024" in seen["tried"], f"tried, it says {seen['tried']}")
        demand("type: dat" in seen["lineText"].replace("type: date", "type: dat") and "dat" in seen["said"] and f"Line {seen['line']}" in seen["said"],
               f"line {seen['line']} is marked: {seen['said']}")
        demand("dat" in seen["atField"] and not seen["mayCreate"], f"at the field: {seen['atField']}, may create: {seen['mayCreate']}")
        demand("# Who buys.\nname: customers   # as the shop says\n" in seen["created"] and "identity: [id]" in seen["created"], f"created: {seen['created']}")
        demand(seen["at"].endswith("/pipelines/customers"), f"after that one is at {seen['at']}")
        demand("rows known by id" in seen["listed"] and "none yet" in seen["listed"], f"in the list: {seen['listed']}")
        kept = place.server.json("GET", "/v1/pipelines/customers")
        demand(kept["text"] == seen["kept"] and kept["definition"]["identity"] == "position" and kept["text"].endswith("# theirs\n"),
               f"kept is {kept['text']}")
        demand(seen["isReadOnly"] and seen["left"] == 2, f"a file is to be read only: {seen['isReadOnly']}; left are {seen['left']}")
        demand(not seen["complaints"], f"the browser complains: {seen['complaints']}")


def keys_are_made_and_revoked(world):
    """An admin makes keys, the secret shown once; who may not sees nothing of it; and the log has it all."""
    with world.place("admin") as place:
        place.hospitals()
        for number in range(60):   # so that the log has a second page
            place.server.request("PUT", f"/v1/pipelines/p{number % 3}", f"name: p{number % 3}\nidentity: content\n".encode(), {"Content-Type": "application/yaml"})
        seen = place.drive("admin.mjs")
        for secret in (seen["first"], seen["second"]):
            demand(secret.startswith("slc_"), f"a secret that was copied: {secret}")
        demand("viewer" in seen["shown"] and "all pipelines" in seen["shown"] and "never" in seen["shown"], f"in the list: {seen['shown']}")
        demand(not seen["secretLeft"], "the secret is still in the page")
        offered = [text.strip() for text in seen["offered"]]
        demand("Jobs" in offered and not {"Keys", "Audit log"} & set(offered), f"a viewer is offered {offered}")
        demand(seen["mayMakePipelines"] == 0, "a viewer is offered a new pipeline")
        demand("Revoked" in seen["revoked"], f"after it was revoked: {seen['revoked']}")
        demand(seen["log"][:3] == ["key.revoke", "key.create", "key.create"] and set(seen["log"][3:]) == {"pipeline.put"}, f"the log: {seen['log']}")
        demand("my own" in seen["newest"] and "name: night export" in seen["newest"], f"its newest entry: {seen['newest']}")
        demand(seen["filtered"] == ["key.create"] * 2, f"filtered: {seen['filtered']}")
        demand((seen["byNobody"], seen["older"]) == (50, 13), f"by nobody {seen['byNobody']}, on the second page {seen['older']}")
        demand(not seen["complaints"], f"the browser complains: {seen['complaints']}")
        keys = {key["name"]: key["revokedAt"] is not None for key in place.server.json("GET", "/v1/keys", key=seen["first"])["items"]}
        demand(keys == {"my own": False, "night export": True}, f"keys: {keys}")


def a_workbook_comes_and_goes_back(world):
    """A workbook is looked at before it is sent; its rejected rows go out and come back corrected as workbooks."""
    with world.place("workbook") as place:
        place.server.request("PUT", "/v1/pipelines/people", PEOPLE.encode(), {"Content-Type": "application/yaml"})

        def book(name, rows):
            made = workbooks.Workbook(place.folder / name)
            for row in rows:
                made.add(row)
            made.close()
            return place.folder / name

        file = book("people.xlsx", [["id", "E-mail", "state", "joined"], [1, "ann@example.com", "Texas", "2024-02-25"],
                                    [2, "bob@example.com", "Ohio", "2024-02-26"]])
        job = place.server.json("POST", "/v1/pipelines/people/jobs?fileName=people.xlsx", file.read_bytes(), {"Content-Type": "application/octet-stream"})["jobId"]
        place.server.wait_for(job)
        _, _, report = place.server.request("GET", f"/v1/jobs/{job}/errors.csv")
        rows = list(csv.reader(io.StringIO(report.decode("utf-8-sig"))))
        rows[1][rows[0].index("state")] = "Vermont"
        seen = place.drive("workbook.mjs", file=str(file), job=job, corrected=str(book("corrected.xlsx", rows)))
        demand("ann@example.com" in seen["seen"] and "1 row of the first 2" in seen["seen"], f"before it is sent: {seen['seen']}")
        demand(seen["name"].endswith(".xlsx") and ".xlsx" in seen["accepts"].split(","), f"downloaded {seen['name']}, taken {seen['accepts']}")
        demand("1 row is stored now" in seen["result"], f"what came of it: {seen['result']}")
        demand(not seen["complaints"], f"the browser complains: {seen['complaints']}")
        stored = {row["data"]["id"]: row["data"]["state"] for row in place.items("/v1/pipelines/people/rows")}
        demand(stored == {1: "TX", 2: "VT"}, f"stored: {stored}")


def a_job_is_steered_and_found(world):
    with world.place("steer", batch_rows=1) as place:
        place.pipeline("people")
        rejects = "id,name,note\n" + "".join(f",Nobody {number},\n" for number in range(1, 6001))
        bad = place.server.json("POST", "/v1/pipelines/people/jobs?fileName=Bad%20List.csv", rejects.encode(), {"Content-Type": "text/csv"})["jobId"]
        place.server.wait_for(bad)
        file = client_world.make_file(4000)   # each row a transaction of its own: seconds, however fast the disk
        seen = place.drive("steer.mjs", file=str(place.write("people.csv", file.data)), rejects=bad)
        half, whole = seen["whenCancelled"], seen["whenEnded"]
        demand(half["status"] == "CANCELLED" and 0 < half["rows"]["read"] < 4000, f"cancelled: {half}")
        demand(whole["status"] == "COMPLETED" and whole["rows"] == {"read": 4000, "inserted": 3920, "updated": 0, "duplicate": 0, "rejected": 80},
               f"let go on: {whole}")
        demand("Cancelled" in seen["timeline"].split("Completed")[0], f"what happened: {seen['timeline']}")
        # The list may be looked at anew when the page's connection is there.
        further = [query for query in seen["requests"] if "from=" in query or "cursor=" in query]
        demand(seen["firstRow"] == "5000" and len(further) == 1 and "from=5000" in further[0], f"into the middle: {seen}")
        demand(seen["all"] == 1, f"at the last row there are {seen['all']}")
        demand("6,000" in seen["groups"], f"reasons: {seen['groups']}")
        demand(seen["listed"] == [seen["job"]], f"found by its name: {seen['listed']}")
        demand([job["id"] for job in place.items("/v1/jobs")] == [bad], "the job is still there")
        demand(not place.items("/v1/pipelines/people/rows"), "its rows are still there")
        demand(not seen["complaints"], f"the browser complains: {seen['complaints']}")


def register():
    """The rows of the register: (line, cells by the pipeline's names), read without the program."""
    reader = csv.reader(io.StringIO(HOSPITALS.read_bytes().decode("cp1252"), newline=""))
    head = [{"Provider ID": "provider_id", "Hospital Name": "name", "City": "city", "State": "state", "Hospital overall rating": "rating"}.get(name, name)
            for name in next(reader)]
    return [(reader.line_num, dict(zip(head, cells))) for cells in reader]


def send(place, name, data, pipeline="hospitals", kind="text/csv"):
    job = place.server.json("POST", f"/v1/pipelines/{pipeline}/jobs?fileName={name}", data, {"Content-Type": kind})["jobId"]
    return place.server.wait_for(job)


def rows_are_browsed(world):
    """All rows by scrolling, some by a filter, in files, and one of them back to its line."""
    rows = register()
    alaska = {cells["provider_id"]: (line, cells) for line, cells in rows if cells["state"] == "AK"}
    one = next(name for name, (_, cells) in alaska.items() if cells["city"] == "ANCHORAGE")
    anchorage = sum(cells["city"] == "ANCHORAGE" for _, cells in alaska.values())
    with world.place("rows") as place:
        place.hospitals()
        job = send(place, "hospitals.csv", HOSPITALS.read_bytes())
        seen = place.drive("rows.mjs", all=f"{len(rows):,} rows", rows=len(rows), one=one,
                           same=f"{anchorage} row{'s fit' if anchorage > 1 else ' fits'} the filter")
        demand(seen["columns"][:4] == ["Row", "provider_id", "name", "address"], f"columns: {seen['columns']}")
        demand(seen["most"] < 150, f"{seen['most']} rows are in the document at once")
        demand(set(seen["last"]) <= {cells["provider_id"] for _, cells in rows} and seen["last"], f"at the end: {seen['last']}")
        demand(seen["filtered"] == f"{len(alaska)} rows fit the filter", f"filtered: {seen['filtered']}")
        in_csv = [row["provider_id"] for row in csv.DictReader(io.StringIO(seen["csv"].lstrip("\ufeff")))]
        stored = [json.loads(line) for line in seen["ndjson"].splitlines()]
        demand(sorted(in_csv) == sorted(row["provider_id"] for row in stored) == sorted(alaska), f"exported: {len(in_csv)} and {len(stored)} rows")
        data = next(row for row in stored if row["provider_id"] == one)
        canonical = json.dumps({name: value for name, value in data.items() if value is not None}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        wanted = {"name": data["name"], "hash": hashlib.sha256(canonical.encode()).hexdigest(), "line": f"{alaska[one][0]:,}"}
        demand({**seen["shown"], "name": seen["shown"]["name"].strip()} == wanted, f"the row shows {seen['shown']}, not {wanted}")
        demand(seen["job"].endswith("/jobs/" + job["id"]), f"it leads to {seen['job']}")


def aggregates_follow(world):
    rows = register()
    by_state = {}
    for _, cells in rows:
        by_state.setdefault(cells["state"].upper(), []).append(cells["rating"])
    counts = {state: len(ratings) for state, ratings in by_state.items()}
    sums = {state: sum(int(rating) for rating in ratings if rating.isdigit()) for state, ratings in by_state.items()}
    with world.place("aggregates") as place:
        place.hospitals(AGGREGATES)
        head, first = HOSPITALS.read_bytes().splitlines(keepends=True)[:2]
        another = place.write("another.csv", head + first.replace(b'"010001"', b'"999999"').replace(b'"AL"', b'"ZZ"'))
        seen = place.drive("aggregates.mjs", register=str(HOSPITALS), another=str(another), texas=str(counts["TX"]))
        demand(len(seen["bars"]) == 20 and all(counts[name] == int(text) for name, text in seen["bars"]), f"bars: {seen['bars']}")
        demand([text for _, text in seen["bars"]] == [str(number) for number in sorted(counts.values(), reverse=True)[:20]], f"bars: {seen['bars']}")
        demand(seen["aria"] == "descending" and [counts[name] for name in seen["sorted"]] == sorted(counts.values(), reverse=True), f"sorted: {seen['sorted']}")
        exported = {group["state"]: (group["hospitals"], group["stars"]) for group in map(json.loads, seen["ndjson"].splitlines())}
        demand(exported == {state: (counts[state], sums[state]) for state in counts}, f"exported: {exported}")
        demand(seen["filtered"] == ["AK"], f"filtered: {seen['filtered']}")
        demand(f"{len(rows) + 1:,} stored rows looked at, {len(counts) + 1} groups made of them. All of them were right." == seen["rebuilt"].strip(), seen["rebuilt"])
        demand(seen["loads"] == 1, f"the page was loaded {seen['loads']} times")


def queue_is_steered(world):
    with world.place("queue", batch_rows=1) as place:
        place.pipeline("people")
        place.pipeline("strict", "max_rejects: 0\n")
        path = place.write("people.csv", client_world.make_file(10_000).data)   # seconds, however fast the disk
        failed = send(place, "strict.csv", STRICT_FILE, "strict")
        demand(failed["status"] == "FAILED", f"{failed}")
        seen = place.drive("queue.mjs", file=str(path), failed=failed["id"])
        demand(seen["letters"]["cause"] == failed["error"], f"the cause: {seen['letters']}")
        demand([seen["letters"][which].strip() for which in ("one", "all")] == ["1 job runs again."] * 2, f"replayed: {seen['letters']}")
        clock = {"name": "nightly", "pipeline": "people", "source": "blob:inbox/"}
        made, changed = seen["schedules"]["made"], seen["schedules"]["changed"]
        demand("25" in seen["schedules"]["why"], f"a clock that has no 25 is refused: {seen['schedules']['why']}")
        demand(made == [{**clock, "cron": "0 6 * * 1-5", "zone": "Europe/Berlin", "at": None, "enabled": True}], f"made: {made}")
        demand(changed == [{**clock, "cron": None, "zone": None, "at": "2100-01-01T05:00:00.000Z", "enabled": False}], f"changed: {changed}")
        demand(seen["schedules"]["left"] == [], f"left: {seen['schedules']['left']}")
        steering = seen["steering"]
        demand(steering["idle"] == 1 and steering["file"] == "people.csv" and steering["worker"], f"steering: {steering}")
        place.server.wait_for(steering["job"])
        workers_are_shown_to_whom_they_concern(place, path.read_bytes())


def workers_are_shown_to_whom_they_concern(place, data):
    admin = place.key("admin")
    others = [place.key("viewer", "--pipeline", "strict"), place.key("viewer", "--tenant", "acme")]
    sent = place.server.json("POST", "/v1/pipelines/people/jobs?fileName=again.csv", data.replace(b"r1", b"s1"), {"Content-Type": "text/csv"}, key=admin)
    queue = place.server.json("GET", "/v1/queues", key=admin)["items"][0]["name"]

    def active(key):
        return [(one["jobId"], one["work"]) for one in place.server.json("GET", f"/v1/queues/{queue}/active", key=key)["items"]]

    rows = (sent["jobId"], "rows")   # between planning and rows nobody works on it
    while rows not in active(admin):
        demand(place.server.job(sent["jobId"], admin)["status"] != "COMPLETED", "the job was never seen in work")
    hidden = [active(key) for key in others]
    demand(rows in active(admin), "the job ended too soon for this test")
    demand(hidden == [[], []], f"others see {hidden}")


def dashboard_follows(world):
    with world.place("dashboard") as place:
        place.hospitals()
        place.pipeline("other")
        seen = place.drive("dashboard.mjs", file=str(UPDATE))
        numbers = {name: seen["after"][name] for name in ("read", "rejected", "completed", "failed", "waiting")}
        demand(numbers == {"read": "6", "rejected": "4", "completed": "1", "failed": "0", "waiting": "0"}, f"the dashboard shows {seen['after']}")
        demand(seen["before"]["read"] == "0" and seen["before"]["wait"] == "–" and seen["after"]["wait"] != "–", f"before {seen['before']}, after {seen['after']}")


def looks_good_everywhere(world):
    """Every page, as narrow and as wide as there are, light and dark: nothing cut off or over the edge, no complaint of the
    browser, nothing serious that axe finds, nothing asked of anybody else."""
    with world.place("looks") as place:
        place.hospitals(AGGREGATES)
        place.pipeline("strict", "max_rejects: 0\n")
        send(place, "strict.csv", STRICT_FILE, "strict")
        place.server.json("POST", "/v1/schedules", {"name": "nightly", "pipeline": "hospitals", "cron": "0 2 * * *", "zone": "Europe/Berlin", "source": "blob:inbox/"})
        for name, path in (("hospitals.csv", HOSPITALS), ("hospitals-update.csv", UPDATE)):
            job = send(place, name, path.read_bytes())["id"]
        archive = send(place, "delivery.zip", delivery(), kind="application/zip")["id"]
        place.server.request("PUT", "/v1/pipelines/people", PEOPLE.encode(), {"Content-Type": "application/yaml"})
        pages = {"start": "/", "jobs": "/jobs", "job": f"/jobs/{job}", "archive": f"/jobs/{archive}", "rejects": f"/jobs/{job}/rejects",
                 "sign-in": "/sign-in", "no-job": "/jobs/0193a0b2-7c3a-7b1e-8f2d-5a6b7c8d9e0f", "none-like-that": "/jobs?status=CANCELLED",
                 "data": "/rows", "rows": "/rows/hospitals", "aggregates": "/aggregates", "aggregate": "/aggregates/hospitals_by_state",
                 "pipelines": "/pipelines", "pipeline": "/pipelines/people", "pipeline-file": "/pipelines/hospitals",
                 "new-pipeline": "/pipelines/new", "no-pipeline": "/pipelines/nobody",
                 "queue": "/queue", "dashboard": "/dashboard", "keys": "/keys", "audit": "/audit"}
        faults = [fault for view in VIEWS for seen in place.drive("looks.mjs", pages=pages, view=view, file=str(UPDATE)) for fault in faults_of(seen)]
        demand(not faults, "\n".join(faults)[:6000])


def delivery():
    """An archive of two files that can be loaded and one that cannot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(HOSPITALS, "2024/hospitals.csv")
        archive.write(UPDATE, "2024/hospitals-update.csv")
        archive.writestr("terms.pdf", b"%PDF-1.7\n")
    return packed.getvalue()


def faults_of(seen):
    what = f"{seen['page']}, {seen['width']} wide, {seen['scheme']}"
    is_dark = sum(seen["ground"][:3]) < sum(seen["ink"][:3])
    checks = [(not seen["complaints"], f"the browser complains: {seen['complaints']}"),
              (seen["over"] <= 0, f"it is {seen['over']} pixels wider than the window"),
              (not seen["axe"], f"axe finds {json.dumps(seen['axe'], indent=1)}"),
              (not seen["foreign"], f"it asks others: {seen['foreign']}"),
              (seen["title"].endswith("Sluice"), f"its title is {seen['title']}"),
              (is_dark == (seen["scheme"] == "dark"), f"{seen['ink']} on {seen['ground']}")]
    return [f"{what}: {fault}" for good, fault in checks if not good]


def is_small_and_stays_in_place(world):
    """The first load is what the goal says, its files are not asked for again, and nothing jumps while it comes."""
    with world.place("small") as place:
        place.hospitals()
        seen = place.drive("small.mjs", file=str(UPDATE))
        demand(seen["bytes"] <= 300_000, f"the first load has {seen['bytes']} bytes")
        demand(seen["again"] <= 10_000, f"the second has {seen['again']}")
        demand(seen["shift"] < 0.05, f"things jump: a layout shift of {seen['shift']}")
        demand(seen["interactive"] < 5000, f"it can be used after {seen['interactive']} ms")


CHECKS = [looks_good_everywhere, rows_are_browsed, aggregates_follow, queue_is_steered, dashboard_follows, pipeline_way, keys_are_made_and_revoked,
          a_job_is_steered_and_found, a_workbook_comes_and_goes_back, shows_what_happens, upload_goes_on_with_a_killed_server,
          upload_goes_on_after_a_reload, hospitals_way, an_archive_is_the_files_in_it, what_is_not_taken_is_said_before_it_is_sent, keys_decide_what_is_shown, first_way, logic_holds,
          is_small_and_stays_in_place]

if __name__ == "__main__":
    if client_browser.installed() is None:
        print("There is no Chromium: all of these fail (tools/packages.txt, group test)")
    sys.exit(run_checks(__doc__, CHECKS, World, "web"))
