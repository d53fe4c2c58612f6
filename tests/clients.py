#!/usr/bin/env python3
"""Clients that others made, as they are published, against `sluice serve`: curl, tus-js-client, a WebSocket library, a
browser. What they send is loaded to the byte, whatever breaks; what they are refused leaves nothing behind.

clients.py [--bin build/sluice] [--only PART_OF_A_NAME] [--jobs N] [--keep]
The packages of tests/clients/package.json are put into ~/.cache/sluice. Prints what failed, then `N passed, N failed`.
"""
import argparse
import concurrent.futures
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

import client_browser
import client_curl
import client_documents
import client_events
import client_tus
from client_world import ROOT, World
from stored import Wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--only", default="", help="only checks with this in their name")
    parser.add_argument("--jobs", type=int, default=3, help="checks at once (default 3)")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    options = parser.parse_args()
    suites = [client_events, client_browser, client_tus, client_curl, client_documents]
    checks = [check for suite in suites for check in suite.CHECKS if options.only in check.__name__]
    binary = pathlib.Path(options.bin)
    if not binary.exists():
        print(f"{options.bin} is not there; ./dev build makes it\n0 passed, 1 failed")
        return 1
    if client_browser.installed() is None and any(check.__name__.startswith("browser") for check in checks):
        print("There is no Chromium: the checks with a browser fail (tools/packages.txt, group test)")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-clients-"))
    failed = 0

    def tried(check):
        begin = time.monotonic()
        try:
            check(world)
            return f"{check.__name__}: good ({time.monotonic() - begin:.1f} s)", True
        except Exception as error:  # whatever it was, the others run, and their servers are stopped
            where = "".join(traceback.format_tb(error.__traceback__)[1:])
            kind = "" if isinstance(error, Wrong) else f"{type(error).__name__}: "
            return f"{check.__name__}: FAILED ({time.monotonic() - begin:.1f} s): {kind}{error}\n{where}", False

    world = World(binary.resolve(), folder)
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for text, good in pool.map(tried, checks):
                print(text, flush=True)
                failed += not good
    finally:
        if options.keep:
            print(f"its files: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
