"""curl, as it is installed, against `sluice serve`: every way in which people send and fetch with it. Checks of
tests/clients.py."""
import csv
import dataclasses
import io
import json
import os
import subprocess

from client_world import make_file, packed
from stored import demand

MIB = 1 << 20
# Written behind the answer: status, bytes that were sent as a body, version of HTTP.
TOLD = "\n%{http_code} %{size_upload} %{http_version}"


@dataclasses.dataclass
class Answer:
    exit: int
    status: int
    uploaded: int
    version: str
    body: str
    err: str

    def json(self, status):
        demand(self.status == status, f"{self.status}, not {status}: {self.body[:500]} {self.err[-500:]}")
        return json.loads(self.body)


def curl(place, path, *options, given=None, origin=None):
    """`given`: standard input. Nothing of the user's own settings is read (-q)."""
    command = ["curl", "-q", "-sS", "--max-time", "60", "-w", TOLD, *map(str, options), (origin or place.server.url) + path]
    done = subprocess.run(command, cwd=place.folder, input=given, capture_output=True, check=False,
                          env={"PATH": os.environ["PATH"], "HOME": str(place.folder)})
    body, _, told = done.stdout.decode().rpartition("\n")
    status, uploaded, version = told.split()
    return Answer(done.returncode, int(status), int(uploaded), version, body, done.stderr.decode())


def curl_sends_forms(world):
    with world.place("curl-forms") as place:
        plain, zipped = make_file(2000, seed=1), make_file(2000, seed=2)
        place.write("plain.csv", plain.data)
        place.write("zipped.csv.gz", packed(zipped.data))
        place.pipeline("before")
        place.pipeline("after")
        before = curl(place, "/upload", "-F", "pipeline=before", "-F", 'metadata={"from": "curl"}', "-F", "file=@plain.csv").json(202)
        job = place.check_loaded(before["jobId"], plain, "before")
        demand(before["processId"] == before["jobId"] and job["metadata"] == {"from": "curl"}, f"the job is {job}")
        demand(job["file"]["name"] == "plain.csv", f"the file is called {job['file']['name']}")
        # The fields behind the file count as much as those before it.
        after = curl(place, "/upload", "-F", "file=@zipped.csv.gz;type=application/gzip;filename=other.csv.gz", "-F", "pipeline=after",
                     "-F", 'metadata={"n": 7}').json(202)
        job = place.check_loaded(after["jobId"], zipped, "after", sent=packed(zipped.data))
        demand(job["metadata"] == {"n": 7} and job["file"]["name"] == "other.csv.gz", f"the job is {job}")
        two = curl(place, "/upload", "-F", "file=@plain.csv", "-F", "file=@plain.csv")
        demand("more than one file" in two.json(400)["detail"], f"two files: {two.body}")
        none = curl(place, "/upload", "-F", "pipeline=before")
        demand("no file" in none.json(400)["detail"], f"no file: {none.body}")
        demand(len(place.items("/v1/jobs")) == 2 and len(place.blobs()) == 2, f"left behind: {place.blobs()}")


def curl_sends_bodies(world):
    with world.place("curl-bodies") as place:
        sized, chunked, old = make_file(40_000, 30, seed=3), make_file(40_000, 30, seed=4), make_file(500, seed=5)
        demand(len(sized.data) > MIB, "curl asks before it sends only where a body has more than 1 MiB")
        for name, file in (("sized", sized), ("chunked", chunked), ("old", old)):
            place.pipeline(name)
            place.write(f"{name}.csv", file.data)
        sent = curl(place, "/v1/pipelines/sized/jobs?fileName=sized.csv", "-X", "POST", "-T", "sized.csv", "-v")
        demand("> Expect: 100-continue" in sent.err and "< HTTP/1.1 100" in sent.err, f"it was not asked to go on: {sent.err[-1000:]}")
        demand(sent.uploaded == len(sized.data), f"{sent.uploaded} bytes were sent of {len(sized.data)}")
        place.check_loaded(sent.json(202)["jobId"], sized, "sized")
        sent = curl(place, "/v1/pipelines/chunked/jobs?fileName=chunked.csv", "-X", "POST", "-T", "-", "-v", given=chunked.data)
        demand("> Transfer-Encoding: chunked" in sent.err, "it was not sent in chunks")
        place.check_loaded(sent.json(202)["jobId"], chunked, "chunked")
        # HTTP/1.0 needs a Content-Length; the answer ends with the connection.
        sent = curl(place, "/v1/pipelines/old/jobs", "-0", "--data-binary", "@old.csv", "-H", "Content-Type: text/csv",
                    "-H", 'Content-Disposition: attachment; filename="old.csv"', "-v")
        demand("POST /v1/pipelines/old/jobs HTTP/1.0" in sent.err, f"that was no HTTP/1.0: {sent.err[-1000:]}")
        job = place.check_loaded(sent.json(202)["jobId"], old, "old")
        demand(job["file"]["name"] == "old.csv", f"the file is called {job['file']['name']}")


def curl_is_refused_before_it_sends(world):
    with world.place("curl-refused", options=["--set", "limits.upload_bytes=2MB"]) as place:
        place.pipeline("people")
        place.write("huge.csv", make_file(40_000, 60).data)
        for what in (["-X", "POST", "-T", "huge.csv"], ["--data-binary", "@huge.csv", "-H", "Content-Type: text/csv"]):
            refused = curl(place, "/v1/pipelines/people/jobs", *what)
            demand(refused.json(413)["limit"] == 2_000_000, f"the problem names no limit: {refused.body}")
            demand(refused.uploaded == 0, f"{refused.uploaded} bytes were sent to be refused")
        form = curl(place, "/upload", "-F", "file=@huge.csv")
        demand(form.status == 413 and form.uploaded == 0, f"a form: {form}")
        # Of a body without a length no more is read than the limit; curl is told although it sends still.
        endless = curl(place, "/v1/pipelines/people/jobs", "-X", "POST", "-T", "-", given=(place.folder / "huge.csv").read_bytes())
        demand(endless.status == 413, f"chunks beyond the limit: {endless}")
        demand(not place.blobs() and not place.items("/v1/jobs"), f"something was kept of what was refused: {place.blobs()}")


def curl_needs_a_key(world):
    place = world.place("curl-keys")
    viewer, uploader = place.key("viewer"), place.key("uploader")
    with place:
        file = make_file(20_000, 30)
        demand(len(file.data) > MIB, "curl asks before it sends only where a body has more than 1 MiB")
        place.pipeline("people")
        place.write("big.csv", file.data)
        for header, status in (([], 401), (["-H", "Authorization: Bearer no-such-key"], 401), (["--oauth2-bearer", viewer], 403)):
            refused = curl(place, "/v1/pipelines/people/jobs", "-X", "POST", "-T", "big.csv", *header)
            demand(refused.status == status and refused.uploaded == 0, f"{header}: {refused}")
        demand(not place.blobs() and not place.items("/v1/jobs", uploader), "something was kept of what was refused")
        sent = curl(place, "/v1/pipelines/people/jobs", "-X", "POST", "-T", "big.csv", "--oauth2-bearer", uploader).json(202)
        place.check_loaded(sent["jobId"], file, "people", key=uploader)


def curl_fetches_reports(world):
    with world.place("curl-reports") as place:
        file = make_file(5000)
        place.pipeline("people")
        place.write("people.csv", file.data)
        job = curl(place, "/upload", "-F", "file=@people.csv", "-F", "pipeline=people").json(202)["jobId"]
        place.check_loaded(job, file, "people")
        path = f"/v1/jobs/{job}/errors.csv"
        plain = curl(place, path)
        rows = list(csv.reader(io.StringIO(plain.body)))
        demand(plain.status == 200 and len(rows) == file.rejected + 1, f"{plain.status}, {len(rows) - 1} rejects of {file.rejected}")
        demand(curl(place, path, "--compressed").body == plain.body, "--compressed gives another report")
        demand(curl(place, path, "-0").body == plain.body, "HTTP/1.0 gives another report")
        # A head as a GET would have it, and no body; the connection can be used again.
        head = curl(place, "/healthz", "-I", place.server.url + path, "--next", "-q", "-sS", "-w", TOLD)
        demand("text/csv" in head.body and "people-rejects.csv" in head.body, f"HEAD says {head.body}")
        demand(head.status == 200 and '"status"' in head.body and "id,name" not in head.body, f"after a HEAD: {head}")
        # Half of it is there already, and the server knows no ranges: it is told so, and nothing is mixed up.
        half = place.write("half.csv", plain.body.encode()[:1000])
        resumed = curl(place, path, "-C", "-", "-o", "half.csv")
        demand(resumed.exit != 0 or half.read_text() == plain.body, "a report that was gone on with is another one")
        demand(half.read_text() in (plain.body, plain.body[:1000]) or half.read_bytes() == plain.body.encode()[:1000], "it was mixed up")
        whole = curl(place, path, "-o", "half.csv")
        demand(whole.exit == 0 and half.read_bytes() == plain.body.encode(), "fetched again, it is not whole")
        workbook = curl(place, f"/v1/jobs/{job}/errors", "-H", "Accept: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                        "-OJ")
        demand(workbook.exit == 0 and (place.folder / "people-rejects.xlsx").read_bytes()[:2] == b"PK", f"a workbook: {workbook}")
        lines = curl(place, f"/v1/jobs/{job}/errors.ndjson").body.splitlines()
        demand(len(lines) == file.rejected and all(json.loads(line)["jobId"] == job for line in lines), "the report as NDJSON")


def curl_posts_batches(world):
    with world.place("curl-batches") as place:
        place.pipeline("people")
        rows = [{"id": f"r{number}", "name": "Ann"} for number in range(20)] + [{"name": "nobody"}]
        post = ["-H", "Content-Type: application/json", "-H", "Idempotency-Key: batch-7"]
        first = curl(place, "/v1/pipelines/people/batches", *post, "-d", json.dumps(rows)).json(202)
        demand(first["accepted"] == 21, f"accepted: {first}")
        again = curl(place, "/v1/pipelines/people/batches", *post, "-d", json.dumps(rows)).json(202)
        demand(again["jobId"] == first["jobId"], "the same key made another job")
        other = curl(place, "/v1/pipelines/people/batches", *post, "-d", json.dumps(rows[:3]))
        other.json(422)
        job = place.server.wait_for(first["jobId"])
        demand((job["status"], job["rows"]["inserted"], job["rows"]["rejected"]) == ("COMPLETED", 20, 1), f"the job is {job}")
        demand(len(place.items("/v1/jobs")) == 1, "there is more than one job")


def curl_speaks_tls(world):
    place = world.place("curl-tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"],
                   cwd=place.folder, check=True, capture_output=True)
    place.server.options += ["--set", f"tls.certificate={place.folder / 'certificate.pem'}",
                             "--set", f"tls.private_key={place.folder / 'key.pem'}"]
    file = make_file(40_000, 30)
    with place:
        place.pipeline("people")
        place.write("people.csv", file.data)
        demand(place.server.url.startswith("https://"), f"it says that it listens at {place.server.url}")
        trusted = ["--cacert", "certificate.pem"]
        for number, version in enumerate((["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"])):
            answer = curl(place, "/upload", *trusted, *version, "-F", "file=@people.csv", "-F", "pipeline=people")
            job = answer.json(202)
            ended = json.loads(_until_ended(place, job["jobId"], trusted))
            good, outcome = file.rows - file.rejected, "duplicate" if number else "inserted"
            demand(ended["status"] == "COMPLETED" and ended["rows"][outcome] == good, f"{version}: {ended}")
        demand(job["links"]["self"].startswith("https://"), f"the links are {job['links']}")
        strange = subprocess.run(["curl", "-q", "-sS", place.server.url + "/healthz"], capture_output=True, check=False)
        demand(strange.returncode == 60, f"a certificate that nobody knows: exit status {strange.returncode}")
        plain = subprocess.run(["curl", "-q", "-sS", "--max-time", "20", place.server.url.replace("https", "http") + "/healthz"],
                               capture_output=True, check=False)
        demand(b"ok" not in plain.stdout, f"without TLS it answers {plain.stdout}")


def _until_ended(place, job, options):
    """The job as it ended, asked for by curl until then: its events end with it."""
    events = subprocess.Popen(["curl", "-q", "-sS", "-N", "--max-time", "60", *options, f"{place.server.url}/v1/events?job={job}&after=0"],
                              cwd=place.folder, stdout=subprocess.PIPE, text=True)
    try:
        for line in events.stdout:
            if line.startswith("data: ") and json.loads(line[6:])["type"] in ("job.completed", "job.failed"):
                break
    finally:
        events.kill()
        events.wait()
    return curl(place, f"/v1/jobs/{job}", *options).body


CHECKS = [curl_sends_forms, curl_sends_bodies, curl_is_refused_before_it_sends, curl_needs_a_key, curl_fetches_reports,
          curl_posts_batches, curl_speaks_tls]
