#!/usr/bin/env python3
"""An error report goes to LibreOffice, is corrected there by what a person types, and comes back: the rows are then what they
would be had they been right at first, to the content hash. As a workbook and saved as CSV, by `sluice run --resubmit` and by
`POST /v1/jobs/{id}/resubmit`.

`python3 tests/round_trip.py [--only csv]`"""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import zipfile

from checks import ROOT, run_checks
from service import Server
from stored import demand

SYSTEM_PYTHON = "/usr/bin/python3"
PIPELINE = """\
name: people
source: {format: csv, dialect: {delimiter: ",", header: true}, encoding: utf-8}
schema:
  fields:
    - {name: zip, type: string, constraints: {required: true}}
    - {name: account, type: string}
    - {name: born, type: date}
    - {name: amount, type: number}
    - {name: active, type: boolean}
    - {name: note, type: string}
"""
HEADER = "zip,account,born,amount,active,note"
# (as it was sent, {column: what is typed}, as it would have been right); none typed: the row is good
ROWS = [
    ('02118,12345678901234567890,2024-02-28,12.50,true,plain', {}, None),
    ('00501,00012345678901234567,2024-02-30,12.50,true,"two\nlines, and a ""quote"""', {"born": "2024-02-29"},
     '00501,00012345678901234567,2024-02-29,12.50,true,"two\nlines, and a ""quote"""'),
    (',4915112345678901,2024-03-01,0.1,false,=1+1', {"zip": "01234"}, '01234,4915112345678901,2024-03-01,0.1,false,=1+1'),
    ('10115,1e5,2024-03-02,1O.5,true,+49 151 1234', {"amount": "10.5"}, '10115,1e5,2024-03-02,10.5,true,+49 151 1234'),
    ('75008,3-4,2024-03-03,7,ja,_x000D_ Zoë 明 😀', {"active": "true"}, '75008,3-4,2024-03-03,7,true,_x000D_ Zoë 明 😀'),
    ('99501,1/2,2024-13-03,1234567.891,false,\'quoted\'', {"born": "2024-12-03"}, "99501,1/2,2024-12-03,1234567.891,false,'quoted'"),
    ('60601,TRUE,gestern,x,false,@home', {"born": "2024-03-05", "amount": "0.30000000000000004"},
     '60601,TRUE,2024-03-05,0.30000000000000004,false,@home'),
    ('00000,0,2024-03-06,,maybe, leading and trailing ', {"active": "false"}, '00000,0,2024-03-06,,false, leading and trailing '),
]


def letters(column):
    return chr(ord("A") + column)


class Place:
    """A folder with the file as it was sent, the same file right, and the pipeline."""

    def __init__(self, world, name):
        self.binary, self.folder = world.binary, world.folder / name
        (self.folder / "pipelines").mkdir(parents=True)
        (self.folder / "pipelines" / "people.yaml").write_text(PIPELINE, encoding="utf-8")
        self.write("sent.csv", [sent for sent, _, _ in ROWS])
        self.write("right.csv", [right or sent for sent, _, right in ROWS])

    def write(self, name, rows):
        (self.folder / name).write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8", newline="")

    def run(self, *arguments, status=0):
        ended = subprocess.run([self.binary, "run", *arguments, "--json", "--quiet"], cwd=self.folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        demand(ended.returncode == status, f"{arguments}: status {ended.returncode}: {ended.stderr[-2000:]}")
        return json.loads(ended.stdout)

    def correct(self, report, saved, kind):
        """What is wrong in the report, typed over in LibreOffice."""
        wrong = [typed for _, typed, _ in ROWS if typed]
        columns = HEADER.split(",")
        cells = {f"{letters(columns.index(column))}{row}": text for row, typed in enumerate(wrong, 2) for column, text in typed.items()}
        typist = subprocess.run([SYSTEM_PYTHON, ROOT / "tests" / "office_typist.py", report, saved, kind], cwd=self.folder,
                                input=json.dumps(cells), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        demand(typist.returncode == 0, typist.stdout[-2000:])


def stored(path):
    database = sqlite3.connect(path)
    return sorted(database.execute("SELECT row_number, hex(content_hash), data FROM ingested_data"))


def demand_right(place, store):
    place.run("right.csv", "-p", "pipelines/people.yaml", "--to", "sqlite:right.db")
    found, wanted = stored(place.folder / store), stored(place.folder / "right.db")
    for one, other in zip(found, wanted):
        demand(one == other, f"stored is {one}, and right at first it is {other}")
    demand(len(found) == len(wanted) == len(ROWS), f"{len(found)} rows are stored, {len(wanted)} were right")


def loaded(place, report):
    result = place.run("sent.csv", "-p", "pipelines/people.yaml", "--to", "sqlite:store.db", "--rejects", report)
    wrong = sum(1 for _, typed, _ in ROWS if typed)
    demand(result["rows"]["rejected"] == wrong, f"{result}")


def resubmitted(place, report):
    result = place.run("--resubmit", report, "--to", "sqlite:store.db")
    demand(result["rows"]["rejected"] == 0, f"{result}")
    demand_right(place, "store.db")
    again = place.run("--resubmit", report, "--to", "sqlite:store.db")
    demand(again["rows"]["inserted"] == 0, f"sent twice: {again}")
    demand_right(place, "store.db")


def workbook(world):
    place = Place(world, "workbook")
    loaded(place, "bad.xlsx")
    place.correct("bad.xlsx", "corrected.xlsx", "xlsx")
    demand(zipfile.is_zipfile(place.folder / "corrected.xlsx"), "LibreOffice saved no workbook")
    resubmitted(place, "corrected.xlsx")


def workbook_saved_as_csv(world):
    place = Place(world, "csv")
    loaded(place, "bad.xlsx")
    place.correct("bad.xlsx", "corrected.csv", "csv")
    resubmitted(place, "corrected.csv")


def workbook_by_the_api(world):
    place = Place(world, "api")
    with Server(place.binary, place.folder) as server:
        body = (place.folder / "sent.csv").read_bytes()
        job = server.json("POST", "/v1/pipelines/people/jobs?fileName=sent.csv", body, {"Content-Type": "text/csv"})["jobId"]
        server.wait_for(job)
        _, _, report = server.request("GET", f"/v1/jobs/{job}/errors.xlsx")
        (place.folder / "bad.xlsx").write_bytes(report)
        place.correct("bad.xlsx", "corrected.xlsx", "xlsx")
        body = (place.folder / "corrected.xlsx").read_bytes()
        child = server.json("POST", f"/v1/jobs/{job}/resubmit?fileName=corrected.xlsx", body,
                            {"Content-Type": "application/octet-stream"})["jobId"]
        done = server.wait_for(child)
        demand(done["rows"]["rejected"] == 0 and done["status"] == "COMPLETED", f"{done}")
        demand(server.job(job)["rows"]["rejected"] == sum(1 for _, typed, _ in ROWS if typed), "the first job's counts changed")
    demand_right(place, "store.db")


class World:
    def __init__(self, binary, folder):
        self.binary, self.folder = pathlib.Path(binary), folder

    def end(self):
        """Each check ends its own server."""


CHECKS = [workbook, workbook_saved_as_csv, workbook_by_the_api]

if __name__ == "__main__":
    if shutil.which("soffice") is None:
        print("LibreOffice is not installed (apt-get install libreoffice-calc-nogui python3-uno)\n0 passed, 1 failed")
        sys.exit(1)
    sys.exit(run_checks(__doc__, CHECKS, World, "round-trip"))
