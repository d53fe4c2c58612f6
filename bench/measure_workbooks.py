#!/usr/bin/env python3
"""Measures how fast workbooks are read, beside other readers, and prints a Markdown table for each shape of workbook.

measure_workbooks.py [--rows N] [--repeat N] [--slow-repeat N] [--shapes shared,inline,numbers] [--work FOLDER]
The readers of bench/workbooks touch every cell and keep what their library keeps; each has to find the same rows and cells and
the same sum of the first column as were written, or stands in the table with what it found instead. Keep other work off the
machine. Readers that take minutes run --slow-repeat times (0: not at all).
"""
import argparse
import hashlib
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

import measure
from measure import Failed, count, interleaved, median_seconds, run, spread, table

HERE = pathlib.Path(__file__).resolve().parent / "workbooks"
COLUMNS = 10
GOAL_MIB = 128   # of one job, whatever the input (docs/performance.md, "Memory")
SHAPES = {
    "shared": ("people.yaml", "People, texts shared, as Excel writes them"),
    "inline": ("people.yaml", "The same people, texts in their cells"),
    "numbers": ("numbers.yaml", "Numbers, dates and times"),
}
NODE_MIB = 8192   # a reader that keeps the whole sheet needs more than Node allows by itself


class Answer:
    """How one reader answered once: time, memory, and what it found; nothing where it failed."""

    def __init__(self, ran, found, cpu_seconds):
        self.seconds, self.peak_mib, self.found, self.cpu_seconds = ran.seconds, ran.peak_mib, found, cpu_seconds


def cpu_seconds():
    """Of all programs that have ended. On a machine that others use it says more than the clock."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cache(kind, *files):
    """Where what the registries give is installed: outside the tree, once for each set of versions."""
    versions = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in files)).hexdigest()[:12]
    return measure.PEERS.parent / f"bench-workbooks-{kind}-{versions}"


def python_readers():
    place = cache("python", "requirements.txt")
    if not (place / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        subprocess.run([place / "bin" / "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
        (place / "ready").touch()
    return [place / "bin" / "python", HERE / "read.py"]


def node_readers():
    place = cache("node", "package.json", "package-lock.json")
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "read.mjs"):
        shutil.copy(HERE / name, place / name)
    if not (place / "ready").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=place, check=True)
        (place / "ready").touch()
    return ["node", f"--max-old-space-size={NODE_MIB}", place / "read.mjs"]


def rust_reader():
    place = cache("rust", "rust/Cargo.toml", "rust/src/main.rs")
    if not (place / "ready").exists():
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(HERE / "rust", place)
        subprocess.run(["cargo", "build", "--quiet", "--release"], cwd=place, check=True)
        (place / "ready").touch()
    return [place / "target" / "release" / "read-calamine"]


def readers():
    """{name: (command before the file, is it slow)}; what cannot be installed here is said and left out."""
    found = {"**Sluice's reader alone**": ([measure.PROGRAMS / "sheet_read"], False)}
    for install, named in (
            (rust_reader, {"calamine, cell by cell (Rust)": ([], False)}),
            (python_readers, {"python-calamine": (["calamine"], False), "polars with fastexcel": (["polars"], False),
                              "openpyxl, read-only": (["openpyxl"], True)}),
            (node_readers, {"SheetJS, dense": (["sheetjs"], True), "ExcelJS, streaming": (["exceljs"], True)})):
        try:
            command = install()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"left out, because it cannot be installed here: {', '.join(named)} ({error})", file=sys.stderr)
            continue
        found |= {name: ([*command, *more], slow) for name, (more, slow) in named.items()}
    return found


def make(work, shape, rows):
    path = work / f"{shape}-{rows}.xlsx"
    if not path.exists():
        subprocess.run([measure.PROGRAMS / "workbook_gen", shape, str(rows), path], check=True)
    return path


def reading(command, path):
    def go():
        before = cpu_seconds()
        try:
            ran = run([*command, path])
        except Failed as error:
            print(f"    {error}", file=sys.stderr, flush=True)
            return Answer(measure.Ran(0, 0, ""), {}, 0)
        return Answer(ran, json.loads(ran.out.splitlines()[-1]), cpu_seconds() - before)
    return go


def loading(command):
    """Of a run of Sluice: every row has to pass."""
    def go():
        before = cpu_seconds()
        ran = run(command)
        rows = json.loads(ran.out)["rows"]
        return Answer(ran, {"rows": rows["read"] if rows["rejected"] == 0 else -1}, cpu_seconds() - before)
    return go


def into_new_store(store, go):
    def fresh():
        measure.remove_store(store)
        return go()
    return fresh


def median_cpu(answers):
    return statistics.median(answer.cpu_seconds for answer in answers)


def line(name, answers, ours, expected, rows):
    peak = max(answer.peak_mib for answer in answers)
    wrong = [answer.found for answer in answers if not answer.found or any(expected[key] != answer.found[key] for key in answer.found)]
    if wrong:
        return [name, f"fails: {count(wrong[0]['rows']) + ' rows' if wrong[0] else 'ends in an error'}", *["–"] * 5, f"{peak:.0f}"]
    seconds, cpu = median_seconds(answers), median_cpu(answers)
    return [name, f"{seconds:.2f}", count(rows / seconds), f"{seconds / median_seconds(ours):.2f}",
            f"± {spread(answers):.0f} %" if len(answers) > 1 else "once", f"{cpu:.2f}", f"{cpu / median_cpu(ours):.2f}", f"{peak:.0f}"]


def compare(options, shape, found):
    pipeline, title = SHAPES[shape]
    path = make(options.work, shape, options.rows)
    rows, store = options.rows, options.work / "store.db"
    expected = {"rows": rows, "cells": rows * COLUMNS, "sum": rows * (rows + 1) // 2}
    common = [path, "-p", HERE / pipeline, "--json", "--quiet"]
    fast = {name: reading(command, path) for name, (command, slow) in found.items() if not slow}
    fast["**`sluice validate`**: types, rules, hashes"] = loading([measure.SLUICE, "validate", *common])
    fast["**`sluice run`** into a new SQLite store"] = into_new_store(
        store, loading([measure.SLUICE, "run", *common, "--to", f"sqlite:{store}"]))
    slow = {name: reading(command, path) for name, (command, slow) in found.items() if slow}
    answers = interleaved(fast, options.repeat)
    answers |= interleaved(slow, options.slow_repeat) if options.slow_repeat else {}
    ours = answers["**Sluice's reader alone**"]
    print(f"{title}: {count(rows)} rows of {COLUMNS} cells, {path.stat().st_size / 1e6:.0f} MB.\n")
    table(["reader", "seconds", "rows/s", "× Sluice's reader", "spread", "CPU seconds", "× Sluice's reader", "peak MiB"],
          [line(name, each, ours, expected, rows) for name, each in answers.items()])
    for name in (name for name, each in answers.items() if "luice" in name and max(answer.peak_mib for answer in each) > GOAL_MIB):
        print(f"{name} is over its limit of {GOAL_MIB} MiB.\n")
    measure.remove_store(store)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--slow-repeat", type=int, default=1)
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--work", type=pathlib.Path, help="folder for the workbooks and the store (default: a temporary one)")
    options = parser.parse_args()
    work = options.work or pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    options.work = work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        found = readers()
        measure.machine()
        for shape in options.shapes.split(","):
            compare(options, shape, found)
    except Failed as error:
        print(error)
        return 1
    finally:
        if "--work" not in sys.argv:
            shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
