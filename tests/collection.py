#!/usr/bin/env python3
"""Runs the judge of the larger collection of files with known answers and takes off what is argued.

collection.py FOLDER declared|auto     FOLDER holds conformance/run.py and data/MANIFEST.json

A file whose answer we hold to be wrong stands in collection_reasons.json with the reason; it is printed each
time. Ends with `N passed, N failed`.
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    folder, dialect = sys.argv[1:3]
    out = f"build/logs/conformance-{dialect}.json"
    run = subprocess.run(
        [sys.executable, os.path.join(folder, "conformance/run.py"), "--data", os.path.join(folder, "data"),
         "--bin", "build/sluice", "--dialect", dialect, "--xlsx", "--jobs", str(os.cpu_count()), "--out", out],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    print(run.stdout, run.stderr, sep="")
    summary = re.findall(r"^(\d+) passed, (\d+) failed", run.stdout, re.M)
    if not summary:
        print("0 passed, 1 failed")
        return 1
    passed, failed = map(int, summary[-1])
    with open(os.path.join(HERE, "collection_reasons.json"), encoding="utf-8") as file:
        reasons = json.load(file)
    with open(out, encoding="utf-8") as file:
        failures = {failure["file"]: failure for failure in json.load(file)["failures"]}
    for name, failure in failures.items():
        if name in reasons:
            print(f"argued: {name}: {reasons[name]}")
            passed, failed = passed + 1, failed - 1
        else:
            print(f"{name}: {failure['kind']}: {str(failure.get('message'))[:300]}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
