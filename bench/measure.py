#!/usr/bin/env python3
"""Measures the built binary beside the machine's own limits and beside other tools, and prints Markdown tables.

measure.py engine|sqlite|growth|memory|start|peers [--rows N] [--repeat N] [--work FOLDER]
Programs of one table run interleaved, medians are taken, and after each load the set of stored hashes is compared with what
bench/people_rows.h computes: a program that is fast but stores other rows stops the script. bench/README.md says what each
measures. Keep other work off the machine.
"""
import argparse
import hashlib
import json
import os
import pathlib
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "build" / "release" / "bin"
SLUICE = ROOT / "build" / "sluice"
PIPELINE = ROOT / "bench" / "people.yaml"
PEERS = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "sluice" / "peers"
PEER_PACKAGES = ["sqlite-utils", "csvkit", "frictionless"]


HOLLOW = []   # descriptors of fill_memory's files: closed, their pages would be free again


class Failed(Exception):
    """A program failed, or stored something else than the others."""


# ---------------------------------------------------------------- running

class Ran:
    def __init__(self, seconds, peak_mib, out):
        self.seconds, self.peak_mib, self.out = seconds, peak_mib, out


def run(command, stdin=None):
    """Runs to the end; wall time and peak resident memory."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([str(part) for part in command], stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            raise Failed(f"{' '.join(str(part) for part in command)}: exit status {process.returncode}\n"
                         + err.read().decode(errors="replace")[-2000:])
        return Ran(seconds, usage.ru_maxrss / 1024, out.read().decode())


def load(store, source, *more, stdin=None):
    return run([SLUICE, "run", source, "-p", PIPELINE, "--to", f"sqlite:{store}", "--json", "--quiet", *more], stdin)


def validate(source, *more, stdin=None, core=None):
    on = [] if core is None else ["taskset", "--cpu-list", core]
    return run([*on, SLUICE, "validate", source, "-p", PIPELINE, "--json", "--quiet", *more], stdin)


def remove_store(path):
    for suffix in ("", "-wal", "-shm"):
        pathlib.Path(f"{path}{suffix}").unlink(missing_ok=True)


def hashes_in(path, table):
    """The digest of the sorted content hashes of a table: equal for equal sets of rows."""
    database = sqlite3.connect(path)
    digest, count = hashlib.sha256(), 0
    for value, in database.execute(f"SELECT content_hash FROM {table} ORDER BY content_hash"):
        digest.update(value)
        count += 1
    database.close()
    return digest.hexdigest(), count


def make_people(work, rows, *more):
    path = work / f"people-{rows}{''.join(more).replace('=', '')}.csv"
    if not path.exists():
        with open(path, "wb") as file:
            subprocess.run([PROGRAMS / "people_gen", str(rows), *more], stdout=file, stderr=subprocess.DEVNULL, check=True)
    return path


def free_bytes():
    with open("/proc/meminfo", encoding="ascii") as lines:
        return 1024 * int(next(line for line in lines if line.startswith("MemFree:")).split()[1])


def fill_memory(work):
    """Leaves hardly any memory free: the rest is cache, as on a machine that has worked for a while.

    Memory that a virtual machine has given back to its host costs whoever touches it first some seconds a gigabyte, now one
    program and now another. A file without blocks is read until little is free; the inputs in `work` are in memory afterwards.
    """
    with tempfile.TemporaryFile(dir=work) as hollow:
        hollow.truncate(1 << 40)
        # Its pages stay in the cache for as long as it is open; what follows reuses them one by one.
        piece, most = bytearray(4 << 20), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        while free_bytes() > 512 << 20 and hollow.tell() < most:
            hollow.readinto(piece)
        HOLLOW.append(os.dup(hollow.fileno()))
    for name in work.glob("*.csv"):
        with open(name, "rb") as file:
            while file.read(4 << 20):
                pass


def interleaved(programs, repeat, before=lambda: None):
    """{name: [what it returned, …]}: one after the other, again and again, `before()` each."""
    results = {name: [] for name in programs}
    for _ in range(repeat):
        for name, program in programs.items():
            before()
            results[name].append(program())
            print(f"  {name}: {results[name][-1].seconds:.2f} s", file=sys.stderr, flush=True)
    return results


def median_seconds(results):
    return statistics.median(result.seconds for result in results)


def spread(results):
    seconds = [result.seconds for result in results]
    return (max(seconds) - min(seconds)) / 2 / statistics.median(seconds) * 100


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def count(number):
    return f"{number:,.0f}"


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")), "?")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    print(f"{model}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}, load {os.getloadavg()[0]:.1f} at the start, "
          f"commit {commit or '?'}, {time.strftime('%Y-%m-%d')}\n")


# ---------------------------------------------------------------- what is measured

def engine(options):
    people = make_people(options.work, options.rows)
    programs = {
        "bare C++, file to hash, 1 thread": lambda: run([PROGRAMS / "limit_cpu", people, 1]),
        # One thread computes and another reads; here they share a core.
        "`sluice validate --threads 1`, kept on one core": lambda: validate(people, "--threads", 1, core=0),
        "`sluice validate --threads 1`": lambda: validate(people, "--threads", 1),
        "`sluice validate --threads 2`": lambda: validate(people, "--threads", 2),
    }
    results = interleaved(programs, options.repeat)
    bare = statistics.median(json.loads(result.out)["hash_ns"] for result in results["bare C++, file to hash, 1 thread"])
    rows = []
    for name, ran in results.items():
        nanoseconds = bare if name.startswith("bare") else median_seconds(ran) / options.rows * 1e9
        rows.append([name, count(nanoseconds), count(1e9 / nanoseconds), f"{bare / nanoseconds:.2f}", f"± {spread(ran):.0f} %",
                     f"{max(result.peak_mib for result in ran):.0f}"])
    table(["program", "ns a row, start and end included", "rows/s", "× bare", "spread", "peak MiB"], rows)


def sqlite(options):
    people = make_people(options.work, options.rows)
    limit_db, store, imported = options.work / "limit.db", options.work / "sluice.db", options.work / "import.db"
    expected = {}

    def bare():
        ran = run([PROGRAMS / "limit_sqlite", f"--db={limit_db}", f"--csv={people}"])
        expected["hashes"] = hashes_in(limit_db, "rows")
        ran.seconds = json.loads(ran.out)["seconds"]   # without reading and hashing
        return ran

    def fresh():
        remove_store(store)
        ran = load(store, people)
        if hashes_in(store, "ingested_data") != expected["hashes"]:
            raise Failed("Sluice stored other rows than the bare program")
        return ran

    def known():
        ran = load(store, people)
        if json.loads(ran.out)["rows"]["inserted"] != 0 or hashes_in(store, "ingested_data") != expected["hashes"]:
            raise Failed("the same file again changed what is stored")
        return ran

    def plain_import():
        remove_store(imported)
        return run(["sqlite3", imported, ".mode csv", f".import {people} people"])

    programs = {"bare C++ upsert of ready rows (the limit)": bare, "`sluice run`, new store": fresh,
                "`sluice run`, the same file again": known, "`sqlite3 .import` (text, no checks, no identity)": plain_import}
    results = interleaved(programs, options.repeat, lambda: fill_memory(options.work))
    limit = median_seconds(results["bare C++ upsert of ready rows (the limit)"])
    table(["program", "seconds", "rows/s", "× limit", "spread", "peak MiB"],
          [[name, f"{median_seconds(ran):.2f}", count(options.rows / median_seconds(ran)), f"{limit / median_seconds(ran):.2f}",
            f"± {spread(ran):.0f} %", f"{max(result.peak_mib for result in ran):.0f}"] for name, ran in results.items()])


def growth(options):
    """The rate of the 1st, 2nd … million in one store, beside the bare limit's."""
    parts, store = 5, options.work / "growth.db"
    fill_memory(options.work)
    bare = run([PROGRAMS / "limit_sqlite", f"--db={options.work / 'limit.db'}", f"--synthetic={parts * options.rows}",
                f"--report={options.rows}"])
    limits = [json.loads(line)["rows_per_second"] for line in bare.out.splitlines()[:parts]]
    remove_store(store)
    rows = []
    for part in range(parts):
        people = make_people(options.work, options.rows, f"--first-id={part * options.rows}", "--invalid=0", "--dup=0")
        fill_memory(options.work)
        ran = load(store, people)
        people.unlink()
        rate = options.rows / ran.seconds
        rows.append([f"{part + 1}", count(limits[part]), count(rate), f"{rate / limits[part]:.2f}"])
    remove_store(store)
    table([f"part of {count(options.rows)} rows", "bare limit, rows/s", "`sluice run`, rows/s", "× limit"], rows)


def memory(options):
    rows = []
    for size in options.sizes.split(","):
        number = int(float(size.rstrip("MG")) * (1e9 if size.endswith("G") else 1e6) / 101)
        cells = [f"{size}B, {count(number)} rows"]
        for name in ("validate", "run"):
            store = options.work / "memory.db"
            remove_store(store)
            # Mostly duplicates, and these left as they are, so that the store of the largest input stays small and the disk idle;
            # memory does not depend on it.
            with subprocess.Popen([PROGRAMS / "people_gen", str(number), "--dup=90"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL) as generator:
                ran = validate("-", stdin=generator.stdout) if name == "validate" else load(
                    store, "-", "--set", "on_duplicate=skip", stdin=generator.stdout)
                generator.stdout.close()
            if json.loads(ran.out)["rows"]["read"] != number:
                raise Failed(f"{name} read {json.loads(ran.out)['rows']['read']} rows of {number}")
            cells += [f"{ran.peak_mib:.0f}", f"{ran.seconds:.1f}"]
        remove_store(options.work / "memory.db")
        rows.append(cells)
        print(f"  {cells}", file=sys.stderr, flush=True)
    table(["input, from a pipe", "validate: peak MiB", "seconds", "run: peak MiB", "seconds"], rows)


def start(options):
    people, store = make_people(options.work, 10), options.work / "start.db"
    repeat = max(options.repeat, 30)

    def fresh():
        remove_store(store)
        return load(store, people)

    programs = {"`sluice --version`": lambda: run([SLUICE, "--version"]), "`sluice validate`, 10 rows": lambda: validate(people),
                "`sluice run`, 10 rows, new store": fresh, "`sluice run`, 10 rows, the same store": lambda: load(store, people),
                "`/bin/true`": lambda: run(["/bin/true"])}
    results = interleaved(programs, repeat)
    table(["program", "median ms", "fastest ms"],
          [[name, f"{median_seconds(ran) * 1e3:.1f}", f"{min(result.seconds for result in ran) * 1e3:.1f}"] for name, ran in results.items()])


HASHED_INSERT = """
import csv, sqlite_utils, sys
database = sqlite_utils.Database(sys.argv[2])
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    database["people"].insert_all(csv.DictReader(file), hash_id="hash", ignore=True, batch_size=10000)
"""


def peers(options):
    if not (PEERS / "bin" / "frictionless").exists():
        print(f"installing {', '.join(PEER_PACKAGES)} into {PEERS}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        subprocess.run([PEERS / "bin" / "pip", "install", "-q", *PEER_PACKAGES], check=True)
    people, store = make_people(options.work, options.rows), options.work / "peer.db"
    schema = options.work / "people.schema.json"
    fields = [("id", "integer"), ("name", "string"), ("email", "string"), ("phone", "string"), ("state", "string"),
              ("signup_date", "string"), ("amount", "number"), ("notes", "string")]
    schema.write_text(json.dumps({"fields": [{"name": name, "type": kind} for name, kind in fields]}), encoding="utf-8")

    def into_new_store(command):
        def go():
            remove_store(store)
            return command()
        return go

    def frictionless():
        try:
            return run([PEERS / "bin" / "frictionless", "validate", people, "--schema", schema, "--json"])
        except Failed as error:   # status 1 says that rows are invalid, which some are
            if "exit status 1" not in str(error):
                raise
            return None

    def timed_frictionless():
        begin = time.monotonic()
        ran = frictionless()
        return ran or Ran(time.monotonic() - begin, 0, "")

    programs = {
        "`sluice run` (types, constraints, identity, rejects kept)": into_new_store(lambda: load(store, people)),
        "`sqlite3 .import` (text, no checks, no identity)": into_new_store(
            lambda: run(["sqlite3", store, ".mode csv", f".import {people} people"])),
        "sqlite-utils (text, SHA-1 of the row as key, duplicates ignored)": into_new_store(
            lambda: run([PEERS / "bin" / "python", "-c", HASHED_INSERT, people, store])),
        "csvkit `csvsql --insert` (types inferred, no identity)": into_new_store(
            lambda: run([PEERS / "bin" / "csvsql", "--db", f"sqlite:///{store}", "--insert", "--tables", "people", people])),
        "`sluice validate` (the whole pipeline, nothing stored)": lambda: validate(people),
        "`frictionless validate` (types only)": timed_frictionless,
    }
    results = interleaved(programs, options.repeat)
    table(["program", "seconds", "rows/s", "spread", "peak MiB"],
          [[name, f"{median_seconds(ran):.2f}", count(options.rows / median_seconds(ran)), f"± {spread(ran):.0f} %",
            f"{max(result.peak_mib for result in ran):.0f}" if max(result.peak_mib for result in ran) else "–"]
           for name, ran in results.items()])


WHAT = {"engine": (engine, 1_000_000), "sqlite": (sqlite, 1_000_000), "growth": (growth, 1_000_000), "memory": (memory, 0),
        "start": (start, 10), "peers": (peers, 100_000)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=list(WHAT))
    parser.add_argument("--rows", type=int, help="rows of the input (default: 1,000,000; peers: 100,000)")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--sizes", default="1M,100M,10G", help="memory: sizes of the inputs")
    parser.add_argument("--work", type=pathlib.Path, help="folder for inputs and stores (default: a temporary one)")
    options = parser.parse_args()
    measure, rows = WHAT[options.what]
    options.rows = options.rows or rows
    if not SLUICE.exists():
        print("build/sluice is not there; ./dev bench builds it")
        return 1
    work = options.work or pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    options.work = work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        machine()
        measure(options)
    except Failed as error:
        print(error)
        return 1
    finally:
        if "--work" not in sys.argv:
            shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
