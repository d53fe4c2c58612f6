"""Every operation as it is meant, on a real server: files to their jobs' end, corrections, everything that can be asked
for. The client checks each answer and request against the document; here is checked that they say what is true. Used by
tests/api.py."""
import base64
import concurrent.futures
import csv
import hashlib
import io
import json
import os
import pathlib
import socket
import struct
import urllib.parse
import zipfile

import workbooks
from service import form

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEOPLE = """name: people
schema:
  fields:
    - {name: id, type: integer, constraints: {required: true}}
    - {name: name, type: string}
    - {name: state, type: string}
identity: [id]
aggregates:
  - {name: people_by_state, by: [state], measures: {people: count, last: max(id)}}
"""
ROWS = b"id,name,state\n1,Ann,TX\nx,Bob,TX\n3,Cid,MA\n"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


class Good:
    def __init__(self, client, keys, blobs):
        self.client, self.keys, self.blobs = client, keys, blobs
        self.admin = keys["admin"]
        self.people = ""   # the job of ROWS

    def call(self, method, target, *arguments, key=None, **options):
        return self.client.call(method, target, *arguments, key=key or self.admin, **options)

    def equal(self, *arguments):
        return self.client.tally.equal(*arguments)

    def counts(self, job_id, **wanted):
        """The job at its end, with these counts."""
        job = self.client.ended(job_id, self.admin)
        wanted = {"inserted": 0, "updated": 0, "duplicate": 0, "rejected": 0, **wanted}
        self.equal(f"{job['file']['name']}: end", (job["status"], job["error"]), ("COMPLETED", None))
        self.equal(f"{job['file']['name']}: rows", job["rows"], {"read": sum(wanted.values()), **wanted})
        return job

    def send(self, body, pipeline="people", query="", **headers):
        sent = {"Content-Type": "text/csv", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.call("POST", f"/v1/pipelines/{pipeline}/jobs{query}", body, sent, want=202).json["jobId"]

    # ------------------------------------------------------------ pipelines

    def pipelines(self):
        one = "/v1/pipelines/people"
        made = self.call("PUT", one, PEOPLE.encode(), {"Content-Type": "application/yaml"}, want=201)
        again = self.call("PUT", one, PEOPLE.encode(), {"Content-Type": "application/yaml", "If-Match": made.headers["etag"]},
                          want=200)
        self.equal("text of the pipeline", again.json["text"], PEOPLE)
        got = self.call("GET", one, want=200)
        self.equal("ETag", got.headers["etag"], made.headers["etag"])
        self.equal("definition", got.json["definition"]["identity"], ["id"])
        self.call("GET", one, headers={"If-None-Match": got.headers["etag"]}, want=304)
        self.equal("as YAML", self.call("GET", one, headers={"Accept": "application/yaml"}, want=200).body, PEOPLE.encode())
        self.call("HEAD", one, want=200)
        self.call("PUT", "/v1/pipelines/strict", {"name": "strict", "max_rejects": 0, "batch": {"rows": 1}, "schema": {
            "fields": [{"name": "id", "type": "integer"}]}}, want=201)
        self.call("PUT", "/v1/pipelines/short-lived", {"identity": "content"}, want=201)
        names = [item["name"] for item in self.client.pages("/v1/pipelines?limit=2", self.admin)]
        self.equal("pipelines", names, ["hospitals", "people", "short-lived", "strict"])
        self.call("DELETE", "/v1/pipelines/short-lived", want=204)
        sample = self.call("POST", one + "/preview?rows=2&fileName=people.csv", ROWS, {"Content-Type": "text/csv"}, want=200)
        self.equal("preview", [row["data"] for row in sample.json["rows"]], [{"id": 1, "name": "Ann", "state": "TX"}])
        self.equal("preview: rejects", [row["rowNumber"] for row in sample.json["rejects"]], [2])
        self.call("POST", one + "/preview", [{"id": 5, "name": "Eve"}], want=200)
        self.pipelines_not_kept()
        self.previews_of_files()

    def pipelines_not_kept(self):
        """Checked and tried out, and nothing is there afterwards."""
        draft, sent = "/v1/pipelines/draft", {"Content-Type": "application/yaml"}
        text = b"name: draft\nschema: {fields: [{name: id, type: integer}, {name: name}, {name: state, constraints: {required: true}}]}\n"
        self.equal("checked", self.call("PUT", draft + "?dryRun=true", text, sent, want=200).json["definition"]["name"], "draft")
        kind, body = form({"definition": text.decode()}, "people.csv", ROWS)
        tried = self.call("POST", draft + "/preview", body, {"Content-Type": kind}, key=self.keys["uploader"], want=200).json
        self.equal("tried out", (tried["pipeline"], tried["inferred"], tried["fields"][0]), ("draft", False, {"name": "id", "type": "integer"}))
        self.call("GET", draft, want=404)

    def previews_of_files(self):
        """What a file would become that is sent without naming a pipeline."""
        sent = {"Content-Type": "text/csv"}
        fresh = self.call("POST", "/v1/preview?rows=3&fileName=new%20list.csv", ROWS, sent, want=200).json
        self.equal("of a new name", (fresh["pipeline"], fresh["inferred"], fresh["columns"], fresh["rejects"]),
                   ("new-list", True, ["id", "name", "state"], []))
        self.equal("its types", fresh["fields"], [{"name": name, "type": "string"} for name in ("id", "name", "state")])
        self.equal("its text names it", "name: new-list" in fresh["text"], True)
        self.call("GET", "/v1/pipelines/new-list", want=404)
        known = self.call("POST", "/v1/preview?fileName=people.csv", ROWS, sent, key=self.keys["uploader"], want=200).json
        self.equal("of a known one", (known["pipeline"], known["inferred"], known["text"], [row["rowNumber"] for row in known["rejects"]]),
                   ("people", False, None, [2]))
        self.call("POST", "/v1/preview?fileName=people.csv", ROWS, sent, key=self.keys["limited"], want=403)

    # ------------------------------------------------------------ sending

    def sending(self):
        people, sent = "/v1/pipelines/people", self.send
        hospitals = ROOT / "examples" / "data"
        kind, body = form({"pipeline": "hospitals", "metadata": '{"from": "the register"}', "priority": "5"},
                          "hospitals.csv", (hospitals / "hospitals.csv").read_bytes())
        accepted = self.call("POST", "/upload", body, {"Content-Type": kind, "Idempotency-Key": "hospitals"}, want=202)
        again = self.call("POST", "/upload", body, {"Content-Type": kind, "Idempotency-Key": "hospitals"}, want=202)
        self.equal("the same Idempotency-Key", again.json["jobId"], accepted.json["jobId"])
        self.equal("Location", accepted.headers["location"], "/v1/jobs/" + accepted.json["jobId"])
        job = self.counts(accepted.json["jobId"], inserted=4807)
        self.equal("metadata, priority", (job["metadata"], job["priority"]), ({"from": "the register"}, 5))
        self.equal("SHA-256", job["file"]["sha256"],
                   hashlib.sha256((hospitals / "hospitals.csv").read_bytes()).hexdigest())
        update = sent((hospitals / "hospitals-update.csv").read_bytes(), "hospitals", "?fileName=update.csv")
        self.counts(update, updated=2, rejected=4)
        self.people = sent(ROWS, query="?fileName=people.csv&metadata=%7B%7D&priority=-1&delay=0s")
        self.counts(self.people, inserted=2, rejected=1)
        for kind, rows in (("application/json", b'[{"id": 10, "state": "VT"}, {"id": 11}]'),
                           ("application/json", b'{"rows": [{"id": 10, "state": "VT"}]}'),
                           ("application/x-ndjson", b'{"id": 12}\n{"id": "y"}\n')):
            batch = self.call("POST", people + "/batches", rows, {"Content-Type": kind}, want=202).json
            self.equal("accepted", batch["accepted"], 1 if b"rows" in rows else 2)
            expected = {"inserted": 2} if rows[:1] == b"[" else {"duplicate": 1} if b"rows" in rows else \
                {"inserted": 1, "rejected": 1}
            self.counts(batch["jobId"], **expected)
        self.archive()
        self.files_that_lie_there()

    def archive(self):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("may/one.csv", b"id,name,state\n60,Gil,VT\n61,Hal,VT\n")
            archive.writestr("two.ndjson", b'{"id": 61, "name": "Hal", "state": "VT"}\n{"id": "z"}\n')
            archive.writestr("readme.pdf", b"%PDF-1.7\n")
        sent = {"Content-Type": "application/zip", "Content-Disposition": 'attachment; filename="may.zip"'}
        accepted = self.call("POST", "/v1/pipelines/people/jobs?metadata=%7B%22of%22%3A7%7D", packed.getvalue(), sent, want=202).json
        job = self.client.ended(accepted["jobId"], self.admin)
        self.equal("archive", (job["status"], job["file"]["contentType"], job["rows"]["read"], job["rows"]["rejected"]),
                   ("FAILED", "application/zip", 4, 1))
        self.equal("members", job["members"],
                   {"total": 3, "pending": 0, "processing": 0, "completed": 2, "failed": 1, "cancelled": 0})
        self.equal("cause", "'readme.pdf' is a PDF document" in job["error"], True)
        target = urllib.parse.urlsplit(job["links"]["members"])
        members = self.call("GET", f"{target.path}?{target.query}", want=200).json["items"]
        self.equal("members", sorted((one["file"]["name"], one["status"], one["parentJobId"], one["members"], one["metadata"])
                                     for one in members),
                   [(name, end, job["id"], None, {"of": 7})
                    for name, end in (("may/one.csv", "COMPLETED"), ("readme.pdf", "FAILED"), ("two.ndjson", "COMPLETED"))])
        self.equal("archive of a member", members[0]["links"]["archive"], job["links"]["self"])
        work = self.call("GET", f"/v1/jobs/{job['id']}/splits", want=200).json["items"]
        self.equal("splits", [split["work"] for split in work], ["planning", "members"])
        for part in ("plan", "errors", "errors/groups", "errors.csv", "rows"):
            self.call("GET", f"/v1/jobs/{job['id']}/{part}", want=404)
        self.call("DELETE", f"/v1/jobs/{job['id']}?rows=true&force=true", want=204)
        self.equal("removed with it", self.call("GET", f"{target.path}?{target.query}", want=200).json["items"], [])

    def files_that_lie_there(self):
        (self.blobs / "inbox").mkdir(parents=True)
        (self.blobs / "inbox" / "three.csv").write_bytes(b"id,name,state\n20,Flo,ME\n")
        (self.blobs / "acme").mkdir()
        (self.blobs / "acme" / "own.csv").write_bytes(b"id\n1\n")
        self.counts(self.call("POST", "/v1/pipelines/people/jobs", {"blob": "file:inbox/three.csv"}, want=202).json["jobId"],
                    inserted=1)
        other = self.keys["other"]
        self.call("PUT", "/v1/pipelines/own", {"name": "own"}, key=other, want=201)
        jobs = "/v1/pipelines/own/jobs"
        for not_theirs in ("file:inbox/three.csv", "file:acme/../inbox/three.csv", (self.blobs / "inbox/three.csv").as_uri(),
                           "file:acmes/x.csv", "file:acme", "file:uploads/x"):
            self.call("POST", jobs, {"blob": not_theirs}, key=other, want=400)
        self.client.ended(self.call("POST", jobs, {"blob": "file:acme/own.csv"}, key=other, want=202).json["jobId"], other)

    def tus(self):
        data = b"id,name,state\n" + b"".join(b"%d,Gus,OH\n" % number for number in range(100, 200))
        sums = [base64.b64encode(hashlib.sha256(part).digest()).decode() for part in (data[:500], data[500:])]
        words = {"filename": "people.csv", "pipeline": "people", "metadata": '{"by": "tus"}'}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in words.items())
        about = {**TUS, "Upload-Metadata": metadata}
        for at in ("/v1/uploads", "/v1/uploads/x"):
            told = self.call("OPTIONS", at, want=204).headers
            self.equal("tus", (told["tus-version"], "checksum" in told["tus-extension"]), ("1.0.0", True))
        made = self.call("POST", "/v1/uploads", headers={**about, "Upload-Length": str(len(data))}, want=201)
        path = urllib.parse.urlsplit(made.headers["location"]).path
        self.call("PATCH", path, data[:500], {**BYTES, "Upload-Offset": "0", "Upload-Checksum": "sha256 " + sums[0]}, want=204)
        self.equal("offset", self.call("HEAD", path, headers=TUS, want=200).headers["upload-offset"], "500")
        got = self.call("GET", path, headers=TUS, want=200)
        self.equal("GET", (got.json["offset"], got.json["length"], got.json["jobId"]), (500, len(data), None))
        refused = self.call("PATCH", path, data[500:], {**BYTES, "Upload-Offset": "500", "Upload-Checksum": "sha256 " + sums[0]},
                            want=460)
        self.equal("Tus-Resumable of a refusal", refused.headers.get("tus-resumable"), "1.0.0")
        self.call("PATCH", path, data[500:], {**BYTES, "Upload-Offset": "0"}, want=409)
        last = self.call("POST", path, data[500:], {**BYTES, "Upload-Offset": "500", "X-HTTP-Method-Override": "PATCH",
                                                    "Upload-Checksum": "sha256 " + sums[1]}, want=204)
        self.counts(last.headers["sluice-job-id"], inserted=100)
        self.call("DELETE", path, headers=TUS, want=409)
        self.tus_with_all_in_one(about, data)

    def tus_with_all_in_one(self, about, data):
        whole = self.call("POST", "/v1/uploads", data, {**about, **BYTES, "Upload-Length": str(len(data))}, want=201)
        self.counts(whole.headers["sluice-job-id"], duplicate=100)
        for override in ({}, {"X-HTTP-Method-Override": "DELETE"}):
            made = self.call("POST", "/v1/uploads", headers={**about, "Upload-Defer-Length": "1"}, want=201)
            path = urllib.parse.urlsplit(made.headers["location"]).path
            self.call("PATCH", path, b"id\n", {**BYTES, "Upload-Offset": "0", "Upload-Length": "9"}, want=204)
            self.call("POST" if override else "DELETE", path, headers={**TUS, **override}, want=204)
            gone = self.call("GET", path, headers=TUS, want=404)
            self.equal("Tus-Resumable of 404", gone.headers.get("tus-resumable"), "1.0.0")

    # ------------------------------------------------------------ jobs and rows

    def jobs(self):
        job = "/v1/jobs/" + self.people
        everything = self.client.pages("/v1/jobs?limit=3", self.admin)
        self.equal("jobs, newest first", [item["id"] for item in everything],
                   sorted((item["id"] for item in everything), reverse=True))
        filters = "pipeline=people&status=COMPLETED&createdFrom=2020-01-01T00:00:00Z&createdBefore=2100-01-01T00:00:00%2B01:00"
        self.equal("of people", {item["pipeline"] for item in self.client.pages(f"/v1/jobs?{filters}", self.admin)}, {"people"})
        splits = self.call("GET", job + "/splits", want=200).json["items"]
        self.equal("work of the splits", [split["work"] for split in splits], ["planning", "rows"])
        events = self.client.pages(job + "/events?limit=2", self.admin)
        self.equal("events", [event["type"] for event in events], ["job.started", "rows.processed", "job.completed"])
        outcomes = [(row["rowNumber"], row["outcome"]) for row in self.client.pages(job + "/rows?limit=2", self.admin)]
        self.equal("outcomes", outcomes, [(1, "inserted"), (2, "rejected"), (3, "inserted")])
        self.equal("rejected", len(self.client.pages(job + "/rows?outcome=rejected", self.admin)), 1)
        self.equal("row 2", self.call("GET", job + "/rows/2", want=200).json["outcome"], "rejected")
        self.delayed()

    def delayed(self):
        """A job that is not begun yet: cancelled, retried, removed."""
        job_id = self.call("POST", "/v1/pipelines/people/jobs?delay=1h", ROWS, {"Content-Type": "text/csv"},
                           key=self.keys["uploader"], want=202).json["jobId"]
        job = "/v1/jobs/" + job_id
        self.equal("delayed", self.call("GET", job, want=200).json["status"], "PENDING")
        self.call("GET", job + "/plan", want=404)
        self.equal("cancelled by its sender", self.call("POST", job + "/cancel", key=self.keys["uploader"],
                                                        want=200).json["status"], "CANCELLED")
        self.call("POST", job + "/retry", key=self.keys["operator"], want=200)
        self.client.ended(job_id, self.admin)
        self.call("POST", job + "/retry", key=self.keys["operator"], want=409)
        self.call("DELETE", job + "?rows=false", key=self.keys["operator"], want=204)
        self.call("GET", job, want=404)
        self.call("DELETE", "/v1/jobs/" + self.send(b"id,name,state\n500,Zoe,UT\n") + "?rows=true", want=(204, 409))

    def rejects(self):
        job, client = "/v1/jobs/" + self.people, self.client
        errors = self.call("GET", job + "/errors?code=type-error&field=id&open=true&row=2&limit=5", want=200).json["items"]
        self.equal("errors", [(error["rowNumber"], error["line"], error["row"]["name"]) for error in errors], [(2, 3, "Bob")])
        plan = self.call("GET", job + "/plan", want=200).json
        self.equal("plan", (plan["format"], plan["compression"], plan["encoding"], plan["delimiter"], plan["columns"]),
                   ("csv", None, "utf-8", ",", ["id", "name", "state"]))
        for flag in ("false", "true"):
            groups = self.call("GET", f"{job}/errors/groups?examples={flag}", want=200).json["items"]
            self.equal("groups", [(group["code"], group["field"], group["count"]) for group in groups], [("type-error", "id", 1)])
        groups = self.call("GET", f"{job}/errors/groups?open=true", want=200).json["items"]
        self.equal("open groups", [(group["code"], group["field"], group["count"]) for group in groups], [("type-error", "id", 1)])
        for begin, rows in ((1, [2]), (2, [2]), (3, [])):
            listed = self.call("GET", f"{job}/errors?from={begin}", want=200).json["items"]
            self.equal(f"errors from row {begin} on", [error["rowNumber"] for error in listed], rows)
        name = self.call("GET", job, want=200).json["file"]["name"]
        found = self.call("GET", f"/v1/jobs?file={urllib.parse.quote(name[1:].upper())}&limit=1000", want=200).json["items"]
        self.equal("found by a part of its file's name", self.people in {one["id"] for one in found}, True)
        self.equal("and nothing else", {name.lower() in one["file"]["name"].lower() for one in found}, {True})
        reports = {}
        for kind, ending in (("text/csv", "csv"), ("application/x-ndjson", "ndjson"), (XLSX, "xlsx")):
            report = self.call("GET", f"{job}/errors.{ending}?open=true&code=type-error&field=id", want=200)
            same = self.call("GET", job + "/errors", headers={"Accept": kind}, want=200)
            self.equal(f"{ending} by Accept", same.headers["content-type"], report.headers["content-type"])
            self.equal(f"name of the {ending}", report.headers["content-disposition"].split(";")[1].strip(),
                       f'filename="people-rejects.{ending}"')
            reports[ending] = report.body
        lines = [json.loads(line) for line in reports["ndjson"].splitlines()]
        for line in lines:
            client.tally.check("a line of the report", client.document.faults_of(line, client.document.named("Reject")))
        self.equal("rows of the report", [line["rowNumber"] for line in lines], [2])
        with zipfile.ZipFile(io.BytesIO(reports["xlsx"])) as workbook:
            self.equal("workbook", workbook.testzip(), None)
        table = list(csv.DictReader(io.StringIO(reports["csv"].decode("utf-8-sig"))))
        self.equal("cells of the report", [(row["id"], row["name"]) for row in table], [("x", "Bob")])
        self.resubmit(job, reports["csv"].replace(b"x,Bob", b"2,Bob"), lines)

    def resubmit(self, job, corrected, lines):
        first = self.call("POST", job + "/resubmit", corrected, {"Content-Type": "text/csv"}, want=202).json["jobId"]
        self.equal("parent", self.counts(first, inserted=1)["parentJobId"], self.people)
        lines[0]["row"]["id"] = 2
        kind, body = form({}, "fixed.csv", corrected)
        for content_type, report in (("application/x-ndjson", json.dumps(lines[0]).encode() + b"\n"), (kind, body)):
            again = self.call("POST", job + "/resubmit", report, {"Content-Type": content_type}, want=202).json["jobId"]
            self.counts(again, duplicate=1)
        stored = self.call("GET", job + "/errors", want=200).json["items"]
        self.equal("resolved by", [error["resolvedBy"] for error in stored], [first])
        self.equal("children", len(self.client.pages(f"/v1/jobs?parent={self.people}", self.admin)), 3)

    def stored_rows(self):
        rows = "/v1/pipelines/people/rows"
        texas = self.client.pages(rows + "?where%5Bstate%5D=TX&limit=1", self.keys["uploader"])
        self.equal("rows of Texas", sorted(row["data"]["name"] for row in texas), ["Ann", "Bob"])
        # Whole numbers and text alone: Python writes them as RFC 8785 does. Members that are null are no part of a row.
        made = [json.dumps({name: value for name, value in row["data"].items() if value is not None}, sort_keys=True, separators=(",", ":"),
                           ensure_ascii=False) for row in texas]
        self.equal("content hashes", [row["contentHash"] for row in texas], [hashlib.sha256(text.encode()).hexdigest() for text in made])
        for kind, ending in (("text/csv", "csv"), ("application/x-ndjson", "ndjson")):
            whole = self.call("GET", f"{rows}.{ending}?where%5Bstate%5D=TX", want=200)
            same = self.call("GET", rows + "?where%5Bstate%5D=TX", headers={"Accept": kind}, want=200)
            self.equal(f"{ending} by Accept", same.body, whole.body)
            names = [json.loads(line)["name"] for line in whole.body.splitlines()] if ending == "ndjson" else \
                [row["name"] for row in csv.DictReader(io.StringIO(whole.body.decode("utf-8-sig")))]
            self.equal(f"names in {ending}", sorted(names), ["Ann", "Bob"])

    def aggregates(self):
        declared = self.call("GET", "/v1/aggregates", key=self.keys["viewer"], want=200).json["items"]
        self.equal("aggregates", declared, [{"name": "people_by_state", "by": ["state"], "pipelines": ["people"],
                                             "measures": {"last": "max(id)", "people": "count"}}])
        stored = {}
        for row in self.client.pages("/v1/pipelines/people/rows?limit=50", self.admin):
            stored.setdefault(row["data"].get("state"), []).append(row["data"]["id"])
        expected = {state: {"people": len(ids), "last": max(ids)} for state, ids in stored.items()}
        one = "/v1/aggregates/people_by_state"
        shown = self.client.pages(one + "?limit=1&sort=-people", self.keys["uploader"])
        self.equal("groups", {group["state"]: {"people": group["people"], "last": group["last"]} for group in shown}, expected)
        self.equal("the largest first", [group["people"] for group in shown], sorted((group["people"] for group in shown), reverse=True))
        texas = self.call("GET", one + "?where%5Bstate%5D=TX", want=200).json["items"]
        self.equal("Texas", [group["people"] for group in texas], [expected["TX"]["people"]])
        whole = self.call("GET", one + "/groups.csv?sort=state", want=200)
        same = self.call("GET", one + "?sort=state", headers={"Accept": "text/csv"}, want=200)
        self.equal("csv by Accept", same.body, whole.body)
        ndjson = self.call("GET", one + "/groups.ndjson?sort=-people", want=200)
        self.equal("ndjson by Accept", self.call("GET", one + "?sort=-people", headers={"Accept": "application/x-ndjson"}, want=200).body, ndjson.body)
        self.equal("lines of NDJSON are the items", [json.loads(line) for line in ndjson.body.splitlines()], shown)
        lines = {line["state"] or None: int(line["people"]) for line in csv.DictReader(io.StringIO(whole.body.decode("utf-8-sig")))}
        self.equal("groups in CSV", lines, {state: measures["people"] for state, measures in expected.items()})
        made = self.call("POST", one + "/rebuild", want=200).json
        self.equal("made anew", made, {"rows": sum(len(ids) for ids in stored.values()), "groups": len(stored), "wrong": 0})

    def states(self):
        """The service that needs no configuration, as somebody uses it who has only heard of /states."""
        admin, states = self.admin, "/states"
        self.equal("none yet", self.call("GET", states, want=200).json, {"items": [], "next": None})
        sent = {"states": [{"name": "Texas", "population": 1}] * 1000 + [
            {"name": " Rhode Island ", "population": 9007199254740991}, {"name": "A/B ?ü", "population": 0}]}
        once = {"Idempotency-Key": "states"}
        accepted = self.call("POST", "/states/batch?metadata=%7B%7D&priority=1", sent, once, key=self.keys["uploader"], want=202)
        self.equal("accepted", accepted.json["accepted"], 1002)
        job_id = accepted.json["jobId"]
        self.equal("Location", accepted.headers["location"], "/v1/jobs/" + job_id)
        self.counts(job_id, inserted=1002)
        again = self.call("POST", "/states/batch?metadata=%7B%7D&priority=1", sent, once, key=self.keys["uploader"], want=202)
        self.equal("the same job", again.json["jobId"], job_id)
        same = self.call("GET", "/states/jobs/" + job_id, want=200).json
        self.equal("as /v1/jobs has it", same, self.call("GET", "/v1/jobs/" + job_id, want=200).json)
        self.equal("pipeline", (same["pipeline"], same["file"]["name"]), ("states", "states"))
        shown = lambda query="": [(state["name"], state["population"]) for state in  # noqa: E731
                                  self.client.pages("/states?limit=2" + query, admin)]
        self.equal("by name", shown(), [("A/B ?ü", 0), ("Rhode Island", 9007199254740991), ("Texas", 1000)])
        self.equal("the largest first", [name for name, _ in shown("&sort=-population")], ["Rhode Island", "Texas", "A/B ?ü"])
        for one in ("&name=Texas", "&where%5Bname%5D=Texas"):
            self.equal(one, shown(one), [("Texas", 1000)])
        self.equal("a member", sorted(self.call("GET", "/states/Texas", want=200).json), ["name", "population", "updatedAt"])
        for path in ("/states/A%2FB%20%3F%C3%BC", "/states/%20Rhode%20Island"):
            self.call("GET", path, want=200)
        self.states_by_hand()
        # A batch that waits; and the sum of what no double holds.
        later = self.call("POST", "/states/batch?delay=1h", {"states": [{"name": "Ohio", "population": 1}]}, want=202).json
        self.equal("waits", self.call("GET", "/states/jobs/" + later["jobId"], want=200).json["status"], "PENDING")
        self.call("POST", f"/v1/jobs/{later['jobId']}/cancel", want=200)
        more = self.call("POST", "/states/batch", {"states": [{"name": "Rhode Island", "population": 2}]}, want=202).json
        self.counts(more["jobId"], inserted=1)
        self.equal("with all its digits", dict(shown())["Rhode Island"], "9007199254740993")
        made = self.call("POST", "/v1/aggregates/states/rebuild", want=200).json
        self.equal("what was set by hand is right", made, {"rows": 1004, "groups": 4, "wrong": 0})
        pipeline = self.call("GET", "/v1/pipelines/states", want=200).json
        self.equal("the pipeline is seen", (pipeline["origin"], pipeline["definition"]["identity"]), ("store", "position"))
        noted = {(entry["action"], entry["subject"]) for entry in self.client.pages("/v1/audit?limit=1000", admin)}
        self.equal("noted", {("state.create", "Maine"), ("state.put", "Texas"), ("state.delete", "Maine"),
                             ("pipeline.put", "states")} - noted, set())

    def states_by_hand(self):
        operator = self.keys["operator"]
        once = {"Idempotency-Key": "maine"}
        made = self.call("POST", "/states", {"name": " Maine", "population": 5}, once, key=operator, want=201)
        self.equal("Location", made.headers["location"], "/states/Maine")
        self.equal("made", (made.json["name"], made.json["population"]), ("Maine", 5))
        self.equal("and once", self.call("POST", "/states", {"name": " Maine", "population": 5}, once, key=operator,
                                         want=201).json, made.json)
        self.call("POST", "/states", {"name": "Maine", "population": 5}, key=operator, want=409)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            at_once = list(pool.map(lambda _: self.call("POST", "/states", {"name": "Utah", "population": 6},
                                                        {"Idempotency-Key": "utah"}, key=operator, want=201).body, range(8)))
        self.equal("at once", len(set(at_once)), 1)
        self.call("DELETE", "/states/Utah", key=operator, want=204)
        set_ = self.call("PUT", "/states/Texas", {"population": 7}, key=operator, want=200)
        self.equal("set", self.call("GET", "/states/Texas", want=200).json, set_.json)
        fresh = self.call("PUT", "/states/New%20York%2FUSA", {"population": 0}, key=operator, want=201)
        self.equal("Location", fresh.headers["location"], "/states/New%20York%2FUSA")
        self.equal("there", self.call("GET", fresh.headers["location"], want=200).json["name"], "New York/USA")
        self.call("DELETE", "/states/Maine", key=operator, want=204)
        self.call("GET", "/states/Maine", want=404)
        self.call("DELETE", "/states/Maine", key=operator, want=404)
        more = self.call("POST", "/states/batch", {"states": [{"name": "Texas", "population": 3}]}, want=202).json
        self.counts(more["jobId"], inserted=1)
        self.equal("added to what was set", self.call("GET", "/states/Texas", want=200).json["population"], 10)

    # ------------------------------------------------------------ running it

    def queue(self):
        one = self.call("GET", "/v1/queues", want=200).json["items"][0]
        queue = "/v1/queues/" + one["name"]
        self.equal("paused", self.call("POST", queue + "/pause", want=200).json["paused"], True)
        waiting = self.send(b"id,name,state\n600,Ida,NV\n")
        self.equal("waits", self.call("GET", f"/v1/jobs/{waiting}", want=200).json["status"], "PENDING")
        self.equal("paused", self.call("POST", queue + "/resume", want=200).json["paused"], False)
        self.counts(waiting, inserted=1)
        failed = self.send(b"id\nx\n1\n2\n3\n", "strict")   # what comes after the first batch is not read
        self.equal("over max_rejects", self.client.ended(failed, self.admin)["status"], "FAILED")
        self.call("GET", queue + "/active", want=200)   # tests/web.py sees a job in it
        letters = self.call("GET", queue + "/failed?pipeline=strict&limit=5", want=200).json["items"]
        self.equal("dead letters", [letter["id"] for letter in letters], [failed])
        nowhere = "0193a0b2-7c3a-7b1e-8f2d-5a6b7c8d9e0f"
        once = {"Idempotency-Key": "replay"}
        named = self.call("POST", queue + "/failed/replay", {"jobIds": [failed, nowhere]}, once, want=200).json
        self.equal("replayed", (named["replayed"], [one["jobId"] for one in named["notReplayed"]]), (1, [nowhere]))
        ended_at = self.client.ended(failed, self.admin)["finishedAt"]
        again = self.call("POST", queue + "/failed/replay", {"jobIds": [failed, nowhere]}, once, want=200).json
        self.equal("replayed once", (again, self.client.ended(failed, self.admin)["finishedAt"]), (named, ended_at))
        self.call("POST", queue + "/failed/replay", {"jobIds": [failed]}, once, want=422)
        self.call("POST", f"/v1/jobs/{failed}/retry", headers={"Idempotency-Key": "retry"}, want=200)
        ended = self.client.ended(failed, self.admin)
        self.equal("retried once", self.call("POST", f"/v1/jobs/{failed}/retry", headers={"Idempotency-Key": "retry"},
                                             want=200).json["finishedAt"], ended["finishedAt"])
        self.call("POST", queue + "/failed/replay", want=200)
        self.client.ended(failed, self.admin)

    def schedules(self):
        wanted = {"name": "nightly", "pipeline": "people", "cron": "0 2 * * *", "zone": "Europe/Berlin",
                  "source": "blob:inbox/", "metadata": {"by": "clock"}}
        made = self.call("POST", "/v1/schedules", wanted, {"Idempotency-Key": "nightly"}, want=201)
        one = "/v1/schedules/" + made.json["id"]
        self.equal("Location", made.headers["location"], one)
        self.equal("once", self.call("POST", "/v1/schedules", wanted, {"Idempotency-Key": "nightly"},
                                     want=200).json["id"], made.json["id"])
        self.call("PATCH", one, {"enabled": False, "zone": None}, want=200)
        self.equal("changed", [self.call("GET", one, want=200).json[name] for name in ("enabled", "zone", "nextRunAt")],
                   [False, "UTC", None])
        self.equal("schedules", [item["name"] for item in self.call("GET", "/v1/schedules", want=200).json["items"]],
                   ["nightly"])
        self.call("DELETE", one, want=204)
        once = self.call("POST", "/v1/schedules", {"pipeline": "people", "at": "2100-01-01T00:00:00+01:00",
                                                   "source": "blob:inbox/three.csv"}, want=201).json
        self.equal("at", once["nextRunAt"], "2099-12-31T23:00:00.000Z")
        self.call("DELETE", "/v1/schedules/" + once["id"], want=204)

    def events(self):
        def ends(job_id):
            return lambda event: event["type"] == "job.completed" and event["subject"] == job_id
        seen = self.client.events("/v1/events?after=0", self.admin, ends(self.people))
        self.equal("numbers rise", [int(event["sequence"]) for event in seen],
                   sorted({int(event["sequence"]) for event in seen}))
        of_one = self.client.events(f"/v1/events?after=0&job={self.people}", self.admin, ends(self.people))
        self.equal("of one job", {event["subject"] for event in of_one}, {self.people})
        self.limited_events()
        self.websocket()

    def limited_events(self):
        """A key of one pipeline hears of that one only, whatever happened before and after."""
        last = self.send(b"Provider ID\n", "hospitals")
        self.client.ended(last, self.admin)
        seen = self.client.events("/v1/events?after=0", self.keys["limited"],
                                  lambda event: event["type"] in ("job.completed", "job.failed") and event["subject"] == last)
        self.equal("pipelines that a limited key hears of", {event["source"] for event in seen}, {"/v1/pipelines/hospitals"})

    def websocket(self):
        with socket.create_connection(("127.0.0.1", self.client.server.port), timeout=30) as connection:
            token = base64.b64encode(os.urandom(16)).decode()
            connection.sendall((f"GET /v1/events?after=0 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {token}\r\n"
                                f"Authorization: Bearer {self.admin}\r\n\r\n").encode())
            stream = connection.makefile("rb")
            self.equal("WebSocket", stream.readline().split()[1], b"101")
            while stream.readline().strip():
                pass
            first, size = stream.read(2)
            size &= 127
            if size == 126:
                size, = struct.unpack(">H", stream.read(2))
            self.equal("a whole text", first, 0x81)
            self.client.event(json.loads(stream.read(size)))
            self.client.good["streamEvents"].add(101)

    def who(self):
        for role, may in (("viewer", ["read"]), ("uploader", ["read", "read_data", "submit"]),
                          ("operator", ["read", "read_data", "submit", "operate"]),
                          ("admin", ["read", "read_data", "submit", "operate", "administer"])):
            told = self.call("GET", "/v1/me", key=self.keys[role], want=200).json
            self.equal(f"who: {role}", (told["tenant"], told["role"], told["permissions"], told["pipelines"]), ("default", role, may, []))
        self.equal("who: admin", self.call("GET", "/v1/me", want=200).json["actor"], "key:" + self.keys["admin id"])
        limited = self.call("GET", "/v1/me", key=self.keys["limited"], want=200).json
        self.equal("who: a key for one pipeline", limited["pipelines"], ["hospitals"])

    def administration(self):
        made = self.call("POST", "/v1/keys", {"name": "export", "role": "uploader", "pipelines": ["people"],
                                              "tenant": "default", "expiresAt": "2100-01-01T00:00:00Z"}, want=201).json
        self.call("GET", "/v1/pipelines/people", key=made["key"], want=200)
        self.call("GET", "/v1/pipelines/hospitals", key=made["key"], want=403)
        self.call("DELETE", "/v1/keys/" + made["id"], want=204)
        listed = {item["id"]: item for item in self.call("GET", "/v1/keys", want=200).json["items"]}
        self.equal("revoked", listed[made["id"]]["revokedAt"] is not None, True)
        acts = [entry["action"] for entry in self.client.pages("/v1/audit?limit=50", self.admin)]
        self.equal("audit", {"key.create", "key.revoke", "pipeline.put", "job.delete", "report.download", "rows.export",
                             "queue.pause", "queue.replay", "schedule.create"} - set(acts), set())
        revoked = self.call("GET", "/v1/audit?action=key.revoke&actor=" + urllib.parse.quote("key:" + self.keys["admin id"]),
                            want=200).json["items"]
        self.equal("subject", [entry["subject"] for entry in revoked], [made["id"]])
        self.equal("setting", self.call("GET", "/v1/config", want=200).json["listen"].startswith("127.0.0.1"), True)
        series = self.call("GET", "/v1/stats?interval=1h&pipeline=people", want=200).json
        self.equal("statistics", sum(item["rows"]["inserted"] for item in series["items"]) > 100, True)
        self.call("GET", "/v1/stats?from=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z", want=200)

    def server(self):
        for path in ("/healthz", "/readyz", "/openapi.json", "/docs"):
            self.client.call("GET", path, want=200)
        text = self.call("GET", "/metrics", key=self.keys["viewer"], want=200).body
        self.equal("metrics", b"sluice_" in text, True)

    def workbooks(self):
        file = io.BytesIO()
        book = workbooks.Workbook(file)
        for row in (["id", "name", "state"], [21, "Una", "VT"], ["x", "Vic", "VT"]):
            book.add(row)
        book.close()
        kind, body = form({"pipeline": "people"}, "people.xlsx", file.getvalue())
        job = self.counts(self.call("POST", "/upload", body, {"Content-Type": kind}, want=202).json["jobId"], inserted=1, rejected=1)
        self.equal("a workbook's type", job["file"]["contentType"], XLSX)
        errors = self.call("GET", f"/v1/jobs/{job['id']}/errors", want=200).json["items"]
        self.equal("a workbook's reject", (errors[0]["line"], errors[0]["errors"][0]["message"][:31]), (3, "Sheet 'People', cell A3: 'x' is"))
        sample = self.call("POST", "/v1/pipelines/people/preview?fileName=people.xlsx", file.getvalue(), {"Content-Type": XLSX}, want=200)
        self.equal("preview of a workbook", [row["data"]["name"] for row in sample.json["rows"]], ["Una"])
        self.call("POST", "/v1/pipelines/people/preview?fileName=people.xlsx", file.getvalue()[:500], {"Content-Type": XLSX}, want=400)

    def all(self):
        for part in (self.server, self.who, self.pipelines, self.sending, self.tus, self.jobs, self.rejects, self.stored_rows, self.aggregates, self.states, self.queue,
                     self.schedules, self.events, self.administration, self.workbooks):
            part()
