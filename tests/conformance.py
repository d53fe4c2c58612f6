#!/usr/bin/env python3
"""Is what Sluice stores what the file says? Runs the binary over files that other projects made (tests/data) and compares
every cell with what the manifest's hash vouches for.

conformance.py [--bin build/sluice] [--data tests/data]
For CSV, `records_sha256` in MANIFEST.json is the SHA-256 of the JSON text of all records as arrays of strings, blank lines
and BOM left out: what Python's csv module, PapaParse and csv-parse agree on. A JSON entry with the outcome `reject` is no
JSON and has to be refused. Ends with `N passed, N failed`.
"""
import argparse
import concurrent.futures
import csv
import gzip
import hashlib
import io
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECOGNISED = ("missing-cell", "extra-cell", "blank-row")


class Wrong(Exception):
    """Something else is stored than the file says."""


def demand(true, message):
    if not true:
        raise Wrong(message)


def records_of(path, expected):
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    text = raw.decode(expected["encoding"])
    return [record for record in csv.reader(io.StringIO(text, newline=""), delimiter=expected["delimiter"]) if record]


def digest(records):
    text = json.dumps(records, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def column_names(header):
    """Blank names become column_N, repeated ones get _2, _3 … that no other column has by itself."""
    header = [name.strip() for name in header]  # blanks around a name are no part of it
    names, taken = [], {name for name in header if name}
    for place, name in enumerate(header, 1):
        name = name if name else f"column_{place}"
        number, unique = 1, name
        while unique in names or (number > 1 and unique in taken):
            number += 1
            unique = f"{name}_{number}"
        names.append(unique)
    return names


def run(binary, path, source, folder):
    pipeline = folder / "conformance.yaml"
    pipeline.write_text(f"name: conformance\nsource: {json.dumps(source)}\nnormalise: false\nidentity: position\n", encoding="utf-8")
    return subprocess.run([binary, "run", str(path), "-p", str(pipeline), "--to", f"sqlite:{folder / 'store.db'}", "--json",
                           "--quiet"], cwd=folder, capture_output=True, text=True, timeout=60, check=False,
                          env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"})


def check_csv(binary, path, expected, folder):
    records = records_of(path, expected)
    demand(digest(records) == expected["records_sha256"], "this script does not reproduce the manifest's hash")
    source = {"format": "csv", "dialect": {"delimiter": expected["delimiter"], "header": True}}
    done = run(binary, path, source, folder)
    if len(records) < 2 and done.returncode in (1, 2):
        demand(len(done.stderr.strip()) > 10, "refused without a word")
        return  # no rows: to say so is right
    demand(done.returncode == 0, f"exit status {done.returncode}: {done.stderr.strip()}")
    rows = json.loads(done.stdout)["rows"]
    database = sqlite3.connect(folder / "store.db")
    stored = {number: json.loads(data) for number, data in database.execute("SELECT row_number, data FROM ingested_data")}
    rejects = dict(database.execute("SELECT row_number, code FROM validation_errors"))
    database.close()
    demand(rows["read"] == len(records) - 1, f"{rows['read']} rows were read, the file has {len(records) - 1}")
    demand(len(stored) == rows["inserted"] and len(rejects) == rows["rejected"], "result and tables differ")
    names = column_names(records[0])
    for number, cells in enumerate(records[1:], 1):
        if len(cells) != len(names) or "\0" in "".join(cells):
            demand(number in rejects, f"row {number} {cells} does not fit the header and was not rejected")
        elif number in rejects:
            demand(rejects[number] in RECOGNISED and not any(cell.strip() for cell in cells),
                   f"row {number} {cells} was rejected: {rejects[number]}")
        else:
            demand(stored.get(number) == dict(zip(names, cells, strict=True)), f"row {number} should be {cells}, is {stored.get(number)}")


def check_refused(binary, path, folder):
    done = run(binary, path, {"format": "json"}, folder)
    demand(done.returncode in (1, 2), f"this is no JSON, but the exit status is {done.returncode}: {done.stdout.strip()}")
    demand(len(done.stderr.strip()) > 10, "refused without a word")


def check(binary, data, entry):
    """None, or what is wrong."""
    with tempfile.TemporaryDirectory(prefix="sluice-conformance-") as folder:
        try:
            if "records_sha256" in entry["expected"]:
                check_csv(binary, data / entry["path"], entry["expected"], pathlib.Path(folder))
            else:
                check_refused(binary, data / entry["path"], pathlib.Path(folder))
        except (Wrong, OSError, ValueError, KeyError, sqlite3.Error, subprocess.TimeoutExpired) as error:
            return f"{entry['path']}: {type(error).__name__}: {error}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--data", default=str(ROOT / "tests" / "data"))
    options = parser.parse_args()
    binary, data = str(pathlib.Path(options.bin).resolve()), pathlib.Path(options.data).resolve()
    entries = json.loads((data / "MANIFEST.json").read_text(encoding="utf-8"))["entries"]
    entries = [entry for entry in entries if "records_sha256" in entry.get("expected", {}) or entry["expected"].get("outcome") == "reject"]
    if not pathlib.Path(binary).exists():
        print(f"{binary} is not there; ./dev build makes it\n0 passed, {len(entries)} failed")
        return 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [problem for problem in pool.map(lambda entry: check(binary, data, entry), entries) if problem]
    for problem in problems:
        print(problem)
    print(f"{len(entries) - len(problems)} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
