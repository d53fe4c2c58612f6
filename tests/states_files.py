#!/usr/bin/env python3
"""Files as people keep them, pushed into the state service: hospitals, towns, airports and post codes by state, and the people
of towns summed by state. GET /states is what Python's csv module counts, and what the files are known to hold.

`python3 tests/states_files.py [--only towns]`; the larger files are those of ../shared/data, where that is there."""
import collections
import csv
import json
import os
import pathlib
import subprocess
import sys

from checks import ROOT, run_checks
from service import Server
from stored import demand

SHARED = ROOT.parent / "shared" / "data"
EXPECTED = SHARED / "EXPECTED_states.json"
OWN = ROOT / "tests" / "data"


def counted(path, column, encoding):
    """({state: rows}, rows without a state)"""
    with open(path, encoding=encoding, newline="") as file:
        found = collections.Counter(row[column].strip() for row in csv.DictReader(file))
    blank = found.pop("", 0)
    return dict(found), blank


def summed(path, column, value, encoding):
    """({state: sum}, rows without a state or a whole number)"""
    found, skipped = collections.Counter(), 0
    with open(path, encoding=encoding, newline="") as file:
        for row in csv.DictReader(file):
            if row[column] and (row[value] or "").isdigit():
                found[row[column]] += int(row[value])
            else:
                skipped += 1
    return dict(found), skipped


def pushed(world, name, path, *columns):
    """GET /states after a push of the file into a new server, and the push's counts."""
    folder = world.folder / name
    folder.mkdir()
    with Server(world.binary, folder) as server:
        push = subprocess.run(
            [world.binary, "push", path, "--to", f"{server.url}/states/batch", *columns, "--json", "--quiet", "--batch-rows", "100"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"})
        demand(push.returncode == 0, f"status {push.returncode}: {push.stderr[-2000:]}")
        for status in ("PENDING", "PROCESSING", "PENDING"):
            for job in server.json("GET", f"/v1/jobs?status={status}&limit=1000")["items"]:
                server.wait_for(job["id"])
        found, cursor = {}, ""
        while cursor is not None:
            page = server.json("GET", f"/states?limit=20{cursor}")
            found.update({state["name"]: state["population"] for state in page["items"]})
            cursor = page["next"] and f"&cursor={page['next']}"
        return found, json.loads(push.stdout)["rows"]


def check(world, name, path, columns, wanted, skipped):
    found, rows = pushed(world, name, path, *columns)
    demand(found == wanted, f"{path.name}: {sorted(set(found.items()) ^ set(wanted.items()))[:6]}")
    demand(rows["skipped"] == skipped, f"{path.name}: {rows} and {skipped} to be skipped")
    if EXPECTED.exists():
        known = json.loads(EXPECTED.read_text(encoding="utf-8"))[name]
        demand(found == known.get("counts", known.get("sums")), f"{path.name}: not what EXPECTED_states.json says")
        demand(skipped == known.get("skipped", 0), f"{path.name}: {skipped} skipped, known are {known.get('skipped')}")


def of_counts(name, path, column, encoding="utf-8"):
    def one(world):
        if path.exists():
            check(world, name, path, ("--map", f"name={column}", "--const", "population=1"), *counted(path, column, encoding))
    one.__name__ = name
    return one


def of_sums(name, path, column, value, encoding="utf-8"):
    def one(world):
        check(world, name, path, ("--map", f"name={column}", "--map", f"population={value}"),
              *summed(path, column, value, encoding))
    one.__name__ = name
    return one


class World:
    def __init__(self, binary, folder):
        self.binary, self.folder = pathlib.Path(binary), folder

    def end(self):
        """Each check ends its own server."""


CHECKS = [of_sums("uspop_population", OWN / "rust-csv" / "uspop.csv", "State", "Population"),
          of_sums("uspop_null", OWN / "rust-csv" / "uspop-null.csv", "State", "Population"),
          of_sums("uspop_latin1", OWN / "rust-csv" / "uspop-latin1.csv", "State", "Population", "latin-1"),
          of_counts("cms_hospitals", SHARED / "cms-hospitals" / "Hospital General Information.csv", "State", "cp1252"),
          of_counts("zipcodes", SHARED / "vega" / "data" / "zipcodes.csv", "state"),
          of_counts("airports", SHARED / "vega" / "data" / "airports.csv", "state"),
          of_counts("birdstrikes_origin_state", SHARED / "vega" / "data" / "birdstrikes.csv", "Origin State")]

if __name__ == "__main__":
    sys.exit(run_checks(__doc__, CHECKS, World, "states-files"))
