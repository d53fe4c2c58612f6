#!/usr/bin/env python3
"""What aggregates cost, and what workers that change the same few groups at once wait for each other: `./dev bench aggregates`.

Jobs of small commits wait in a paused queue and are then worked on by 1 or 8 workers, without an aggregate, with one of three
groups (every commit changes all of them), and with one of many groups (each commit changes as many as it has rows). The groups
are checked against what was sent. bench/README.md says what is compared.
"""
import argparse
import collections
import os
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import time

import measure
from measure import Failed, count, table
from measure_service import SETTINGS, send_file, server_at, wait_for_all

sys.path.insert(0, str(measure.ROOT / "tests"))

COMMIT_ROWS = 1000
PIPELINE = """name: people
source: {{format: csv, dialect: {{delimiter: ","}}, encoding: utf-8}}
schema: {{fields: [{{name: few, type: string}}, {{name: many, type: string}}, {{name: amount, type: integer}}]}}
identity: position
batch: {{rows: {rows}}}
{aggregates}
"""
AGGREGATE = "aggregates: [{{name: groups, by: [{by}], measures: {{rows_of_it: count, total: sum(amount)}}}}]"
KINDS = {"no aggregate": "", "3 groups": AGGREGATE.format(by="few"), "100,000 groups": AGGREGATE.format(by="many")}


def make_files(options):
    """Files of `rows` rows, and what they come to by `few` and by `many`."""
    chance = random.Random(1)
    sums = {"few": collections.defaultdict(lambda: [0, 0]), "many": collections.defaultdict(lambda: [0, 0])}
    files = []
    for number in range(options.files):
        path = options.work / f"groups-{number}.csv"
        with open(path, "w", encoding="utf-8") as file:
            file.write("few,many,amount\n")
            for _ in range(options.rows):
                few, many, amount = chance.choice("abc"), f"g{chance.randrange(100_000)}", chance.randrange(1000)
                file.write(f"{few},{many},{amount}\n")
                for by, value in (("few", few), ("many", many)):
                    sums[by][value][0] += 1
                    sums[by][value][1] += amount
        files.append(path)
    return files, sums


def check_groups(server, by, sums):
    cursor, found = "", {}
    while cursor is not None:
        page = server.json("GET", f"/v1/aggregates/groups?limit=1000{cursor}")
        found.update({group[by]: [group["rows_of_it"], group["total"]] for group in page["items"]})
        cursor = page["next"] and f"&cursor={page['next']}"
    if found != sums:
        raise Failed(f"{len(found)} groups are not the {len(sums)} that were sent")


def rows_a_second(options, store, workers, kind, files, sums):
    with server_at(options, store, ["--workers", str(workers)]) as server:
        (pathlib.Path(server.folder) / "pipelines" / "people.yaml").write_text(
            PIPELINE.format(rows=COMMIT_ROWS, aggregates=KINDS[kind]), encoding="utf-8")
        queue = server.json("GET", "/v1/queues")["items"][0]["name"]
        server.json("POST", f"/v1/queues/{queue}/pause")
        for path in files:
            send_file(server, path)
        begin = time.monotonic()
        server.json("POST", f"/v1/queues/{queue}/resume")
        wait_for_all(server)
        seconds = time.monotonic() - begin
        if kind != "no aggregate":
            by = "few" if kind == "3 groups" else "many"
            check_groups(server, by, dict(sums[by]))
    print(f"  {store}, {workers} workers, {kind}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return options.files * options.rows / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--rows", type=int, default=10_000, help="of each file")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--stores", default="sqlite,postgres", type=lambda names: names.split(","))
    options = parser.parse_args()
    if "postgres" in options.stores and "SLUICE_TEST_POSTGRES" not in os.environ:
        tool = measure.ROOT / "tools" / "with_postgres.sh"
        os.execv(tool, [str(tool), *(word for setting in SETTINGS for word in ("-c", setting)), sys.executable, *sys.argv])
    options.work = pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    try:
        measure.machine()
        files, sums = make_files(options)
        for store in options.stores:
            cells = {(workers, kind): [] for workers in (1, 8) for kind in KINDS}
            for _ in range(options.repeat):
                for workers, kind in cells:
                    cells[workers, kind].append(rows_a_second(options, store, workers, kind, files, sums))
            lines = []
            for workers in (1, 8):
                alone = statistics.median(cells[workers, "no aggregate"])
                for kind in KINDS:
                    rate = statistics.median(cells[workers, kind])
                    lines.append([f"{workers} workers, {kind}", count(rate), f"{rate / alone:.2f}"])
            table([f"{store}: commits of {count(COMMIT_ROWS)} rows", "rows/s", "× without"], lines)
    except Failed as error:
        print(error)
        return 1
    finally:
        shutil.rmtree(options.work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
