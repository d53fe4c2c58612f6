"""Clients of a test cluster, behind its balancer: they send files by every way there is until each is accepted, however
often connections and nodes break, and sometimes send again, cancel, or retry."""
import base64
import contextlib
import dataclasses
import http.client
import json
import random
import threading
import time
import urllib.parse

from cluster.files import File
from service import BROKEN, form

ANSWER_SECONDS = 15     # a client gives an answer so long, then it asks again
AGAIN_SECONDS = 0.2
FOLDER = "in"   # of the bucket: below it one for each pipeline, with a schedule that watches it
TRY_LATER = (429, 503)
WAYS = {"csv": ["raw", "form", "tus", "bucket"], "ndjson": ["raw", "form", "tus", "bucket", "batch"], "batch": ["batch"]}
MOST_POSTED_ROWS = 20_000   # by a request whose body is held in memory, and may have 8 MiB
ENDS = ("COMPLETED", "FAILED", "CANCELLED")


class Refused(Exception):
    """An answer that no fault excuses."""

    def __init__(self, what, status, body):
        super().__init__(f"{what}: {status} {body[:400]!r}")
        self.status = status


class Door:
    """The balancer, or one node: requests to a port."""

    def __init__(self, port):
        self.port = port

    def request(self, method, path, body=None, headers=None, timeout=ANSWER_SECONDS):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=None, wanted=(200, 202)):
        status, _, text = self.request(method, path, body, headers)
        if status not in wanted:
            raise Refused(f"{method} {path}", status, text)
        return json.loads(text)

    def insist(self, ask, over):
        """What ask() gives, asked until it gives something; None where `over` is set meanwhile."""
        while not over.is_set():
            try:
                return ask()
            except BROKEN:
                over.wait(AGAIN_SECONDS)
            except Refused as refused:
                if refused.status not in TRY_LATER:
                    raise
                over.wait(AGAIN_SECONDS)
        return None


@dataclasses.dataclass
class Sent:
    """A file on its way, and what became of it as far as its client knows."""
    file: File
    way: str
    job_id: str | None = None   # of a file that was put into the bucket: once somebody has looked for it
    put: bool = False
    cancelled: bool = False   # somebody tried to
    retried: bool = False
    sequence: int = 0


class Tus:
    """A resumable upload, each request of which may reach another node."""

    def __init__(self, door, file, piece):
        self.door, self.file, self.piece, self.path = door, file, piece, None

    def _ask(self, method, path, body, headers, wanted, later=()):
        status, headers, text = self.door.request(method, path, body, {"Tus-Resumable": "1.0.0", **headers})
        if status in later:   # somebody else's turn, or the client knows less than the server: it asks again
            raise ConnectionError(f"{method} {path}: {status}")
        if status not in wanted:
            raise Refused(f"tus {method}", status, text)
        return headers

    def begin(self):
        values = {"filename": self.file.name, "pipeline": self.file.pipeline}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
        headers = self._ask("POST", "/v1/uploads", b"", {"Upload-Length": str(len(self.file.data)), "Upload-Metadata": metadata}, (201,))
        self.path = urllib.parse.urlsplit(headers["location"]).path

    def where(self):
        return self._ask("HEAD", self.path, None, {}, (200, 204))

    def patch(self, offset, door=None):
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        was, self.door = self.door, door or self.door
        try:
            return self._ask("PATCH", self.path, self.file.data[offset:offset + self.piece], headers, (204,), (409, 423))
        finally:
            self.door = was

    def send(self):
        """Goes on where the server is; the job's id."""
        if self.path is None:
            self.begin()
        headers = self.where()
        while "sluice-job-id" not in headers:
            headers = self.patch(int(headers["upload-offset"]))
        return headers["sluice-job-id"]


def send_once(door, file, way, key, data=None):
    """Posts the file, or other bytes under its name: the job's id."""
    data = file.data if data is None else data
    name = urllib.parse.quote(file.name)
    headers = {"Idempotency-Key": key, "Content-Type": "application/octet-stream"}
    path = f"/v1/pipelines/{file.pipeline}/jobs?fileName={name}"
    if way == "batch":
        headers["Content-Type"] = "application/json" if file.kind == "batch" else "application/x-ndjson"
        path = f"/v1/pipelines/{file.pipeline}/batches?fileName={name}"
    elif way == "form":
        headers["Content-Type"], data = form({"pipeline": file.pipeline}, file.name, data)
        path = "/upload"
    return door.json("POST", path, data, headers, (202,))["jobId"]


class Client(threading.Thread):
    """Sends files until it is told to stop; then finishes the one that it is at."""

    def __init__(self, load, seed):
        super().__init__(daemon=True)
        self.load, self.rng = load, random.Random(seed)

    def run(self):
        while not self.load.enough.is_set():
            sent = self.load.next_file(self.rng)
            try:
                self.send(sent)
                if sent.job_id:
                    self.afterwards(sent)
            except Refused as refused:
                self.load.faults.append(f"{sent.file.name} by {sent.way}: {refused}")
            sent.file.__dict__.pop("data", None)   # it can be made again
            self.load.enough.wait(self.rng.uniform(0, self.load.pause))

    def send(self, sent):
        door, over = self.load.door, self.load.over
        if sent.way == "bucket":
            self.put(sent)
            return
        if sent.way == "tus":
            tus = Tus(door, sent.file, self.rng.choice([20_000, 200_000, 5_000_000]))
            sent.job_id = door.insist(tus.send, over)
            return
        key = f"key of {sent.file.name}"
        sent.job_id = door.insist(lambda: send_once(door, sent.file, sent.way, key), over)
        if self.rng.random() < 0.3:   # as one does who has not seen the answer
            again = door.insist(lambda: send_once(door, sent.file, sent.way, key), over)
            if again not in (None, sent.job_id):
                self.load.faults.append(f"{sent.file.name}: the same key gave the jobs {sent.job_id} and {again}")
        if self.rng.random() < 0.1:
            self.send_other(sent, key)

    def put(self, sent):
        bucket, where = self.load.bucket, (sent.file.pipeline, sent.file.name)
        while not sent.put and not self.load.over.is_set():
            try:
                bucket.put(*where, sent.file.data)
                sent.put = True
            except bucket.BROKEN:
                self.load.over.wait(AGAIN_SECONDS)
        for _ in range(self.rng.choice([0, 1, 1, 1, 2])):
            with contextlib.suppress(*bucket.BROKEN):   # then the schedule finds it
                bucket.notify(*where)

    def send_other(self, sent, key):
        """Another body under the same key is refused."""
        try:
            job = self.load.door.insist(lambda: send_once(self.load.door, sent.file, sent.way, key, sent.file.data + b" \n"), self.load.over)
            if job:
                self.load.faults.append(f"{sent.file.name}: another body under the same key was accepted as job {job}")
        except Refused as refused:
            if refused.status != 422:
                raise

    def afterwards(self, sent):
        chance = self.rng.random()
        if chance > 0.08:
            return
        time.sleep(self.rng.uniform(0, 1))   # somewhere in its life
        sent.cancelled = True
        self.steer(sent, "cancel")
        if chance < 0.05:
            sent.retried = True
            self.steer(sent, "retry")

    def steer(self, sent, how):
        # Where it has ended already (409) that is its end.
        self.load.door.insist(lambda: self.load.door.json("POST", f"/v1/jobs/{sent.job_id}/{how}", b"", wanted=(200, 202, 409)),
                              self.load.over)


class Load:
    """`clients` that send at once, with pauses of up to `pause` seconds; every `large_every`-th file is a large one. `bucket`: where
    some of them are put."""

    def __init__(self, door, files, seed, bucket=None, clients=4, pause=1.5, large_every=30):
        self.door, self.files, self.pause, self.large_every, self.bucket = door, files, pause, large_every, bucket
        self.lock = threading.Lock()   # files, sent
        self.sent, self.faults = [], []
        self.enough, self.over = threading.Event(), threading.Event()   # no more files; give up
        self.clients = [Client(self, f"{seed}/{number}") for number in range(clients)]

    def next_file(self, rng):
        with self.lock:
            file = self.files.next(large=self.large_every and len(self.sent) % self.large_every == self.large_every // 4)
            ways = [way for way in WAYS[file.kind] if (way != "batch" or len(file.rows) < MOST_POSTED_ROWS) and (way != "bucket" or self.bucket)]
            sent = Sent(file, rng.choice(ways))
            self.sent.append(sent)
            return sent

    def start(self):
        for client in self.clients:
            client.start()

    def finish(self, patience):
        """Whatever was begun is sent to its end."""
        self.enough.set()
        end = time.monotonic() + patience
        for client in self.clients:
            client.join(max(0.0, end - time.monotonic()))
        late = sum(client.is_alive() for client in self.clients)
        self.over.set()
        if late:
            self.faults.append(f"{late} clients could not send their file within {patience} s after the last fault")
