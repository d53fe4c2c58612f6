"""Kills `sluice serve` at random instants, while files come in by every way of upload, are planned and loaded, starts it
again, and checks in the end that every accepted file is stored exactly once. Used by tests/crash.py."""
import io
import pathlib
import random
import shutil
import tempfile
import threading
import time
import zipfile

import people
import stored
from load import packed
from service import BROKEN, Server, ServiceError, TusUpload, send_form, send_raw
from stored import demand

FORMATS = ["csv", "ndjson", "csv.gz"]
ARCHIVE = "delivery.zip"
LONGEST_SECONDS = 1.5   # between a start and the kill after it
END_SECONDS = 180       # for everything that was accepted, after the last kill


class Sender(threading.Thread):
    """Sends one file until it is accepted, however often the server goes away meanwhile."""

    def __init__(self, trial, name, data, way):
        super().__init__(daemon=True)
        self.trial, self.name_of_file, self.data, self.way = trial, name, data, way
        self.job_id, self.wrong = None, None

    def run(self):
        server, name = self.trial.server, self.name_of_file
        tus = TusUpload(server, name, self.data, "people", self.trial.piece)
        while self.job_id is None and not self.trial.over.is_set():
            try:
                if self.way == "tus":
                    self.job_id = tus.send()
                else:
                    send = send_raw if self.way == "raw" else send_form
                    self.job_id = send(server, name, self.data, "people", f"key of {name}")
            except BROKEN:
                self.trial.over.wait(0.02)   # it is being started again
            except ServiceError as error:
                self.wrong = error
                return


class ServiceTrial:
    """Kills the server up to `most` times, lets it finish, checks."""

    def __init__(self, options, seed, identity, kind, most, store):
        self.rng = random.Random(seed)
        self.identity, self.kind, self.which = identity, kind, "service"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-crash-service-"))
        self.store = store(self.folder)
        self.faults = min(self.rng.randint(2, 8), most)
        self.piece = self.rng.choice([10_000, 200_000, 5_000_000])
        self.over = threading.Event()
        batch_rows = self.rng.choice([100, 500, 2000, 10000])
        pipelines = self.folder / "pipelines"
        pipelines.mkdir()
        # Attempts that ended in a kill count only while nothing gets on; the trial may strike before the first commit.
        (pipelines / "people.yaml").write_text(
            people.PIPELINE + people.IDENTITIES[identity] + f"batch: {{rows: {batch_rows}}}\nretry: {{attempts: 50}}\n",
            encoding="utf-8")
        self.server = Server(options.bin, self.folder, self.store.url, ["--workers", str(self.rng.choice([1, 2, 4]))])
        self.files, self.expected = {}, {}
        rows = self.rng.randint(20, max(40, options.rows // 2))
        for number, made in enumerate(people.make_overlapping(self.rng.randint(2, 5), rows, seed)):
            name = f"people-{number}.{kind}"
            self.files[name] = packed(people.to_ndjson(made) if kind == "ndjson" else people.to_csv(made), kind)
            self.expected[name] = people.expect(made)
        if self.rng.random() < 0.5:
            self.pack(self.rng.randint(1, len(self.files)))

    def pack(self, count):
        """So many of the files are sent as one archive, whose job has no rows of its own."""
        packed_files = io.BytesIO()
        with zipfile.ZipFile(packed_files, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in sorted(self.files)[:count]:
                archive.writestr(name, self.files.pop(name))
        self.files[ARCHIVE], self.expected[ARCHIVE] = packed_files.getvalue(), people.expect([])

    def describe(self):
        return f"service, {self.identity}, {self.kind}, {len(self.expected)} files" + f" and {ARCHIVE}" * (ARCHIVE in self.files)

    def run(self):
        """How often the server was killed."""
        self.server.start()
        senders = [Sender(self, name, data, self.rng.choice(["raw", "form", "tus"])) for name, data in self.files.items()]
        try:
            for sender in senders:
                sender.start()
            for _ in range(self.faults):
                time.sleep(self.rng.uniform(0, LONGEST_SECONDS) ** 2 / LONGEST_SECONDS)   # the instant of the kill
                self.server.kill()
                found = self.store.snapshot()
                if found:
                    stored.check_counters(found, self.expected)
                self.server.start()
            results = {sender.name_of_file: self.end_of(sender) for sender in senders}
            self.check_archive(results.pop(ARCHIVE, None), results)
            status = self.server.stop()
            demand(status == 0, f"SIGTERM ended the server with status {status}: {self.server.log[-3:]}")
        finally:
            self.over.set()
            self.server.__exit__()
        stored.check_end(self.store.snapshot(), self.expected, self.identity, results)
        self.check_files()
        return self.faults

    def end_of(self, sender):
        """The job that the file became, at its end."""
        sender.join(END_SECONDS)
        demand(sender.wrong is None, f"{sender.name_of_file} by {sender.way}: {sender.wrong}")
        demand(sender.job_id is not None, f"{sender.name_of_file} by {sender.way} was not accepted in {END_SECONDS} s")
        try:
            return self.server.wait_for(sender.job_id, patience=END_SECONDS)
        except ServiceError as error:
            raise stored.Wrong(str(error)) from None

    def check_archive(self, archive, results):
        """Its rows are those of its members, which are added to the results."""
        if archive is None:
            return
        members = self.server.json("GET", f"/v1/jobs?parent={archive['id']}&limit=100")["items"]
        for count in stored.COUNTS:
            rows = sum(job["rows"][count] for job in members)
            demand(archive["rows"][count] == rows, f"the archive says {count} {archive['rows'][count]}, its members {rows}")
        results.update({job["file"]["name"]: job for job in members})

    def check_files(self):
        """Files of jobs are kept for a while after their end; beside them nothing may be left but unfinished uploads,
        which go when their time is over."""
        whole = [path for path in (self.folder / "blobs").rglob("*") if path.is_file() and path.stat().st_size > 0]
        demand(len(whole) >= len(self.files), f"{len(whole)} files are kept of {len(self.files)}")

    def clean(self):
        if hasattr(self.store, "drop"):
            self.store.drop()
        shutil.rmtree(self.folder, ignore_errors=True)
