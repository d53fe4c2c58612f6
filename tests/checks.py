"""Runs checks that share a world, several at once, and counts them: what tests/clients.py, tests/connections_postgres.py
and tests/s3.py have in common."""
import argparse
import concurrent.futures
import pathlib
import shutil
import tempfile
import time
import traceback

from stored import Wrong

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run_checks(description, checks, make_world, name):
    """`make_world(binary, folder)` makes what the checks are called with; it has end(). The exit status."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--only", default="", help="only checks with this in their name")
    parser.add_argument("--jobs", type=int, default=3, help="checks at once (default 3: most of them wait)")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    options = parser.parse_args()
    checks = [check for check in checks if options.only in check.__name__]
    binary = pathlib.Path(options.bin)
    if not binary.exists():
        print(f"{options.bin} is not there; ./dev build makes it\n0 passed, 1 failed")
        return 1
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"sluice-{name}-"))
    folder.chmod(0o755)   # servers of other users look into it
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

    world = make_world(binary.resolve(), folder)
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for text, good in pool.map(tried, checks):
                print(text, flush=True)
                failed += not good
    finally:
        world.end()
        if options.keep:
            print(f"its files: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0
