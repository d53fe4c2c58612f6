"""A client that holds every answer of the server against its OpenAPI document, and every request that was taken: used by
the parts of tests/api.py. Nothing here knows of single operations."""
import collections
import dataclasses
import http.client
import json
import pathlib
import re
import urllib.parse

from service import PATIENCE_SECONDS, ServiceError

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_SHOWN = 60   # failures; the rest is counted
SHORTEST_SENTENCE = 10   # characters that a problem's detail has at least


class Tally:
    """Counts, and prints what failed at once."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, faults):
        """`faults`: sentences; none of them, and it passed."""
        if not faults:
            self.passed += 1
            return True
        self.failed += 1
        if self.failed <= MOST_SHOWN:
            print(f"FAILED {name}\n" + "".join(f"       {fault}\n" for fault in faults), flush=True)
        return False

    def equal(self, name, found, wanted):
        return self.check(name, [] if found == wanted else [f"{found!r}, not {wanted!r}"])


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def problems_of_page():
    """{name: statuses} as docs/errors.md has them."""
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    found = collections.defaultdict(set)
    for name, status in re.findall(r"^\| `/problems/([a-z-]+)` \| (\d{3}) \|", text, re.M):
        found[name].add(int(status))
    return dict(found)


class Client:
    def __init__(self, server, document, tally):
        self.server, self.document, self.tally = server, document, tally
        self.problems = problems_of_page()
        self.seen_problems = set()
        self.good, self.bad = collections.defaultdict(set), collections.defaultdict(set)   # operation id → statuses

    def call(self, method, target, body=b"", headers=None, key=None, want=None, extra=()):
        """One request, checked. `want`: the status, or some of them. `extra`: what else is wrong with the answer,
        given as a function of it."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers = {"Content-Type": "application/json", **(headers or {})}
        answer = Answer(*self.server.request(method, target, body or None, headers, key))
        path, _, query = target.partition("?")
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
        faults = self._faults(method, path, pairs, headers or {}, body, answer)
        wanted = (want,) if isinstance(want, int) else want
        if wanted and answer.status not in wanted:
            faults.insert(0, f"{answer.status}, not {want}: {answer.body[:500]!r}")
        for check in extra if isinstance(extra, (list, tuple)) else [extra]:
            if not faults:
                faults += check(answer)
        self.tally.check(f"{method} {target[:150]}", faults)
        return answer

    def _faults(self, method, path, query, headers, body, answer):
        operation = self.document.find(method, path)
        faults = self._problem_faults(method, answer) if answer.status >= 400 else []
        if answer.status >= 500:
            faults.append(f"the server's log: {self.server.log[-3:]}")
        if operation is None:
            if answer.status not in (204, 404, 405):
                faults.append(f"there is no such operation in the document, and the answer is {answer.status}")
            return faults
        (self.bad if answer.status >= 400 else self.good)[operation.id].add(answer.status)
        faults += self.document.response_faults(operation, method, answer.status, answer.headers, answer.body)
        if answer.status < 400:
            faults += self.document.request_faults(operation, path, query, headers, body)
        return faults

    def _problem_faults(self, method, answer):
        faults = []
        if answer.headers.get("content-type") != "application/problem+json":
            return [f"a problem of the type {answer.headers.get('content-type')}: {answer.body[:200]!r}"]
        if answer.status in (429, 503) and "retry-after" not in answer.headers:
            faults.append(f"{answer.status} without Retry-After")
        if answer.status == 401 and "www-authenticate" not in answer.headers:
            faults.append("401 without WWW-Authenticate")
        if answer.status == 405 and "allow" not in answer.headers:
            faults.append("405 without Allow")
        if method == "HEAD":
            return faults
        problem = answer.json
        name = problem.get("type", "").removeprefix("/problems/")
        self.seen_problems.add(name)
        if answer.status not in self.problems.get(name, ()):
            faults.append(f"docs/errors.md has no {problem.get('type')} with the status {answer.status}")
        if problem.get("status") != answer.status:
            faults.append(f"the problem says the status {problem.get('status')}, the answer {answer.status}")
        if problem.get("requestId") != answer.headers.get("x-request-id"):
            faults.append(f"requestId {problem.get('requestId')}, X-Request-Id {answer.headers.get('x-request-id')}")
        if len(problem.get("detail", "")) < SHORTEST_SENTENCE or not problem.get("title"):
            faults.append(f"it says nothing: {problem}")
        return faults

    def ended(self, job_id, key):
        """The job, when it has ended."""
        self.server.wait_for(job_id, key)
        return self.call("GET", f"/v1/jobs/{job_id}", key=key, want=200).json

    def pages(self, target, key):
        """All items of a list, page by page."""
        items, cursor = [], ""
        while cursor is not None:
            page = self.call("GET", target + cursor, key=key, want=200).json
            items += page["items"]
            cursor = page["next"] and "&cursor=" + urllib.parse.quote(page["next"])
        return items

    def events(self, target, key, until):
        """Server-sent events from the beginning to the first that `until` holds of; each checked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", target, headers={"Authorization": f"Bearer {key}", "Accept": "text/event-stream"})
            answer = connection.getresponse()
            self.good["streamEvents"].add(answer.status)
            headers = {name.lower(): value for name, value in answer.getheaders()}
            if answer.status != 200 or headers.get("content-type") != "text/event-stream":
                raise ServiceError(f"{target}: {answer.status} {headers}")
            events, number = [], None
            while not events or not until(events[-1]):
                line = answer.readline().decode().rstrip("\n")
                if line.startswith("id: "):
                    number = line[4:]
                elif line.startswith("data: "):
                    events.append(json.loads(line[6:]))
                    self.event(events[-1], number)
            return events
        finally:
            connection.close()

    def event(self, event, number=None):
        faults = self.document.faults_of(event, self.document.named("Event"))
        if number not in (None, event.get("sequence")):
            faults.append(f"its id is {number}, its sequence {event.get('sequence')}")
        self.tally.check(f"event {event.get('type')}", faults)
