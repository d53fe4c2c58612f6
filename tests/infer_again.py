#!/usr/bin/env python3
"""Does a pipeline that `infer` writes read its file as the program does by itself? For every CSV, TSV, JSON and NDJSON file of a
folder: `run FILE`, `infer FILE -o p.yaml` and `run FILE -p p.yaml` have to store the same rows and reject the same ones, and a second
`run FILE` on the first store (through the pipeline that it kept) nothing new.

infer_again.py FOLDER [--bin build/sluice] [--only WORDS]     ends with `N passed, N failed`
"""
import argparse
import concurrent.futures
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENDINGS = (".csv", ".tsv", ".json", ".ndjson", ".jsonl", ".txt", ".psv", ".ssv", ".csv.gz", ".json.gz")


class Wrong(Exception):
    """The two do not agree."""


def sluice(binary, folder, *arguments):
    return subprocess.run([binary, *arguments, "--quiet"], cwd=folder, capture_output=True, text=True, errors="replace", timeout=300, check=False,
                          env={"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8", "TMPDIR": folder})


def stored(path):
    """(rows, rejects, counts by job) of a store."""
    database = sqlite3.connect(path)
    rows = sorted(database.execute("SELECT hex(content_hash), row_number FROM ingested_data"))
    rejects = sorted(database.execute("SELECT e.row_number, e.line, e.code, e.field FROM validation_errors e JOIN ingestion_jobs j "
                                      "ON j.id = e.job_id WHERE j.sequence = 1"), key=str)
    counts = list(database.execute("SELECT status, rows_read, rows_inserted, rows_duplicate, rows_rejected FROM ingestion_jobs ORDER BY sequence"))
    database.close()
    return rows, rejects, counts


def demand(true, message):
    if not true:
        raise Wrong(message)


def first_difference(one, two):
    for a, b in zip(one, two):
        if a != b:
            return f"{a} is not {b}"
    return f"{len(one)} are not {len(two)}"


def check(binary, path):
    """None, or what is wrong."""
    with tempfile.TemporaryDirectory(prefix="sluice-infer-") as folder:
        try:
            plain = sluice(binary, folder, "run", str(path), "--to", "sqlite:plain.db")
            inferred = sluice(binary, folder, "infer", str(path), "-o", "p.yaml")
            if inferred.returncode != 0:
                demand(plain.returncode == inferred.returncode, f"run ends with {plain.returncode}, infer with {inferred.returncode}: {inferred.stderr}")
                return None
            named = sluice(binary, folder, "run", str(path), "-p", "p.yaml", "--to", "sqlite:named.db")
            demand(plain.returncode == named.returncode, f"run ends with {plain.returncode}, with the pipeline {named.returncode}: {named.stderr}")
            if plain.returncode != 0:
                return None
            one, two = stored(f"{folder}/plain.db"), stored(f"{folder}/named.db")
            for what, index in (("counts", 2), ("rejects", 1), ("rows", 0)):
                demand(one[index] == two[index], f"other {what} with the pipeline: {first_difference(one[index], two[index])}")
            again = sluice(binary, folder, "run", str(path), "--to", "sqlite:plain.db")
            demand(again.returncode == 0, f"the second run ends with {again.returncode}: {again.stderr}")
            first, second = stored(f"{folder}/plain.db")[2]
            demand(second[1] == first[1] and second[2] == 0 and second[4] == first[4], f"through the kept pipeline {second} after {first}")
        except (Wrong, sqlite3.Error, subprocess.TimeoutExpired) as error:
            return f"{path}: {type(error).__name__}: {error}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    binary = str(pathlib.Path(options.bin).resolve())
    files = sorted(path.resolve() for path in options.folder.rglob("*")
                   if path.name.endswith(ENDINGS) and path.is_file() and options.only in str(path))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [problem for problem in pool.map(lambda path: check(binary, path), files) if problem]
    print("\n".join(problems))
    print(f"{len(files) - len(problems)} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
