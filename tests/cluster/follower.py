"""A client that follows all events of a cluster through its balancer, and comes back with the last number whenever its
connection breaks, to whichever node it is given."""
import http.client
import json
import threading

from service import BROKEN

SILENCE_SECONDS = 20   # longer than between two signs of life of a server


class Follower(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over = port, threading.Event()
        self.seen = []   # (number, job, type)
        self.connections, self.faults = 0, []

    @property
    def last(self):
        return self.seen[-1][0] if self.seen else 0

    def run(self):
        while not self.over.is_set():
            try:
                self.follow()
            except BROKEN:
                self.over.wait(0.1)

    def follow(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SILENCE_SECONDS)
        try:
            connection.request("GET", "/v1/events?after=0", headers={"Last-Event-ID": str(self.last), "Accept": "text/event-stream"})
            answer = connection.getresponse()
            if answer.status != 200:
                if answer.status not in (429, 503):
                    self.faults.append(f"GET /v1/events: {answer.status} {answer.read()[:300]!r}")
                self.over.wait(0.5)
                return
            self.connections += 1
            number, data = None, None
            while not self.over.is_set():
                line = answer.readline()
                if not line:
                    return
                if line.startswith(b"id: "):
                    number = int(line[4:])
                elif line.startswith(b"data: ") and line.endswith(b"\n"):
                    data = json.loads(line[6:])
                elif line == b"\n":   # an event is whole with the empty line behind it
                    if data is not None and "type" in data:
                        self.seen.append((number, data["subject"] if "subject" in data else None, data["type"]))
                    number, data = None, None
        finally:
            connection.close()
