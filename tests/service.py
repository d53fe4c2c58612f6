"""A server of the program's own, on a free port of loopback, and clients for it: raw bodies, forms, tus. Used by the
tests that need `sluice serve`."""
import base64
import http.client
import json
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time
import urllib.parse

PATIENCE_SECONDS = 120
# What a client sees of a server that was killed.
BROKEN = (OSError, http.client.HTTPException)


class ServiceError(Exception):
    """The server did not do what the test needs of it."""


class Server:
    """`sluice serve` in `folder`, which holds its data and its pipelines. Started and ended as often as one likes."""

    def __init__(self, binary, folder, store=None, options=(), environment=None, blobs=None):
        self.binary, self.folder = str(binary), pathlib.Path(folder)
        self.store = store or f"sqlite:{self.folder / 'store.db'}"
        self.blobs = blobs or f"file:{self.folder / 'blobs'}"
        self.options = list(options)
        self.environment = environment or {}
        self.process, self.url, self.port = None, None, 0
        self.log = []   # of the server that runs, or ran last: JSON objects

    def start(self):
        command = [self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--to", self.store,
                   "--set", f"blobs={self.blobs}", "--set", f"pipelines={self.folder / 'pipelines'}",
                   *self.options]
        self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env={
                                            "PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                                            "TZ": "UTC", **self.environment})
        self.log = []
        ready = queue.Queue()
        threading.Thread(target=self._read_log, args=(self.process, self.log, ready), daemon=True).start()
        line = ready.get(timeout=PATIENCE_SECONDS)
        if line is None:
            raise ServiceError(f"the server ended with status {self.process.wait()}: {self.log[-3:]}")
        if "url" not in line:   # a worker
            return self
        self.url = line["url"]
        self.port = urllib.parse.urlsplit(self.url).port   # the same at the next start: its clients come back to it
        return self

    @staticmethod
    def _read_log(process, log, ready):
        for line in process.stderr:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"event": line.decode(errors="replace").rstrip()}
            log.append(entry)
            if entry.get("event") in ("listening", "working"):
                ready.put(entry)
        ready.put(None)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise ServiceError("SIGTERM did not end the server") from None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # ------------------------------------------------------------ one request

    def request(self, method, path, body=None, headers=None, key=None, timeout=60):
        """(status, headers with lower-case names, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            sent = dict(headers or {})
            if key:
                sent["Authorization"] = f"Bearer {key}"
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=None, key=None, status=None):
        """The answer's JSON; ServiceError where it has another status than 2xx, or than `status`."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        got, _, text = self.request(method, path, body, sent, key)
        if got != status if status else got // 100 != 2:
            raise ServiceError(f"{method} {path}: {got} {text[:500]!r}")
        return json.loads(text) if text else None

    # ------------------------------------------------------------ whole jobs

    def job(self, job_id, key=None):
        return self.json("GET", f"/v1/jobs/{job_id}", key=key)

    def wait_for(self, job_id, key=None, patience=PATIENCE_SECONDS):
        """The job as it ended."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            job = self.job(job_id, key)
            if job["status"] not in ("PENDING", "PROCESSING"):
                return job
            time.sleep(0.05)
        raise ServiceError(f"job {job_id} did not end within {patience} s: {job}")


# ---------------------------------------------------------------- ways to send a file: each gives the job's id

def send_raw(server, name, data, pipeline, key):
    headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": key,
               "Content-Disposition": f'attachment; filename="{name}"'}
    return server.json("POST", f"/v1/pipelines/{pipeline}/jobs", data, headers, status=202)["jobId"]


def form(fields, name, data, boundary="----sluice-test-boundary"):
    """(content type, body) as a browser sends it."""
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
             for field, value in fields.items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                 f"Content-Type: application/octet-stream\r\n\r\n".encode() + data + b"\r\n")
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"--{boundary}--\r\n".encode()


def send_form(server, name, data, pipeline, key):
    content_type, body = form({"pipeline": pipeline}, name, data)
    return server.json("POST", "/upload", body, {"Content-Type": content_type, "Idempotency-Key": key},
                       status=202)["jobId"]


class TusUpload:
    """One resumable upload, which may be broken off anywhere and gone on with."""

    def __init__(self, server, name, data, pipeline, piece):
        self.server, self.name, self.data, self.pipeline, self.piece = server, name, data, pipeline, piece
        self.path = None

    def _metadata(self):
        return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}"
                        for key, value in {"filename": self.name, "pipeline": self.pipeline}.items())

    def _check(self, answer, wanted):
        status, headers, body = answer
        if status not in wanted:
            raise ServiceError(f"tus: {status} {body[:500]!r}")
        return headers

    def send(self):
        """Goes on where the server is; the job's id."""
        tus = {"Tus-Resumable": "1.0.0"}
        if self.path is None:
            headers = self._check(self.server.request("POST", "/v1/uploads", b"", {
                **tus, "Upload-Length": str(len(self.data)), "Upload-Metadata": self._metadata()}), (201,))
            self.path = urllib.parse.urlsplit(headers["location"]).path
        headers = self._check(self.server.request("HEAD", self.path, headers=tus), (200, 204))
        offset = int(headers["upload-offset"])
        while offset < len(self.data) or "sluice-job-id" not in headers:
            headers = self._check(self.server.request("PATCH", self.path, self.data[offset:offset + self.piece], {
                **tus, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}), (204,))
            offset = int(headers["upload-offset"])
        return headers["sluice-job-id"]
