#!/usr/bin/env python3
"""The service with its files in S3: uploads of each kind, gone on with at another node; files that lie there already; S3
that goes away. What is in the bucket is looked at with boto3 (versions in tests/boto3.txt). Run under
`tools/with_postgres.sh -c fsync=off tools/with_s3.sh tools/with_sqs.sh`."""
import concurrent.futures
import contextlib
import csv
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import zipfile

from environments import environment_of

PROGRAMS = environment_of("boto3")
if PROGRAMS is None:
    print("s3: SKIPPED, because boto3 could not be installed here")
    print(f"0 passed, {int(os.environ.get('CI') == 'true')} failed")
    sys.exit(os.environ.get("CI") == "true")
if pathlib.Path(sys.prefix).resolve() != PROGRAMS.parent.resolve():
    os.execv(PROGRAMS / "python", [str(PROGRAMS / "python"), *sys.argv])

import boto3  # noqa: E402
import botocore.config  # noqa: E402

import workbooks  # noqa: E402
from checks import ROOT, run_checks  # noqa: E402
from client_world import PIPELINE, make_file  # noqa: E402
from cutting_proxy import RESET, TO_CLIENT, TO_SERVER, CuttingProxy  # noqa: E402
from service import BROKEN, Server, TusUpload, form, send_form, send_raw  # noqa: E402
from stored import demand  # noqa: E402

BUCKET = "test"
MIB = 1 << 20
PATIENCE_SECONDS = 60
PIECE_HEAD = 200   # bytes of what goes to S3 that a request's first line stands in


def client_of(service, endpoint, region):
    """One that gives up before a check does, in a session of its own: checks run side by side."""
    return boto3.session.Session().client(service, endpoint_url=endpoint, region_name=region, config=botocore.config.Config(
        s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=20, retries={"max_attempts": 2}))


def until(true, what):
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        demand(time.monotonic() < end, f"{what}: not within {PATIENCE_SECONDS} s")
        time.sleep(0.05)


class World:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.file = make_file(100_000, note_bytes=100)   # of 24 MB: three parts

    def end(self):
        """Each check ends its own servers."""


class Place:
    """One check's part of the bucket, its database, and nodes that share nothing else."""

    def __init__(self, world, name, s3=None):
        self.world, self.name, self.file = world, name, world.file
        self.url = s3 or os.environ["SLUICE_TEST_S3"]
        self.prefix = f"{name}-{os.getpid()}/"
        self.store = os.environ["SLUICE_TEST_POSTGRES"].rsplit("/", 1)[0] + f"/{name}_{os.getpid()}"
        subprocess.run(["psql", "-qc", f'CREATE DATABASE "{name}_{os.getpid()}"'], check=True)
        self.endpoint = urllib.parse.parse_qs(urllib.parse.urlsplit(self.url).query)["endpoint"][0]
        self.client = client_of("s3", self.endpoint, "us-east-1")
        self.nodes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.__exit__()

    def node(self, *options, s3_port=None):
        folder = self.world.folder / self.name / f"node{len(self.nodes)}"
        (folder / "pipelines").mkdir(parents=True)
        for pipeline in ("raw", "form", "tus"):
            (folder / "pipelines" / f"{pipeline}.yaml").write_text(PIPELINE.format(name=pipeline), encoding="utf-8")
        keys = {name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        blobs = self.url.replace(f"s3://{BUCKET}", f"s3://{BUCKET}/{self.prefix}", 1)
        if s3_port:
            blobs = blobs.replace(f":{urllib.parse.urlsplit(self.endpoint).port}", f":{s3_port}", 1)
        node = Server(self.world.binary, folder, self.store, options, blobs=blobs, environment=keys)
        self.nodes.append(node)
        return node.start()

    def objects(self):
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix=self.prefix)
        return [found["Key"][len(self.prefix):] for found in listed.get("Contents", [])]

    def uploads(self):
        return self.client.list_multipart_uploads(Bucket=BUCKET, Prefix=self.prefix).get("Uploads", [])

    def content(self, key):
        return self.client.get_object(Bucket=BUCKET, Key=self.prefix + key)["Body"].read()

    def check_loaded(self, node, job_id, pipeline):
        job = node.wait_for(job_id)
        demand(job["status"] == "COMPLETED", f"the job is {job['status']}: {job.get('error')}")
        rows = job["rows"]
        demand((rows["read"], rows["inserted"], rows["rejected"]) ==
               (self.file.rows, self.file.rows - self.file.rejected, self.file.rejected), f"{pipeline}: {rows}")

    def check_only_this_is_left(self, key):
        demand(self.objects() == [key], f"in the bucket are {self.objects()}")
        demand(self.content(key) == self.file.data, "the object has other bytes than were sent")
        demand(not self.uploads(), f"parts are left: {self.uploads()}")


def written_to_disk(node):
    """Bytes that the process had written to a disk."""
    for line in pathlib.Path(f"/proc/{node.process.pid}/io").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(": ")
        if name == "write_bytes":
            return int(value)
    raise KeyError("write_bytes")


def each_way_goes_to_the_bucket_and_past_the_disk(world):
    with Place(world, "ways") as place:
        node = place.node()
        before = written_to_disk(node)
        for way, send in (("raw", lambda *a: send_raw(*a)), ("form", lambda *a: send_form(*a)),
                          ("tus", lambda server, name, data, pipeline, _: TusUpload(server, name, data, pipeline, 7 * MIB).send())):
            job = send(node, f"{way}.csv", place.file.data, way, f"key-{way}")
            place.check_loaded(node, job, way)
            key = f"{'resumable' if way == 'tus' else 'uploads'}/{job}"
            place.check_only_this_is_left(key)
            place.client.delete_object(Bucket=BUCKET, Key=place.prefix + key)
        written = written_to_disk(node) - before
        demand(written < MIB, f"{written} bytes were written to the node's disk for {3 * len(place.file.data)} of uploads")
        left = [str(path) for path in node.folder.rglob("*") if path.is_file() and path.suffix != ".yaml"]
        demand(not left, f"on the node's disk are {left}")


def a_tus_upload_goes_on_at_another_node_when_its_own_is_killed(world):
    with Place(world, "killed") as place:
        first, second = place.node(), place.node()
        upload = TusUpload(first, "a.csv", place.file.data, "tus", 5 * MIB)
        with CuttingProxy(first.port, [(13 * MIB, first.kill)]) as proxy:
            real, first.port = first.port, proxy.port
            try:
                upload.send()
                demand(False, "the node was not killed")
            except BROKEN:
                pass
            first.port = real
        upload.server = second
        status, headers, _ = second.request("HEAD", upload.path, headers={"Tus-Resumable": "1.0.0"})
        demand(status in (200, 204) and int(headers["upload-offset"]) == 10 * MIB, f"{status}, {headers}")
        job = upload.send()
        place.check_loaded(second, job, "tus")
        place.check_only_this_is_left(f"resumable/{job}")


def a_tus_upload_goes_on_at_another_node_while_its_own_lives(world):
    with Place(world, "moved") as place:
        first, second = place.node(), place.node()
        upload = TusUpload(first, "a.csv", place.file.data, "tus", 64 * MIB)
        with CuttingProxy(first.port, [(11 * MIB, RESET)]) as proxy:
            real, first.port = first.port, proxy.port
            try:
                upload.send()
                demand(False, "the connection was not cut")
            except BROKEN:
                pass
            first.port = real
        upload.server = second

        def kept():
            _, headers, _ = second.request("HEAD", upload.path, headers={"Tus-Resumable": "1.0.0"})
            return int(headers["upload-offset"]) > 8 * MIB
        until(kept, "the first node keeps what came")
        job = upload.send()
        place.check_loaded(second, job, "tus")
        place.check_only_this_is_left(f"resumable/{job}")


class HoldingProxy(CuttingProxy):
    """A way to S3 that, from the first request with `text` in it on, holds all answers until let go."""

    def __init__(self, port, text):
        self.text, self.holds, self.let_go = text, threading.Event(), threading.Event()
        self.sent = bytearray()
        super().__init__(port, [])

    def passed_to_server(self, text):
        return text in self.sent

    def __exit__(self, *_):
        self.let_go.set()
        super().__exit__()

    def _pump(self, source, target, direction):
        try:
            while data := source.recv(1 << 16):
                if direction == TO_SERVER:
                    self.sent += data[:PIECE_HEAD]
                    if self.text in data:
                        self.holds.set()
                if direction == TO_CLIENT and self.holds.is_set():
                    self.let_go.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, target):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


def a_tus_upload_that_two_nodes_finish_at_once_is_one_job(world):
    with Place(world, "both") as place:
        port = urllib.parse.urlsplit(place.endpoint).port
        # Whole, as the first node knows, and not under its key yet: that the node is told when the second is done.
        with HoldingProxy(port, f"HEAD /{BUCKET}/{place.prefix}resumable/".encode()) as proxy:
            first, second = place.node(s3_port=proxy.port), place.node()
            upload = TusUpload(first, "a.csv", place.file.data, "tus", 64 * MIB)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                sent = pool.submit(upload.send)
                try:
                    demand(proxy.holds.wait(PATIENCE_SECONDS), "the first node does not finish the upload")
                    status, headers, text = second.request("HEAD", upload.path, headers={"Tus-Resumable": "1.0.0"})
                    demand(status in (200, 204) and "sluice-job-id" in headers, f"the second node: {status}, {headers} {text}")
                finally:
                    proxy.let_go.set()
                job = sent.result()
            demand(job == headers["sluice-job-id"], "it became two jobs")
            place.check_loaded(second, job, "tus")
            place.check_only_this_is_left(f"resumable/{job}")


def of_uploads_that_end_early_nothing_is_left(world):
    with Place(world, "early") as place:
        node = place.node()
        upload = TusUpload(node, "a.csv", place.file.data, "tus", 9 * MIB)
        with CuttingProxy(node.port, [(20 * MIB, RESET)]) as proxy:
            real, node.port = node.port, proxy.port
            try:
                upload.send()
            except BROKEN:
                pass
            node.port = real
        demand(len(place.uploads()) == 1, "the unfinished upload has no parts in S3")
        until(lambda: node.request("DELETE", upload.path, headers={"Tus-Resumable": "1.0.0"})[0] == 204, "the upload ends")
        until(lambda: not place.uploads() and not place.objects(), f"what is left of tus: {place.uploads()}, {place.objects()}")

        content_type, body = form({"pipeline": "form"}, "a.csv", place.file.data)
        for path, kind, sent in (("/v1/pipelines/raw/jobs", "application/octet-stream", place.file.data), ("/upload", content_type, body)):
            with socket.create_connection(("127.0.0.1", node.port), timeout=60) as client:
                client.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{node.port}\r\nContent-Type: {kind}\r\n"
                               f"Content-Length: {len(sent)}\r\n\r\n".encode() + sent[:20 * MIB])
                until(place.uploads, "parts come to S3")
            until(lambda: not place.uploads(), f"parts are left of {path}")
            demand(not place.objects(), f"{place.objects()} is left of {path}")


def a_file_that_lies_there_is_named_by_its_url(world):
    with Place(world, "named") as place:
        node = place.node()
        place.client.upload_fileobj(io.BytesIO(place.file.data), BUCKET, place.prefix + "inbox/people.csv")
        here = f"s3://{BUCKET}/{place.prefix}inbox/people.csv"
        job = node.json("POST", "/v1/pipelines/raw/jobs", {"blob": here}, status=202)["jobId"]
        place.check_loaded(node, job, "raw")
        place.check_only_this_is_left("inbox/people.csv")
        for other in (f"s3://other/{place.prefix}inbox/people.csv", f"s3://{BUCKET}/inbox/people.csv", f"s3://{BUCKET}/{place.prefix}",
                      f"s3://{BUCKET}/{place.prefix}none.csv", f"s3://{BUCKET}/{place.prefix}uploads/x", "file:inbox/people.csv",
                      f"s3://{BUCKET}/{place.prefix}inbox/../uploads/x"):
            status, _, text = node.request("POST", "/v1/pipelines/raw/jobs", f'{{"blob": "{other}"}}',
                                           {"Content-Type": "application/json"})
            demand(status == 400, f"{other}: {status} {text[:300]!r}")
            demand(os.environ["AWS_SECRET_ACCESS_KEY"].encode() not in text, "the secret is shown")
        settings = node.request("GET", "/v1/config")[2]
        demand(os.environ["AWS_SECRET_ACCESS_KEY"].encode() not in settings, "the secret is shown")


def a_workbook_gives_the_rows_of_the_same_csv(world):
    """A workbook is read from its end, which an object is not: the worker makes a copy, and leaves none."""
    with Place(world, "workbook") as place:
        file = make_file(20_000, note_bytes=100)
        made = io.BytesIO()
        book = workbooks.Workbook(made, shared=True)
        for cells in csv.reader(io.StringIO(file.data.decode())):
            book.add([cell or None for cell in cells])
        book.close()
        node = place.node()
        place.client.put_object(Bucket=BUCKET, Key=place.prefix + "inbox/people.xlsx", Body=made.getvalue())
        here = f"s3://{BUCKET}/{place.prefix}inbox/people.xlsx"
        for way, job in (("raw", send_raw(node, "a.xlsx", made.getvalue(), "raw", "key-raw")),
                         ("form", send_form(node, "a.xlsx", made.getvalue(), "form", "key-form")),
                         ("tus", node.json("POST", "/v1/pipelines/tus/jobs", {"blob": here}, status=202)["jobId"])):
            ended = node.wait_for(job)
            rows = ended["rows"]
            demand((ended["status"], rows["read"], rows["inserted"], rows["rejected"]) ==
                   ("COMPLETED", file.rows, file.rows - file.rejected, file.rejected), f"{way}: {ended}")
            # Row 50 is below the header.
            reject = node.json("GET", f"/v1/jobs/{job}/errors?limit=1")["items"][0]
            demand("Sheet 'People', cell A51: " in json.dumps(reject, ensure_ascii=False), f"{way}: {reject}")
            found = subprocess.run(["psql", "-AtqX", place.store, "-c",
                                    f"SELECT encode(content_hash, 'hex') FROM ingested_data WHERE pipeline = '{way}'"],
                                   stdout=subprocess.PIPE, text=True, check=True).stdout.split()
            demand({bytes.fromhex(each) for each in found} == file.hashes, f"{way}: other rows are stored than the file has")
        left = [str(path) for path in node.folder.rglob("*") if path.is_file() and path.suffix != ".yaml"]
        demand(not left, f"on the node's disk are {left}")


def an_archive_is_unpacked_within_the_bucket(world):
    with Place(world, "archive") as place:
        node = place.node()
        before = written_to_disk(node)
        other = make_file(3_000)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("may/one.csv", place.file.data)
            archive.writestr("two.csv", other.data)
        job = node.wait_for(send_raw(node, "may.zip", packed.getvalue(), "raw", "key-archive"))
        demand((job["status"], job["rows"]["read"], job["members"]["completed"]) == ("COMPLETED", place.file.rows + other.rows, 2), f"{job}")
        demand(written_to_disk(node) - before < len(place.file.data), "the files went over the node's disk")


def a_watched_prefix_gives_jobs(world):
    with Place(world, "watched") as place:
        node = place.node()
        place.client.put_object(Bucket=BUCKET, Key=place.prefix + "in/raw-1.csv", Body=place.file.data)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 12))   # younger files wait for the next run
        node.json("POST", "/v1/schedules", {"name": "watch", "source": "blob:in/", "pipeline": "raw", "at": at}, status=201)
        until(lambda: node.json("GET", "/v1/jobs")["items"], "the file becomes a job")
        job = node.json("GET", "/v1/jobs")["items"][0]
        place.check_loaded(node, job["id"] if "id" in job else job["jobId"], "raw")
        place.check_only_this_is_left("in/raw-1.csv")


def a_notification_gives_a_job_at_once(world):
    """What S3 would put into the queue is put there by the test; its server has no notifications."""
    url = urllib.parse.urlsplit(os.environ["SLUICE_TEST_SQS"])
    queries = urllib.parse.parse_qs(url.query)
    queue = f"new-files-{os.getpid()}"
    client = client_of("sqs", queries["endpoint"][0], queries["region"][0])
    queue_url = client.create_queue(QueueName=queue)["QueueUrl"]
    with Place(world, "notified") as place:
        node = place.node("--set", f"notifications=sqs://{queue}?{url.query}")
        node.json("POST", "/v1/schedules", {"name": "watch", "source": "blob:in/", "pipeline": "raw", "cron": "0 0 29 2 *"}, status=201)
        place.client.put_object(Bucket=BUCKET, Key=place.prefix + "in/raw-1.csv", Body=place.file.data)
        record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": {"key": place.prefix + "in/raw-1.csv"}}}
        for body in ({"Event": "s3:TestEvent"}, {"Records": [record]}, {"Records": [record]}):
            client.send_message(QueueUrl=queue_url, MessageBody=json.dumps(body))
        until(lambda: node.json("GET", "/v1/jobs")["items"], "the file becomes a job")

        def left():
            counted = client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
            return int(counted["ApproximateNumberOfMessages"]) + int(counted["ApproximateNumberOfMessagesNotVisible"])
        until(lambda: left() == 0, "all notices are taken")
        jobs = node.json("GET", "/v1/jobs")["items"]
        demand(len(jobs) == 1, f"the file became {len(jobs)} jobs")
        place.check_loaded(node, jobs[0]["id"], "raw")
        place.check_only_this_is_left("in/raw-1.csv")


def s3_that_goes_away_comes_back(world):
    own = subprocess.Popen([str(ROOT / "tools" / "with_s3.sh"), "sh", "-c", 'echo "$SLUICE_TEST_S3 $SLUICE_TEST_S3_CONTROL"; cat'],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url, control = own.stdout.readline().split()
        with Place(world, "away", s3=url) as place:
            node = place.node()
            job = send_raw(node, "a.csv", place.file.data, "raw", "key-1")
            subprocess.run([control, "kill"], check=True)
            status, _, text = node.request("GET", "/readyz")
            demand(status == 503 and b'"blobs","status":"failing"' in text.replace(b" ", b""), f"/readyz: {status} {text!r}")
            status, _, text = node.request("POST", "/v1/pipelines/form/jobs", b"id,name,note\n1,a,b\n", {
                "Content-Type": "text/csv", "Content-Disposition": 'attachment; filename="b.csv"'})
            demand(status == 503, f"an upload while S3 is away: {status} {text[:300]!r}")
            subprocess.run([control, "start"], check=True)
            until(lambda: node.request("GET", "/readyz")[0] == 200, "/readyz says that all is well")
            place.check_loaded(node, job, "raw")
            place.check_only_this_is_left(f"uploads/{job}")
    finally:
        own.stdin.close()
        own.wait()


def s3_that_says_nothing_holds_nobody_up(world):
    with Place(world, "silent") as place:
        port = urllib.parse.urlsplit(place.endpoint).port
        with HoldingProxy(port, f"HEAD /{BUCKET}/{place.prefix}ready ".encode()) as proxy:
            node = place.node("--set", "drain=1s", s3_port=proxy.port)
            for _ in range(2):   # the second while the first's question is still open
                begin = time.monotonic()
                status, _, text = node.request("GET", "/readyz")
                demand(status == 503 and b'"blobs","status":"failing"' in text.replace(b" ", b"") and
                       b'"store","status":"ok"' in text.replace(b" ", b""), f"/readyz: {status} {text!r}")
                demand(time.monotonic() - begin < 15, "/readyz took as long as S3")
            demand(proxy.holds.is_set(), "/readyz did not ask S3")
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                sent = pool.submit(node.request, "POST", "/v1/pipelines/raw/jobs", b"id,name,note\n1,a,b\n", {
                    "Content-Type": "text/csv", "Content-Disposition": 'attachment; filename="b.csv"'})
                until(lambda: proxy.passed_to_server(b"PUT "), "an upload is on its way to S3")
                begin = time.monotonic()
                demand(node.stop() == 0, "SIGTERM gave another status than 0")
                demand(time.monotonic() - begin < 30, "SIGTERM waited for S3")
                with contextlib.suppress(*BROKEN):
                    sent.result()


CHECKS = [each_way_goes_to_the_bucket_and_past_the_disk, a_tus_upload_goes_on_at_another_node_when_its_own_is_killed,
          a_tus_upload_goes_on_at_another_node_while_its_own_lives, a_tus_upload_that_two_nodes_finish_at_once_is_one_job, of_uploads_that_end_early_nothing_is_left,
          a_file_that_lies_there_is_named_by_its_url, a_workbook_gives_the_rows_of_the_same_csv, an_archive_is_unpacked_within_the_bucket, a_watched_prefix_gives_jobs,
          a_notification_gives_a_job_at_once, s3_that_goes_away_comes_back, s3_that_says_nothing_holds_nobody_up]


if __name__ == "__main__":
    missing = [name for name in ("SLUICE_TEST_S3", "SLUICE_TEST_SQS", "SLUICE_TEST_POSTGRES") if name not in os.environ]
    if missing:
        sys.exit(f"{', '.join(missing)} is not set: run it under tools/with_postgres.sh -c fsync=off tools/with_s3.sh tools/with_sqs.sh")
    sys.exit(run_checks(__doc__, CHECKS, World, "s3"))
