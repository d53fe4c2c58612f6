"""What a server takes in memory: its limit grows where `limits.row_bytes` asks for it, and two jobs at once stay below twice the
limit."""
import os
import pathlib
import shutil
import tempfile
import unittest

from service import Server, send_raw

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("SLUICE_BIN", str(ROOT / "build" / "sluice"))
LIMIT_MIB = 64
PIPELINE = "name: p\nidentity: position\nschema: {fields: [{name: id, type: integer}, {name: text, type: string}]}\n"


def peak_mib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


@unittest.skipUnless(pathlib.Path(BINARY).exists(), "needs a built program")
class ServiceMemoryTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-memory-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "pipelines").mkdir()
        (self.folder / "pipelines" / "p.yaml").write_text(PIPELINE, encoding="utf-8")

    def server(self, *options):
        return Server(BINARY, self.folder, options=options)

    def test_long_rows_are_given_their_memory(self):
        row = "x" * (20 << 20)
        with self.server("--set", "limits.row_bytes=64MiB") as server:
            job = server.wait_for(send_raw(server, "long.csv", f"id,text\n1,{row}\n".encode(), "p", "1"))
            self.assertEqual((job["status"], job["rows"]["inserted"]), ("COMPLETED", 1))

    def test_jobs_at_once_stay_within_their_sum(self):
        rows = 150_000
        data = ("id,text\n" + "".join(f"{number},{number:080d}\n" for number in range(rows))).encode()
        with self.server("--workers", "2", "--memory", f"{LIMIT_MIB}MiB") as server:
            jobs = [send_raw(server, f"{name}.csv", data, "p", name) for name in ("a", "b")]
            for job in map(server.wait_for, jobs):
                self.assertEqual((job["status"], job["rows"]["inserted"]), ("COMPLETED", rows))
            self.assertLess(peak_mib(server), 2 * LIMIT_MIB)


if __name__ == "__main__":
    unittest.main()
