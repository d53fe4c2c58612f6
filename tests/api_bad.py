"""Bad requests, for every operation: parameters that are unknown, of another type, twice; ids of nobody, of another tenant,
of another pipeline; bodies that are something else. Each is answered with a problem that docs/errors.md has, and nothing
with 500. Used by tests/api.py."""
import re
import socket
import urllib.parse

from service import form

NOBODY = "0193a0b2-7c3a-7b1e-8f2d-5a6b7c8d9e0f"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
ABOUT = {**TUS, "Upload-Metadata": "filename cC5jc3Y=,pipeline cGVvcGxl"}
CSV = {"Content-Type": "text/csv"}
REFUSED = tuple(range(400, 432))
SMALL_BODY = 8 << 20


class Bad:
    def __init__(self, client, keys, job):
        self.client, self.keys, self.job = client, keys, job
        self.queue = self.ok("GET", "/v1/queues").json["items"][0]["name"]
        self.schedule = self.ok("POST", "/v1/schedules", {"pipeline": "people", "cron": "0 2 * * *",
                                                          "source": "blob:inbox/"}).json["id"]
        made = self.ok("POST", "/v1/uploads", headers={**ABOUT, "Upload-Length": "100"})
        self.upload = made.headers["location"].rsplit("/", 1)[1]

    def ok(self, *arguments, **options):
        return self.client.call(*arguments, key=self.keys["admin"], want=(200, 201, 202, 204), **options)

    def refused(self, method, target, body=b"", headers=None, key=None, want=REFUSED, name=None):
        """A problem: with this status, and of this name where one is said."""
        extra = [] if name is None or method == "HEAD" else [
            lambda answer: [] if answer.json["type"] == "/problems/" + name else [f"the problem {answer.json['type']}"]]
        answer = self.client.call(method, target, body, headers, key or self.keys["admin"], want, extra)
        if target.startswith("/v1/uploads"):
            self.client.tally.equal(f"{method} {target[:80]}: Tus-Resumable", answer.headers.get("tus-resumable"), "1.0.0")
        return answer

    def target(self, operation, **other):
        """The operation's path with things that are there."""
        own = {"id": self.upload if "/uploads/" in operation.path else self.schedule if "/schedules/" in operation.path else
               NOBODY if "/keys/" in operation.path else self.job, "p": "people", "q": self.queue, "n": "1",
               "name": "Texas" if "/states/" in operation.path else "people_by_state", **other}
        return re.sub(r"\{(\w+)\}", lambda name: own[name[1]], operation.path)

    # ------------------------------------------------------------ every operation

    def parameters(self):
        for operation in self.client.document.operations:
            if operation.is_open:
                continue
            headers = dict(TUS)
            at = self.target(operation)
            self.refused(operation.method, at + "?zzq=1", headers=headers, want=400, name="bad-request")
            for name, parameter in operation.of("query").items():
                for value in self.wrong_values(parameter):
                    self.refused(operation.method, f"{at}?{name}={urllib.parse.quote(value)}", headers=headers, want=(400, 404))
                if parameter.get("style") != "deepObject":
                    self.refused(operation.method, f"{at}?{name}=1&{name}=2", headers=headers, want=(400, 404))

    def wrong_values(self, parameter):
        schema = self.client.document.whole(parameter["schema"])
        if schema.get("type") == "integer":
            return ["x", "1.5", "1e3", "99999999999999999999", " 1"] + [
                str(schema[end] + step) for end, step in (("minimum", -1), ("maximum", 1)) if end in schema]
        if schema.get("type") == "boolean":
            return ["yes", "TRUE", "2"]
        if "enum" in schema or "format" in schema or "pattern" in schema:
            return ["zzq", "0"]
        return {"metadata": ["x", "[]", "1"], "delay": ["x", "5", "-1s", "9999d"], "cursor": ["x", "%00", "a" * 5000]}.get(
            parameter["name"], [])

    def ids(self):
        wrong = {"id": [NOBODY, "x", "%00", "%FF", "a" * 3000, NOBODY.upper(), "%27%20OR%201%3D1"],
                 "n": ["0", "-1", "x", "9" * 30, "1.5"], "q": ["x", "%00", "a" * 3000],
                 "p": ["a%2Fb", "..%2F..%2Fetc", "%00", "a%20b", "a" * 3000], "name": ["x", "%00", "%FF", "a" * 3000]}
        for operation in self.client.document.operations:
            for name in operation.of("path"):
                values = wrong[name] if not operation.is_open else []
                if "/uploads/" in operation.path:
                    values = [value for value in values if value not in ("%00", "%FF")]   # refused before it is tus
                for value in values:
                    self.refused(operation.method, self.target(operation, **{name: value}), headers={
                        **BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"})

    def of_others(self):
        """Another tenant's things are not there; another pipeline's are not for a key that is limited."""
        headers = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
        for operation in self.client.document.operations:
            if operation.is_open or not operation.of("path"):
                continue
            at = self.target(operation)
            if "{id}" in operation.path:
                self.refused(operation.method, at, headers=headers, key=self.keys["other"], want=404, name="not-found")
                limited = (403, 404) if "/keys/" in at else 403
                self.refused(operation.method, at, headers=headers, key=self.keys["limited"], want=limited)
            elif "{p}" in operation.path or "/aggregates/" in operation.path:
                self.refused(operation.method, at, headers=headers, key=self.keys["limited"], want=403, name="forbidden")
        limited, other = self.keys["limited"], self.keys["other"]
        for target in ("/v1/jobs", "/v1/schedules", "/v1/pipelines", f"/v1/queues/{self.queue}/failed",
                       f"/v1/queues/{self.queue}/active"):
            for key, wanted in ((limited, {"hospitals"}), (other, {"own", "hospitals"})):
                items = self.client.call("GET", target, key=key, want=200).json["items"]
                seen = {item.get("pipeline", item["name"] if "name" in item else "") for item in items}
                self.client.tally.check(f"{target} of {key[:8]}", [f"it sees {seen - wanted}"] if seen - wanted else [])
        for target in ("/v1/jobs?pipeline=people", "/v1/stats?pipeline=people", "/v1/keys", "/v1/audit"):
            self.refused("GET", target, key=limited, want=403, name="forbidden")
        for key in (limited, other):
            self.refused("POST", f"/v1/queues/{self.queue}/pause", key=key, want=403, name="forbidden")
        self.refused("GET", "/v1/config", key=other, want=403, name="forbidden")
        self.refused("POST", "/v1/keys", {"name": "x", "role": "viewer", "tenant": "default"}, key=other, want=403)
        for key in (limited, other):
            self.client.tally.equal("aggregates", self.client.call("GET", "/v1/aggregates", key=key, want=200).json["items"], [])
        for target in ("", "/groups.csv", "/groups.ndjson"):
            self.refused("GET", "/v1/aggregates/people_by_state" + target, key=other, want=404, name="not-found")
        self.client.tally.equal("stored rows of another tenant", self.client.call(
            "GET", "/v1/pipelines/people/rows", key=other, want=200).json["items"], [])
        kind, body = form({"pipeline": "people"}, "people.csv", b"id\n1\n")
        self.refused("POST", "/upload", body, {"Content-Type": kind}, key=limited, want=403, name="forbidden")
        self.refused("POST", "/v1/uploads", headers={**ABOUT, "Upload-Length": "9"}, key=limited, want=403, name="forbidden")
        self.refused("POST", f"/v1/jobs/{self.job}/cancel", key=self.keys["uploader"], want=403, name="forbidden")

    def bodies(self):
        for operation in self.client.document.operations:
            content = (operation.body or {}).get("content", {})
            schema = self.client.document.whole(content.get("application/json", {}).get("schema", {}))
            if schema.get("type") != "object" and "properties" not in schema or operation.id == "putPipeline":
                continue
            at = self.target(operation)
            wrong = [b"{", b"[]", b"1", b"null", b"\xff", b'"x"', b"{\"a\":" * 2000, {"zzq": 1}]
            for name, member in schema["properties"].items():
                kinds = self.client.document.whole(member).get("type", "string")
                wrong += [{name: value} for value in ([1, {}, ["x"]] if "string" in kinds or "enum" in member else
                                                      ["x", 1.5 if kinds == "integer" else 1, [1]])]
            for body in wrong:
                self.refused(operation.method, at, body, {"Content-Type": "application/json"}, want=400, name="bad-request")
            self.refused(operation.method, at, b"name: x", {"Content-Type": "application/yaml"}, want=415)

    # ------------------------------------------------------------ what only some have

    def sending(self):
        people = "/v1/pipelines/people"
        for operation in self.client.document.operations:
            if ("header", "Idempotency-Key") in operation.parameters:
                for key in ("a" * 300, "caf\xe9", "tab\there"):
                    self.refused(operation.method, self.target(operation), b"id\n1\n", {**CSV, "Idempotency-Key": key})
        self.refused("POST", people + "/jobs", b" \n", CSV, want=400, name="empty-file")
        self.refused("POST", people + "/jobs", b"\x89PNG\r\n\x1a\n" + bytes(100), CSV, want=415, name="unsupported-file")
        self.refused("POST", people + "/jobs?delay=1s&runAt=2100-01-01T00:00:00Z", b"id\n1\n", CSV, want=400)
        self.refused("POST", "/v1/pipelines/nobody/jobs", b"id\n1\n", CSV, want=404, name="not-found")
        self.refused("POST", people + "/preview", b"", CSV, want=400)
        for sample in (b"[{", b'{"a": 1}', b"\x1f\x8b\x08broken"):
            self.refused("POST", people + "/preview?fileName=a.json", sample, {"Content-Type": "application/json"}, want=400)
        for rows in (b"", b"{}", b"[]", b"[1]", b"[{}", b'{"rows": []}'):
            self.refused("POST", people + "/batches", rows, {"Content-Type": "application/json"}, want=400)
        self.refused("POST", people + "/batches", b"id\n1\n", CSV, want=415, name="unsupported-media-type")
        for body in (b" " * (SMALL_BODY + 1),):
            answer = self.refused("POST", people + "/batches", body, {"Content-Type": "application/json"}, want=413)
            self.client.tally.equal("limit", answer.json.get("limit"), SMALL_BODY)
        first = self.ok("POST", people + "/jobs?delay=1h", b"id\n1\n", {**CSV, "Idempotency-Key": "used"}).json["jobId"]
        self.refused("POST", people + "/jobs", b"id\n2\n", {**CSV, "Idempotency-Key": "used"}, want=422,
                     name="idempotency-key-reused")
        self.refused("DELETE", f"/v1/jobs/{first}", want=409, name="conflict")
        self.ok("POST", f"/v1/jobs/{first}/cancel")
        self.ok("DELETE", f"/v1/jobs/{first}")
        self.refused("POST", people + "/jobs", b"id\n1\n", {**CSV, "Idempotency-Key": "used"}, want=410, name="job-removed")
        self.refused("POST", f"/v1/jobs/{self.job}/retry", want=409, name="conflict")
        for kind, body in (("multipart/form-data", b""), ("multipart/form-data; boundary=b", b"--b\r\nbroken"),
                           ("text/csv", b"id\n1\n"), form({"zzq": "1"}, "a.csv", b"id\n1\n"), form({}, "", b"id\n1\n"),
                           form({"pipeline": "nobody"}, "a.csv", b"id\n1\n"), form({"metadata": "x"}, "a.csv", b"id\n1\n")):
            self.refused("POST", "/upload", body, {"Content-Type": kind}, want=(400, 404))
        for report in (b"", b"id\n1\n", b"{}\n", b"sluice_job,sluice_row\nx,1\n"):
            self.refused("POST", f"/v1/jobs/{self.job}/resubmit", report, CSV, want=400)
        for blob in ("", "x", "s3://a/b", "file:", "file:nowhere.csv", "file:../../etc/passwd", "file:/etc/passwd",
                     "file:uploads/x", "file://elsewhere/x", "file:a\0b"):
            self.refused("POST", people + "/jobs", {"blob": blob}, want=400)

    def pipelines(self):
        one = "/v1/pipelines/people"
        for text in ("", "[", "name: other", "zzq: 1", "schema: /etc/passwd", "source: {encoding: '${HOME}'}", "\0", "a: &a [*a]"):
            self.refused("PUT", one, text.encode(), {"Content-Type": "application/yaml"}, want=422 if text else (400, 422))
            self.refused("PUT", one + "?dryRun=true", text.encode(), {"Content-Type": "application/yaml"}, want=422 if text else (400, 422))
        self.refused("PUT", one + "?dryRun=maybe", b"name: people", {"Content-Type": "application/yaml"}, want=400)
        self.refused("PUT", "/v1/pipelines/hospitals?dryRun=true", b"name: hospitals", want=409, name="conflict")
        form = b'--x\r\nContent-Disposition: form-data; name="definition"\r\n\r\nname: people\r\n--x--\r\n'
        self.refused("POST", one + "/preview", form, {"Content-Type": "multipart/form-data; boundary=x"}, want=400)
        self.refused("PUT", one, b"[]", {"Content-Type": "application/json"}, want=422, name="invalid-pipeline")
        for method in ("PUT", "DELETE"):
            self.refused(method, one, b"name: people", {"If-Match": '"x"'}, want=412, name="precondition-failed")
            self.refused(method, "/v1/pipelines/hospitals", b"name: hospitals", want=409, name="conflict")
        self.refused("PUT", one, b"name: people", {"If-None-Match": "*"}, want=412, name="precondition-failed")

    def tus(self):
        one, all_ = f"/v1/uploads/{self.upload}", "/v1/uploads"
        answers = [self.refused("POST", all_, headers={"Upload-Length": "1"}, want=412, name="tus-version"),
                   self.refused("PATCH", one, b"x", {"Upload-Offset": "0"}, want=412, name="tus-version")]
        for answer in answers:
            self.client.tally.equal("Tus-Version", answer.headers.get("tus-version"), "1.0.0")
        for headers in ({}, {"Upload-Length": "x"}, {"Upload-Length": "-1"}, {"Upload-Length": "1", "Upload-Defer-Length": "1"},
                        {"Upload-Defer-Length": "2"}):
            self.refused("POST", all_, headers={**ABOUT, **headers}, want=400)
        for metadata in ("", "filename", "filename ***", "pipeline bm9ib2R5,filename YQ==", "a b,a b"):
            self.refused("POST", all_, headers={**TUS, "Upload-Length": "1", "Upload-Metadata": metadata}, want=(400, 404))
        self.refused("POST", all_, headers={**ABOUT, "Upload-Length": str(10 ** 15)}, want=413, name="too-large")
        self.refused("POST", all_, b"x", {**ABOUT, **CSV, "Upload-Length": "1"}, want=415, name="tus-content-type")
        for headers in ({}, {"Upload-Offset": "x"}, {"Upload-Offset": "0", "Upload-Checksum": "md5 YQ=="},
                        {"Upload-Offset": "0", "Upload-Length": "99"}):
            self.refused("PATCH", one, b"x", {**BYTES, **headers}, want=400)
        self.refused("PATCH", one, b"x", {**TUS, "Upload-Offset": "0"}, want=415, name="tus-content-type")
        answer = self.refused("PATCH", one, b"x", {**BYTES, "Upload-Offset": "7"}, want=409, name="upload-offset")
        self.client.tally.equal("where it stands", answer.json.get("offset"), 0)
        self.refused("PATCH", one, b"x" * 101, {**BYTES, "Upload-Offset": "0"}, want=400)
        self.refused("POST", one, headers={**TUS, "X-HTTP-Method-Override": "PUT"}, want=400)

    def aggregates(self):
        one = "/v1/aggregates/people_by_state"
        for wrong, words in (("?sort=zzq", "sort: the aggregate 'people_by_state' has no 'zzq'"), ("?sort=--people", "no '-people'"),
                             ("?where%5Bpeople%5D=1", "filter: the aggregate 'people_by_state' has no field 'people'"),
                             ("?where%5Bzzq%5D=1", "has no field 'zzq'; known: state"), ("?cursor=x", "cursor"), ("?limit=0", "limit")):
            for target in (one,) if wrong.startswith(("?cursor", "?limit")) else (one, one + "/groups.csv", one + "/groups.ndjson"):
                answer = self.refused("GET", target + wrong, want=400, name="bad-request")
                self.client.tally.check(wrong, [] if words in answer.json["detail"] else [answer.json["detail"]])
        answer = self.refused("GET", "/v1/aggregates/people_by_stat", want=404, name="not-found")
        self.client.tally.check("the nearest", [] if "'people_by_state'" in answer.json["detail"] else [answer.json["detail"]])

    def states(self):
        batch = "/states/batch"

        def says(answer, words):
            self.client.tally.check(f"{words} is said", [] if words in answer.json["detail"] else [answer.json["detail"]])

        good = {"name": "Texas", "population": 1}
        wrong = [{"name": "", "population": 1}, {"name": " \u00a0", "population": 1}, {"name": "Texas"}, {"population": 1}, {},
                 {"name": "Texas", "population": -1}, {"name": "Texas", "population": 1.5}, {"name": "Texas", "population": "1"},
                 {"name": 5, "population": 1}, {"name": None, "population": None}, {"name": "Texas", "population": 1, "x": 2},
                 7, [good], {"name": "a\nb", "population": 1}, {"name": "a" * 1001, "population": 1},
                 {"name": "Texas", "population": 2 ** 53}]
        before = self.client.call("GET", "/v1/jobs?pipeline=states", key=self.keys["admin"], want=200).json["items"]
        answer = self.refused("POST", batch, {"states": [good, *wrong, good]}, want=400, name="bad-request")
        self.client.tally.equal("every bad element, and no other", sorted({error["index"] for error in answer.json["errors"]}),
                                list(range(1, len(wrong) + 1)))
        self.client.tally.equal("faults", answer.json["faults"], len(answer.json["errors"]))
        self.client.tally.equal("their fields", {error["index"]: error["field"] for error in answer.json["errors"]
                                                 if error["index"] in (1, 3, 6, 12)},
                                {1: "name", 3: "population", 6: "population", 12: None})
        says(answer, "states[1].name is empty; states[2].name is nothing but white space; states[3].population is missing")
        says(answer, "and 8 more, told by `errors`")
        many = self.refused("POST", batch, {"states": [{"name": ""}] * 2000}, want=400)
        self.client.tally.equal("at most", (many.json["faults"], len(many.json["errors"])), (4000, 1000))
        for body, words in ((b"{", "does not end with }"), (b"[]", "no JSON object"), (b"{}", 'has no "states"'),
                            (b'{"states": []}', '"states" is empty'), (b'{"states": {}}', "no array"),
                            (b'{"states": [{"name": "a", "population": 1}], "x": 1}', "'x'"),
                            (b'{"states": [{"name" 1}]}', "states[0]"),
                            (b'{"states": [{"name": "a", "population": 1}]}{}', "after the object")):
            says(self.refused("POST", batch, body, {"Content-Type": "application/json"}, want=400, name="bad-request"), words)
        for query, words in (("delay=x", "delay"), ("delay=1s&runAt=2100-01-01T00:00:00Z", "delay and runAt"),
                             ("priority=5000", "priority"), ("pipeline=people", "pipeline is not to be chosen here"),
                             ("zzq=1", "known: fileName, metadata, priority, delay, runAt"), ("metadata=1", "metadata")):
            says(self.refused("POST", f"{batch}?{query}", {"states": [good]}, want=400), words)
        for method, path, body in (("POST", batch, b'{"states": [{"name": "Texas", "population": -1}]}'),
                                   ("POST", "/states", b'{"name": "Texas", "population": -1}'),
                                   ("PUT", "/states/Texas", b'{"population": -1}'),
                                   ("POST", "/v1/pipelines/people/batches", b"[]")):
            for kind in ("text/csv", "application/jsonx", "application/json-seq"):
                self.refused(method, path, body, {"Content-Type": kind}, want=415, name="unsupported-media-type")
            for kind in ("Application/JSON", "application/json ;charset=utf-8"):
                self.refused(method, path, body, {"Content-Type": kind}, want=400, name="bad-request")
        for method, path, body in (("POST", "/states", b'{"name": "Ohio", "population": 1, "population": 2}'),
                                   ("PUT", "/states/Ohio", b'{"population": 1, "population": 2}')):
            says(self.refused(method, path, body, {"Content-Type": "application/json"}, want=400), "'population' twice")
        self.client.tally.equal("nothing was queued", self.client.call(
            "GET", "/v1/jobs?pipeline=states", key=self.keys["admin"], want=200).json["items"], before)
        self.ok("POST", batch, {"states": [good]}, {"Idempotency-Key": "states-used"})
        self.refused("POST", batch, {"states": [good, good]}, {"Idempotency-Key": "states-used"}, want=422,
                     name="idempotency-key-reused")
        says(self.refused("GET", "/states/jobs/" + self.job, want=404, name="not-found"), "of the pipeline 'people'")
        says(self.refused("GET", "/states?sort=zzq", want=400), "has no 'zzq'")
        says(self.refused("GET", "/states?where%5Bpopulation%5D=1", want=400), "has no field 'population'; known: name")
        says(self.refused("GET", "/states/Nowhere", want=404, name="not-found"), "there is no state 'Nowhere'")
        says(self.refused("DELETE", "/states/Nowhere", want=404, name="not-found"), "there is no state 'Nowhere'")
        for path in ("/states/%20", "/states/" + "a" * 1001):
            for method in ("GET", "PUT", "DELETE"):
                says(self.refused(method, path, {"population": 1} if method == "PUT" else b"", want=400), "the name is ")
        for body, words in (({}, "population is missing"), ({"population": -1}, "population is -1"), ({"population": 1.0}, "is 1.0"),
                            ({"population": "1"}, 'is "1"'), ({"population": None}, "is null"), ({"population": 2 ** 53}, "whole"),
                            ({"population": 1, "name": "Ohio"}, "'name'")):
            says(self.refused("PUT", "/states/Ohio", body, want=400, name="bad-request"), words)
            if "name" not in body:
                says(self.refused("POST", "/states", {"name": "Ohio", **body}, want=400, name="bad-request"), words)
        says(self.refused("POST", "/states", {"population": 1}, want=400), "the name is empty")
        for name in (".", "..", " .. "):   # clients and the server take them out of paths
            says(self.refused("POST", "/states", {"name": name, "population": 1}, want=400), "the name is '.")
            says(self.refused("POST", batch, {"states": [{"name": name, "population": 1}]}, want=400), "states[0].name is '.")
        for dots in (".", "%2e%2e"):
            self.refused("PUT", "/states/" + dots, {"population": 1})
        for list_, orders in (("/states", ("", "name", "-name", "population", "-population")),
                              ("/v1/aggregates/people_by_state", ("", "-state", "people", "-people"))):
            for mine in orders:
                of = lambda order: list_ + "?limit=1" + (order and "&sort=" + order)  # noqa: E731
                cursor = self.client.call("GET", of(mine), key=self.keys["admin"], want=200).json["next"]
                for order in orders:
                    if order == mine:
                        self.client.call("GET", f"{of(order)}&cursor={cursor}", key=self.keys["admin"], want=200)
                    else:
                        says(self.refused("GET", f"{of(order)}&cursor={cursor}", want=400, name="bad-request"), "another order")
        says(self.refused("POST", "/states", {"name": "Texas", "population": 1}, want=409, name="conflict"), "PUT /states/Texas")
        self.refused("GET", "/states/Ohio", want=404)
        for method, path, body in (("GET", "/states", b""), ("GET", "/states/Texas", b""), ("POST", batch, {"states": [good]}),
                                   ("POST", "/states", {"name": "Ohio", "population": 1}), ("DELETE", "/states/Texas", b""),
                                   ("PUT", "/states/Texas", {"population": 1})):
            self.refused(method, path, body, key=self.keys["limited"], want=403, name="forbidden")
        self.client.tally.equal("of another tenant", self.client.call(
            "GET", "/states", key=self.keys["other"], want=200).json["items"], [])
        self.another_pipeline(good, says)

    def another_pipeline(self, good, says):
        """Somebody has a pipeline of that name that counts something else; or more."""
        other = self.keys["other"]
        for aggregates, words in (("[]", "the pipeline 'states' is another than /states needs"),
                                  ("[{name: states, by: [name], measures: {population: count}}]", "is another"),
                                  ("[{name: states, by: [name], measures: {population: sum(population)}}]",
                                   "whose identity is not position"),
                                  ("[{name: states, by: [name], measures: {population: sum(population)}}]\nidentity: [name]",
                                   "identity: position"),
                                  ("[{name: states, by: [other], measures: {population: sum(population)}}]", "is another")):
            text = "name: states\nschema: {fields: [{name: name}, {name: other}, {name: population, type: integer}]}\naggregates: " + aggregates
            self.client.call("PUT", "/v1/pipelines/states", text.encode(), {"Content-Type": "application/yaml"}, key=other,
                             want=(200, 201))
            for method, path, body in (("POST", "/states/batch", {"states": [good]}), ("PUT", "/states/Texas", {"population": 1}),
                                       ("POST", "/states", good)):
                says(self.refused(method, path, body, key=other, want=409, name="conflict"), words)
        more = text.replace("by: [other]", "by: [name]").replace("sum(population)}", "sum(population), n: count}") + (
            "\nidentity: position")
        self.client.call("PUT", "/v1/pipelines/states", more.encode(), {"Content-Type": "application/yaml"}, key=other, want=200)
        job = self.client.call("POST", "/states/batch", {"states": [good, good]}, key=other, want=202).json["jobId"]
        self.client.ended(job, other)
        self.client.tally.equal("populations alone", self.client.call("GET", "/states/Texas", key=other, want=200).json[
            "population"], 2)
        for method, path, body in (("PUT", "/states/Texas", {"population": 1}), ("DELETE", "/states/Texas", b"")):
            says(self.refused(method, path, body, key=other, want=409, name="conflict"), "further measures")
        # What was answered under a key is answered again, whatever became of the pipeline.
        admin, once = self.keys["admin"], {"Idempotency-Key": "vermont"}
        kept = self.client.call("GET", "/v1/pipelines/states", key=admin, want=200).json["definition"]
        send = lambda want: self.client.call("POST", "/states", {"name": "Vermont", "population": 3}, once, key=admin, want=want)  # noqa: E731
        made = send(201).json
        self.client.call("PUT", "/v1/pipelines/states", {**kept, "identity": "content"}, key=admin, want=200)
        self.refused("PUT", "/states/Vermont", {"population": 4}, want=409, name="conflict")
        self.client.tally.equal("the same answer", send(201).json, made)
        self.client.call("PUT", "/v1/pipelines/states", kept, key=admin, want=200)

    def transport(self):
        """What is no HTTP, comes from a page of another site, or is too long."""
        self.client.call("POST", "/v1/jobs/x/cancel", headers={"Origin": "http://elsewhere.example"}, want=403)
        self.client.call("GET", "/v1/jobs?cursor=" + "a" * 40000, want=431)
        for head, status in ((b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
                             (b"nonsense\r\n\r\n", 400), (b"POST /v1/keys HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                                                         b"Transfer-Encoding: chunked\r\n\r\n", 400)):
            with socket.create_connection(("127.0.0.1", self.client.server.port), timeout=30) as connection:
                connection.sendall(head)
                connection.shutdown(socket.SHUT_WR)
                answer = connection.makefile("rb").read()
                self.client.tally.equal(f"{head[:40]!r}", (answer[9:12], b"/problems/malformed-request" in answer),
                                        (str(status).encode(), True))
                self.client.seen_problems.add("malformed-request")
        self.refused("GET", "/v1/events", headers={"Last-Event-ID": "x"}, want=400)
        self.refused("GET", "/v1/stats?from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", want=400)
        self.refused("GET", "/v1/stats?from=2020-01-01T00:00:00Z&interval=1s", want=400)

    def all(self):
        for part in (self.parameters, self.ids, self.of_others, self.bodies, self.sending, self.pipelines,
                     self.aggregates, self.states, self.tus, self.transport):
            part()
