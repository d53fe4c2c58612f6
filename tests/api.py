#!/usr/bin/env python3
"""The API of `sluice serve` held against its own document: who may what, every operation as it is meant and as it is not,
every problem against docs/errors.md, and Schemathesis, which makes up requests of its own (tests/api_schemathesis.py).

api.py [--bin FILE] [--only PART,…] [--examples N] [--seed N]
"""
import argparse
import collections
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import api_access
import api_bad
import api_good
import api_schemathesis
from api_client import ROOT, Client, Tally, problems_of_page
from openapi_check import Document
from service import BROKEN, Server

PARTS = ("access", "good", "bad", "schemathesis")
# What needs a broken disk, a slow client, a full house or another time: the unit tests beside src/server have these.
NOT_HERE = {"crowded", "gone", "internal", "misdirected", "no-space", "queue-full", "stopping", "too-many-requests", "too-slow",
            "unavailable", "upload-in-use"}


def make_keys(binary, folder):
    """A key of every kind, made before the server is there; and the id of the admin's."""
    store, keys = folder / "store.db", {}

    def make(name, role, *more):
        ended = subprocess.run([str(binary), "keys", "create", "--name", name, "--role", role, "--json", *more,
                                "--to", f"sqlite:{store}"], cwd=folder, check=True, capture_output=True, text=True)
        made = json.loads(ended.stdout)
        keys[name], keys[name + " id"] = made["key"], made["id"]

    for role in ("admin", "operator", "uploader", "viewer"):
        make(role, role)
    make("limited", "admin", "--pipeline", "hospitals")
    make("other", "admin", "--tenant", "acme")
    make("expired", "admin", "--expires", "2100-01-01T00:00:00Z")
    make("revoked", "admin")
    subprocess.run([str(binary), "keys", "revoke", keys["revoked id"], "--to", f"sqlite:{store}"], cwd=folder, check=True,
                   capture_output=True)
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE api_keys SET expires_ms = 1 WHERE id = ?", [keys["expired id"]])
    connection.close()
    return keys


def problems_of_source():
    """The names of problems that src/ makes."""
    names = set()
    for path in (ROOT / "src" / "server").glob("*.cpp"):
        if not path.name.endswith("_test.cpp"):
            text = path.read_text(encoding="utf-8")
            names |= set(re.findall(r'\.status = \d+,\s*\.name = "([a-z-]+)"', text))
            names |= set(re.findall(r'refuse\(\{\d+, "([a-z-]+)"', text))
    return names


def check_page(client, parts):
    """docs/errors.md has every problem that the source has, and no other; what this run can bring about, it did."""
    page, source = set(problems_of_page()), problems_of_source()
    client.tally.equal("problems of src/server that docs/errors.md has not", sorted(source - page), [])
    client.tally.equal("problems of docs/errors.md that src/server has not", sorted(page - source), [])
    if {"access", "good", "bad"} <= parts:
        client.tally.equal("problems that never occurred", sorted(page - client.seen_problems - NOT_HERE), [])


def check_covered(client):
    """The table of operations: one that never did what it is for, or never refused, is a failure."""
    print(f"{'operation':24} {'answered':16} refused with")
    for operation in client.document.operations:
        good, bad = client.good[operation.id], client.bad[operation.id]
        words = [", ".join(str(status) for status in sorted(one)) or "never" for one in (good, bad)]
        print(f"{operation.id:24} {words[0]:16} {words[1]}")
        client.tally.check(f"{operation.id} is covered", (["it never did what it is for"] if not good else []) + (
            ["it never refused"] if not bad and not operation.is_open else []))


def run(options, folder):
    binary, tally = options.bin.resolve(), Tally()
    (folder / "pipelines").mkdir()
    shutil.copy(ROOT / "examples" / "hospitals.yaml", folder / "pipelines")
    keys = make_keys(binary, folder)
    parts = set(options.only)
    took = collections.OrderedDict()
    with Server(binary, folder) as server:
        client = Client(server, Document(server.request("GET", "/openapi.json")[2]), tally)

        def part(name, work):
            begin = time.monotonic()
            work()
            took[name] = time.monotonic() - begin

        if "access" in parts:
            part("access", lambda: (api_access.check_words(client), api_access.check_without_key(client, keys),
                                    api_access.check_roles(client, keys),
                                    api_access.check_what_is_not_there(client, keys["admin"])))
        if {"good", "bad"} & parts:
            good = api_good.Good(client, keys, folder / "blobs")
            part("good", good.all)
            if "bad" in parts:
                part("bad", lambda: api_bad.Bad(client, keys, good.people).all())
        check_page(client, parts)
        if {"good", "bad"} <= parts:
            check_covered(client)
        if "schemathesis" in parts:
            part("schemathesis", lambda: api_schemathesis.check(client, keys["admin"], options, folder))
        tally.equal("SIGTERM ends the server", server.stop(), 0)
    print("seconds: " + ", ".join(f"{name} {seconds:.0f}" for name, seconds in took.items()))
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "sluice", help="the program")
    parser.add_argument("--only", type=lambda names: names.split(","), default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--examples", type=int, default=4, help="requests that Schemathesis makes up for an operation")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-api-"))
    try:
        tally = run(options, folder)
    except BROKEN as error:
        print(f"FAILED: the server went away: {error}\n0 passed, 1 failed")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
