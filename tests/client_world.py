"""What the checks of tests/clients.py share: the Node packages, servers of their own, files with known rows, and what has
to be stored of them, worked out without the program."""
import dataclasses
import gzip
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import threading
import urllib.parse

from service import Server
from stored import demand

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "tests" / "clients"
RUN_SECONDS = 80
PIPELINE = """\
name: {name}
schema:
  fields:
    - {{name: id, type: string, constraints: {{required: true}}}}
    - {{name: name, type: string}}
    - {{name: note, type: string}}
"""


@dataclasses.dataclass
class File:
    """Rows of which every 50th has no id, which makes it a reject."""
    data: bytes
    rows: int
    rejected: int
    hashes: set     # of the rows that are stored
    sha256: str


def make_file(rows, note_bytes=8, seed=1):
    rng = random.Random(seed)
    lines, hashes, rejected = ["id,name,note"], set(), 0
    for number in range(1, rows + 1):
        row = {"id": "" if number % 50 == 0 else f"r{number}", "name": f"Zoë {number}", "note": rng.randbytes(note_bytes).hex()}
        lines.append(",".join(row.values()))
        if row["id"]:
            canonical = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            hashes.add(hashlib.sha256(canonical.encode()).digest())
        else:
            rejected += 1
    data = ("\n".join(lines) + "\n").encode()
    return File(data, rows, rejected, hashes, hashlib.sha256(data).hexdigest())


class World:
    """The program, a folder for all checks, the packages of package.json in the user's cache."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.lock = threading.Lock()   # installing
        self.modules = None

    def end(self):
        """Each check ends its own servers."""

    def node_modules(self):
        with self.lock:
            if self.modules is None:
                wanted = (SCRIPTS / "package.json").read_bytes()
                cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
                folder = cache / "sluice" / f"test-clients-{hashlib.sha256(wanted).hexdigest()[:12]}"
                if not (folder / "complete").exists():
                    shutil.rmtree(folder, ignore_errors=True)
                    folder.mkdir(parents=True)
                    (folder / "package.json").write_bytes(wanted)
                    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
                    (folder / "complete").touch()
                self.modules = folder / "node_modules"
        return self.modules

    def place(self, name, **more):
        return Place(self, name, **more)


class Place:
    """One check's folder and server. A context: the server runs inside of it."""

    def __init__(self, world, name, options=(), environment=None, batch_rows=None):
        self.world, self.folder = world, world.folder / name
        (self.folder / "pipelines").mkdir(parents=True)
        self.server = Server(world.binary, self.folder, None, options, environment)
        self.batch_rows = batch_rows

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.__exit__()

    def pipeline(self, name, more=""):
        batch = f"batch: {{rows: {self.batch_rows}}}\n" if self.batch_rows else ""
        (self.folder / "pipelines" / f"{name}.yaml").write_text(PIPELINE.format(name=name) + batch + more, encoding="utf-8")
        return name

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def key(self, role, *more):
        made = subprocess.run([self.world.binary, "keys", "create", "--name", role, "--role", role, "--to", self.server.store, *more],
                              cwd=self.folder, capture_output=True, text=True, check=True)
        return made.stdout.strip()

    # ------------------------------------------------------------ clients

    def script(self, name):
        """A script of tests/clients, where it finds its packages."""
        link = self.folder / "node_modules"
        if not link.is_symlink():
            link.symlink_to(self.world.node_modules())
        return shutil.copy(SCRIPTS / name, self.folder / name)

    def start_node(self, name, *arguments, environment=None):
        given = [one if isinstance(one, str) else json.dumps(one) for one in arguments]
        return subprocess.Popen(["node", self.script(name), *given], cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True,
                                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8", **(environment or {})})

    def node(self, name, *arguments, **more):
        """The JSON that a script prints last."""
        process = self.start_node(name, *arguments, **more)
        try:
            out, err = process.communicate(timeout=RUN_SECONDS)
        finally:
            process.kill()
        demand(process.returncode == 0 and out.strip(), f"{name} ended with status {process.returncode}: {err[-2000:]}")
        return json.loads(out.strip().splitlines()[-1])

    # ------------------------------------------------------------ what became of a file

    def check_loaded(self, job_id, file, pipeline, sent=None, key=None):
        """That the job has counted, kept and stored what was sent, the first time that it was. `sent`: the bytes, where
        they are not the file's own (compressed)."""
        job = self.server.wait_for(job_id, key)
        demand(job["status"] == "COMPLETED", f"the job is {job['status']}: {job['error']}")
        wanted = {"read": file.rows, "inserted": file.rows - file.rejected, "updated": 0, "duplicate": 0, "rejected": file.rejected}
        demand(job["rows"] == wanted, f"the job counts {job['rows']}, not {wanted}")
        data = file.data if sent is None else sent
        demand(job["file"]["size"] == len(data), f"the file has {job['file']['size']} bytes, not {len(data)}")
        demand(job["file"]["sha256"] == hashlib.sha256(data).hexdigest(), "the job's sha256 is not the file's")
        kept = [path for path in self.blobs() if path.stat().st_size == len(data) and path.read_bytes() == data]
        demand(kept, f"no blob has the bytes that were sent: {[(p.name, p.stat().st_size) for p in self.blobs()]}")
        stored = self.sql("SELECT content_hash FROM ingested_data WHERE pipeline = ?", pipeline)
        demand({row[0] for row in stored} == file.hashes and len(stored) == len(file.hashes),
               f"{len(stored)} rows are stored, not {len(file.hashes)}, or others")
        return job

    def blobs(self):
        return [path for path in (self.folder / "blobs").rglob("*") if path.is_file()]

    def sql(self, query, *arguments):
        database = sqlite3.connect(f"file:{self.folder / 'store.db'}?mode=ro", uri=True)
        try:
            return database.execute(query, arguments).fetchall()
        finally:
            database.close()

    def items(self, path, key=None):
        """All pages of a list."""
        found, cursor = [], ""
        while True:
            page = self.server.json("GET", path + ("&" if "?" in path else "?") + "limit=500" + cursor, key=key)
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = "&cursor=" + urllib.parse.quote(page["next"])


def packed(data):
    return gzip.compress(data, 1, mtime=0)   # the same each time
