#!/usr/bin/env python3
"""Two processes on one store at once: both end well, no row is lost or doubled, the counters add up. Needs a built program."""
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("SLUICE_BIN", str(ROOT / "build" / "sluice"))
ROWS = 30000
PATIENCE_SECONDS = 120
PIPELINE = "name: p\nretry: {attempts: 1000, backoff: {type: fixed, delay: 100ms}}\n"


@unittest.skipUnless(pathlib.Path(BINARY).exists(), "needs a built program")
class TwoProcesses(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-two-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "p.yaml").write_text(PIPELINE, encoding="utf-8")

    def make(self, name, first, rows=ROWS):
        lines = [f"{number},name {number}\n" for number in range(first, first + rows)]
        (self.folder / name).write_text("id,name\n" + "".join(lines), encoding="utf-8")

    def start(self, name):
        return subprocess.Popen([BINARY, "run", name, "-p", "p.yaml", "--to", "sqlite:s.db", "--json", "--batch-rows", "500"],
                                cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"})

    def end(self, process):
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 0, out + err)
        return json.loads(out)

    def ask(self, sql):
        database = sqlite3.connect(self.folder / "s.db", timeout=30)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def check(self, results, rows):
        for result in results:
            self.assertEqual(result["status"], "COMPLETED")
            counts = result["rows"]
            self.assertEqual(counts["read"], counts["inserted"] + counts["updated"] + counts["duplicate"] + counts["rejected"])
        self.assertEqual(self.ask("SELECT count(*), count(DISTINCT content_hash) FROM ingested_data"), [(rows, rows)])
        self.assertEqual(self.ask("SELECT sum(rows_inserted), sum(rows_rejected) FROM ingestion_jobs"), [(rows, 0)])
        self.assertEqual(self.ask("SELECT DISTINCT status FROM ingestion_jobs"), [("COMPLETED",)])

    def test_different_files_that_share_rows(self):
        self.make("a.csv", 0)
        self.make("b.csv", ROWS // 2)
        results = [self.end(process) for process in [self.start("a.csv"), self.start("b.csv")]]
        self.check(results, ROWS + ROWS // 2)
        self.assertEqual([result["rows"]["read"] for result in results], [ROWS, ROWS])

    def test_the_same_file_at_the_same_instant(self):
        self.make("a.csv", 0)
        results = [self.end(process) for process in [self.start("a.csv"), self.start("a.csv")]]
        self.check(results, ROWS)

    def test_a_new_store_is_made_by_both(self):
        """Nobody is told that the file is busy while the other makes its tables."""
        for name in ("a.csv", "b.csv"):
            self.make(name, 0, 2)
        for _ in range(20):
            for path in self.folder.glob("s.db*"):
                path.unlink()
            for process in [self.start("a.csv"), self.start("b.csv")]:
                self.end(process)

    def test_the_same_file_while_the_first_is_at_it(self):
        """The second finds the first's job, waits for it, and gives its result. The first is held until that is so."""
        self.make("a.csv", 0, 3 * ROWS)
        first = self.start("a.csv")
        end = time.monotonic() + PATIENCE_SECONDS
        read = 0
        while read == 0 and first.poll() is None and time.monotonic() < end:
            try:
                read = self.ask("SELECT sum(rows_read) FROM ingestion_jobs")[0][0] or 0
            except sqlite3.OperationalError:   # not made yet
                pass
        first.send_signal(signal.SIGSTOP)
        self.addCleanup(first.kill)
        second = subprocess.Popen([BINARY, "run", "a.csv", "-p", "p.yaml", "--to", "sqlite:s.db", "--batch-rows", "500"], cwd=self.folder,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"})
        said = second.stderr.readline()
        first.send_signal(signal.SIGCONT)
        out, err = second.communicate(timeout=PATIENCE_SECONDS)
        self.assertIn("Going on with job", said)
        self.assertEqual(second.returncode, 0, out + err)
        result = self.end(first)
        self.assertIn("COMPLETED", out)
        self.assertIn(result["jobId"], out)
        self.check([result], 3 * ROWS)


if __name__ == "__main__":
    unittest.main()
