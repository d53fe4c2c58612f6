#!/usr/bin/env python3
"""Measures `sluice run` into PostgreSQL beside raw COPY, set-based SQL, Node and pgloader; `./dev bench postgres`.

measure_postgres.py [load|again|growth] [--rows N] [--parts N] [--repeat N] [--work FOLDER] [--skip NAME,…]
load: a new file, every program into fresh tables after a CHECKPOINT, interleaved. again: the same file once more.
growth: the 1st, 2nd … part of --rows rows in one table. Runs under tools/with_postgres.sh, which gives it a server.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import measure
from measure import Failed, count, fill_memory, interleaved, make_people, median_seconds, run, spread, table

HERE = pathlib.Path(__file__).resolve().parent / "postgres"
# The same for every program: memory for the server, room in the log for a load without a checkpoint of its own making.
SETTINGS = ["shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min"]


def psql(*arguments):
    return subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", *map(str, arguments)], check=True, capture_output=True,
                          text=True).stdout.strip()


def fresh():
    psql("-f", HERE / "tables.sql")
    psql("-c", "CHECKPOINT")


def hashes_in(name):
    """The digest of the sorted content hashes of a table: equal for equal sets of rows."""
    listed = psql("-c", f"SELECT encode(content_hash, 'hex') FROM {name} ORDER BY content_hash")
    return hashlib.sha256(listed.encode()).hexdigest(), listed.count("\n") + 1


def sluice(people, *more):
    return run([measure.SLUICE, "run", people, "-p", measure.PIPELINE, "--to", os.environ["SLUICE_TEST_POSTGRES"], "--json",
                "--quiet", *more])


def node():
    folder = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "sluice" / "bench-node"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "ingest.mjs"):
        shutil.copy(HERE / "node" / name, folder / name)
    if not (folder / "node_modules" / "pg").exists():
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return folder / "ingest.mjs"


def programs_for(options, people):
    ready = options.work / "rows.copy"
    with open(ready, "wb") as out:
        subprocess.run([measure.PROGRAMS / "people_copy", people], stdout=out, check=True)
    loader = options.work / "people.load"
    loader.write_text((HERE / "people.load").read_text(encoding="utf-8").replace("PEOPLE_CSV", str(people)).replace(
        "PGLOADER_TARGET", os.environ["SLUICE_TEST_POSTGRES"]), encoding="utf-8")
    columns = "job_id, row_number, content_hash, data"
    fields = "id, name, email, phone, state, signup_date, amount, notes"

    def copy():
        return run(["psql", "-qX", "-c", f"\\copy rows ({columns}) FROM '{ready}' (FORMAT binary)"])

    def expert():
        return run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", f"\\copy staging ({fields}) FROM '{people}' CSV HEADER",
                    "-f", HERE / "expert.sql"])

    return {
        "raw": ("raw binary COPY of ready rows, file order, primary key and unique hash (the limit)", copy, "rows"),
        "sluice": ("`sluice run`", lambda: sluice(people), "ingested_data"),
        "expert": ("set-based SQL by hand: COPY to staging, check, hash, one upsert", expert, "rows"),
        "node": ("Node: fast-csv, zod, pg, 200 rows a transaction", lambda: run(["node", options.node, people]), "rows"),
        "pgloader": ("pgloader into text columns: no checks, no hash, no index",
                     lambda: run(["pgloader", "--quiet", loader]), None),
    }


def load(options):
    people = make_people(options.work, options.rows)
    wanted = {key: program for key, program in programs_for(options, people).items() if key not in options.skip}
    expected = {}

    def checked(program, stored):
        def go():
            fresh()
            fill_memory(options.work)
            ran = program()
            if stored and expected.setdefault("hashes", hashes_in(stored)) != hashes_in(stored):
                raise Failed(f"other rows were stored in {stored} than by the first program")
            return ran
        return go

    results = interleaved({label: checked(program, stored) for label, program, stored in wanted.values()}, options.repeat)
    limit = median_seconds(next(iter(results.values())))
    table(["program", "seconds", "input rows/s", "× raw COPY", "spread"],
          [[name, f"{median_seconds(ran):.2f}", count(options.rows / median_seconds(ran)), f"{limit / median_seconds(ran):.2f}",
            f"± {spread(ran):.0f} %"] for name, ran in results.items()])


def again(options):
    """The same file once more, into a store that has it: how the rate compares with the first time."""
    people = make_people(options.work, options.rows)
    rates = {"new": [], "again, touch": [], "once more, touch": [], "again, skip": []}
    for _ in range(options.repeat):
        fresh()
        for name, seconds in rates.items():
            more = ["--set", "on_duplicate=skip"] if "skip" in name else []
            fill_memory(options.work)
            ran = sluice(people, *more)
            if ("new" in name) != (json.loads(ran.out)["rows"]["inserted"] > 0):
                raise Failed(f"{name}: {ran.out}")
            seconds.append(ran)
    limit = median_seconds(rates["new"])
    size = psql("-c", "SELECT pg_size_pretty(pg_relation_size('ingested_data'))")
    table(["the same file", "seconds", "rows/s", "× new", "spread"],
          [[name, f"{median_seconds(ran):.2f}", count(options.rows / median_seconds(ran)), f"{limit / median_seconds(ran):.2f}",
            f"± {spread(ran):.0f} %"] for name, ran in rates.items()])
    print(f"The table has {size} after the last.\n")


def growth(options):
    fresh()
    first, rows = None, []
    for part in range(options.parts):
        people = make_people(options.work, options.rows, f"--first-id={part * options.rows}")
        fill_memory(options.work)
        ran = sluice(people)
        people.unlink()
        first = first or ran.seconds
        sizes = psql("-c", "SELECT pg_size_pretty(pg_relation_size('ingested_data')) || ' / ' || "
                           "pg_size_pretty(pg_relation_size('ingested_data_pkey'))")
        rows.append([part + 1, count(options.rows / ran.seconds), f"{first / ran.seconds:.2f}", sizes])
        print(f"{part + 1}: {options.rows / ran.seconds:,.0f} rows/s", file=sys.stderr)
    table([f"part of {count(options.rows)} rows", "`sluice run`, rows/s", "× the first", "table / its index"], rows)


WHAT = {"load": load, "again": again, "growth": growth}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="load", choices=list(WHAT))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--parts", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--skip", default="", type=lambda names: names.split(","))
    parser.add_argument("--work", type=pathlib.Path)
    options = parser.parse_args()
    if "SLUICE_TEST_POSTGRES" not in os.environ:
        tool = measure.ROOT / "tools" / "with_postgres.sh"
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        os.execv(tool, [str(tool), *settings, sys.executable, *sys.argv])
    work = options.work or pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    options.work = work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        options.node = None if "node" in options.skip or options.what != "load" else node()
        measure.machine()
        print(f"PostgreSQL {psql('-c', 'SHOW server_version').split()[0]} on the same machine, {', '.join(SETTINGS)}\n")
        WHAT[options.what](options)
    except Failed as error:
        print(error)
        return 1
    finally:
        if options.work != work or "--work" not in " ".join(sys.argv):
            shutil.rmtree(options.work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
