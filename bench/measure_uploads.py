"""How fast bodies come in, beside nginx; and a large file by tus that is broken off again and again. Parts of measure_service.py.

The client is the same for all: a socket, and sendfile() from a file that is in memory. Sluice hashes what comes in and answers
when it is on stable storage; nginx answers when the system has the bytes. So nginx stands there twice: as it is, and with
`sync -d` of the file after its answer.
"""
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

import measure
from measure import Failed, count, table
from measure_service import PIPELINE, demand, peak_mib, server_at

BOUNDARY = "----sluice-bench-boundary"
TUS = "Tus-Resumable: 1.0.0\r\n"
NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; {user}
events {{ worker_connections 64; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/arriving;
  client_body_in_file_only clean; client_body_buffer_size 1m; sendfile on;
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {folder}/files; dav_methods PUT; }}
  }}
}}
"""


# ---------------------------------------------------------------- a client

def connect(port):
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=600)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def answer_of(connection):
    """(status, headers with lower-case names, body)"""
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = {}
        for line in iter(stream.readline, b"\r\n"):
            if not line:
                raise ConnectionError("the answer has no end")
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        return status, headers, stream.read(int(headers.get("content-length", 0)))


def exchange(port, method, path, headers="", before=b"", file=None, after=b"", offset=0, length=None, stop_at=None):
    """One request on a connection of its own; None where the client breaks off after `stop_at` bytes of the file."""
    size = 0 if file is None else (length if length is not None else os.fstat(file.fileno()).st_size - offset)
    with connect(port) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{headers}"
                           f"Content-Length: {len(before) + size + len(after)}\r\n\r\n".encode() + before)
        if file is not None:
            sent = connection.sendfile(file, offset, stop_at if stop_at is not None else size)
            if stop_at is not None and sent < size:
                return None
        connection.sendall(after)
        return answer_of(connection)


def expect(answer, status):
    if answer[0] != status:
        raise Failed(f"status {answer[0]} where {status} was expected: {answer[2][:500]!r}")
    return answer


# ---------------------------------------------------------------- ways to send

def send_raw(port, file):
    expect(exchange(port, "POST", f"/v1/pipelines/{PIPELINE}/jobs?fileName=body.csv", "Content-Type: text/csv\r\n", file=file), 202)


def send_form(port, file):
    before = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="pipeline"\r\n\r\n{PIPELINE}\r\n--{BOUNDARY}\r\n'
              'Content-Disposition: form-data; name="file"; filename="body.csv"\r\nContent-Type: text/csv\r\n\r\n').encode()
    expect(exchange(port, "POST", "/upload", f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n", before, file,
                    f"\r\n--{BOUNDARY}--\r\n".encode()), 202)


def make_tus(port, size):
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}"
                        for key, value in {"filename": "body.csv", "pipeline": PIPELINE}.items())
    answer = expect(exchange(port, "POST", "/v1/uploads", f"{TUS}Upload-Length: {size}\r\nUpload-Metadata: {metadata}\r\n"), 201)
    return urllib.parse.urlsplit(answer[1]["location"]).path


def patch_tus(port, path, file, offset, stop_at=None):
    return exchange(port, "PATCH", path, f"{TUS}Upload-Offset: {offset}\r\nContent-Type: application/offset+octet-stream\r\n",
                    file=file, offset=offset, stop_at=stop_at)


def send_tus(port, file):
    expect(patch_tus(port, make_tus(port, os.fstat(file.fileno()).st_size), file, 0), 204)


# ---------------------------------------------------------------- beside nginx

@contextlib.contextmanager
def nginx_at(work):
    binary = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if not binary:
        raise Failed("nginx is not installed; ./dev bench installs it (tools/packages.txt, group bench)")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nginx-", dir=work))
    for name in ("files", "arriving"):
        (folder / name).mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "conf").write_text(NGINX.format(folder=folder, port=port, user="user root;" if os.getuid() == 0 else ""),
                                 encoding="utf-8")
    process = subprocess.Popen([binary, "-p", folder, "-c", folder / "conf"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        connect(port).close()
        yield port, folder / "files"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def make_body(options, standard_bytes, *more):
    """A file of about so many bytes of made-up people; what its rows are (people_gen's own count)."""
    rows = int((options.bytes or standard_bytes) / 101)
    path = options.work / "body.csv"
    with open(path, "wb") as out:
        made = subprocess.run([measure.PROGRAMS / "people_gen", str(rows), *more], stdout=out, stderr=subprocess.PIPE, check=True)
    return path, json.loads(made.stderr)


def uploads(options):
    body, _ = make_body(options, 1e9)
    size = body.stat().st_size
    seconds, peaks = {}, {}

    def note(name, took):
        seconds.setdefault(name, []).append(took)
        print(f"  {name}: {took:.2f} s", file=sys.stderr, flush=True)

    def clean():
        os.sync()   # nothing of what was written before is still on its way
        measure.fill_memory(options.work)   # and the body is in memory

    def by_nginx(file):
        with nginx_at(options.work) as (port, files):
            clean()
            begin = time.monotonic()
            expect(exchange(port, "PUT", "/body.csv", file=file), 201)
            note("nginx, `PUT` into a file", time.monotonic() - begin)
            subprocess.run(["sync", "-d", files / "body.csv"], check=True)
            note("nginx, then `sync -d` of the file", time.monotonic() - begin)
            if (files / "body.csv").stat().st_size != size:
                raise Failed("nginx kept something else")

    def by_sluice(name, send, file):
        with server_at(options, arguments=["--role", "api"]) as server:
            clean()
            begin = time.monotonic()
            send(server.port, file)
            note(name, time.monotonic() - begin)
            peaks[name] = max(peaks.get(name, 0), peak_mib(server))

    ways = {"Sluice, raw body": send_raw, "Sluice, form": send_form, "Sluice, tus, one `PATCH`": send_tus}
    with open(body, "rb") as file:
        for _ in range(options.repeat):
            by_nginx(file)
            for name, send in ways.items():
                by_sluice(name, send, file)
    bare, synced = (statistics.median(times) for times in list(seconds.values())[:2])
    print(f"One body of {count(size)} bytes; Sluice hashes it and answers when it is on disk.\n")
    table(["program", "seconds", "MB/s", "× nginx", "× nginx with sync", "spread", "peak MiB"],
          [[name, f"{statistics.median(times):.2f}", count(size / 1e6 / statistics.median(times)),
            f"{bare / statistics.median(times):.2f}", f"{synced / statistics.median(times):.2f}",
            f"± {(max(times) - min(times)) / 2 / statistics.median(times) * 100:.0f} %", f"{peaks[name]:.0f}" if name in peaks else "–"]
           for name, times in seconds.items()])


# ---------------------------------------------------------------- a large file, broken off again and again

PIECE_BYTES = 200_000_000   # about so much arrives before the client breaks off


def tus(options):
    rng = random.Random(options.seed)
    body, made = make_body(options, 5e9, "--dup=90")   # mostly known rows, so that the store stays small
    size = body.stat().st_size
    # While these pieces arrive the server is killed.
    kills = set(rng.sample(range(max(4, size // PIECE_BYTES)), 3))
    peaks, pieces, refused, begin = [], 0, 0, time.monotonic()
    with server_at(options) as server, open(body, "rb") as file:
        path = make_tus(server.port, size)
        while True:
            state = expect(exchange(server.port, "HEAD", path, TUS), 200)[1]
            offset = int(state["upload-offset"])
            if offset == size and "sluice-job-id" in state:
                break
            piece = int(rng.uniform(0.5, 1.5) * PIECE_BYTES)
            kill = pieces in kills
            pieces += 1
            try:
                answer = patch_tus(server.port, path, file, offset, None if offset + piece >= size and not kill else piece)
                if answer is not None and answer[0] not in (204, 423):
                    raise Failed(f"PATCH at {offset}: {answer}")
            except OSError as error:   # refused while it was on its way: the piece before has not been given up yet
                refused += 1
                if refused > 100:
                    raise Failed(f"PATCH at {offset}: {error}") from error
            if kill:
                peaks.append(peak_mib(server))
                server.kill()
                server.start()
        uploaded = time.monotonic() - begin
        peaks.append(peak_mib(server))
        job = server.wait_for(state["sluice-job-id"], patience=3600)
        peaks.append(peak_mib(server))
        demand(job, made["rows"])
        with open(body, "rb") as again:
            wanted = hashlib.file_digest(again, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else None
        rows = job["rows"]
        if (rows["inserted"], rows["duplicate"], rows["rejected"]) != (made["unique_valid"], made["duplicates"], made["invalid"]):
            raise Failed(f"stored {rows}, but the file has {made}")
        if wanted and job["file"]["sha256"] != wanted:
            raise Failed("the job's SHA-256 is another than the file's")
    body.unlink()
    print(f"{count(size)} bytes, {count(made['rows'])} rows; broken off {pieces - 1} times, of these 3 by kill -9 of the server. "
          f"Counts and SHA-256 are right: {rows}.\n")
    table(["", "seconds", "peak MiB of the server"],
          [["uploaded", f"{uploaded:.0f}", f"{max(peaks[:-1]):.0f}"],
           ["loaded into SQLite", f"{time.monotonic() - begin - uploaded:.0f}", f"{peaks[-1]:.0f}"]])
