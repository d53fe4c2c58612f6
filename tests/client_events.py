"""Live events as clients follow them: over connections that break and servers that die nothing is missed, and who does
not read holds nobody up. Checks of tests/clients.py."""
import base64
import json
import os
import socket
import subprocess

from client_world import RUN_SECONDS, make_file
from cutting_proxy import CUT, RESET, TO_CLIENT, CuttingProxy
from service import send_raw
from stored import demand

ENDS = ("job.completed", "job.failed", "job.cancelled")


def check_all_seen(place, job, numbers, types):
    """That a client has seen every event of a job, once, in order."""
    told = [(int(event["sequence"]), event["type"]) for event in place.items(f"/v1/jobs/{job}/events")]
    demand(list(zip(numbers, types)) == told,
           f"of {len(told)} events {len(numbers)} came; missing {sorted({n for n, _ in told} - set(numbers))[:10]}, "
           f"first twice or too much: {next((pair for pair in zip(numbers, told) if pair[0] != pair[1][0]), None)}")
    demand(types[-1] == "job.completed" and types[0] == "job.started", f"the first is {types[0]}, the last {types[-1]}")


def breaks(place, job, seen):
    """Cuts of a stream, with the server killed and started again among them. `seen`: the job's state at each of them."""
    def look():
        seen.append(place.server.job(job)["status"])

    def kill():
        place.server.kill()
        place.server.start()

    return [(700, CUT), (5000, look), (20_000, RESET), (50_000, kill), (1, CUT), (100_000, CUT), (3000, look), (333, RESET),
            (80_000, kill), (150_000, CUT)]


def curl_misses_no_event(world):
    """Server-sent events by curl, which begins each time after the last one that it had whole."""
    with world.place("events-curl", batch_rows=1) as place:
        file, seen = make_file(3000), []
        job = send_raw(place.server, "people.csv", file.data, place.pipeline("people"), "key")
        numbers, types, last, runs = [], [], 0, 0
        with CuttingProxy(place.server.port, breaks(place, job, seen), TO_CLIENT) as proxy:
            while not types or types[-1] not in ENDS:
                runs += 1
                demand(runs < 200, "the stream does not get on")
                curl = subprocess.Popen(["curl", "-q", "-s", "-N", "--max-time", "60", "-H", f"Last-Event-ID: {last}",
                                         f"{proxy.url}/v1/events?job={job}"], stdout=subprocess.PIPE, text=True)
                number, data = None, None
                for line in curl.stdout:   # an event is whole with the empty line behind it
                    if line.startswith("id: "):
                        number = int(line[4:])
                    elif line.startswith("data: ") and line.endswith("\n"):
                        data = line[6:]
                    elif line == "\n" and number is not None:
                        last = number
                        if data:
                            numbers.append(number)
                            types.append(json.loads(data)["type"])
                        number, data = None, None
                        if types and types[-1] in ENDS:
                            break
                curl.kill()
                curl.wait()
            demand(not proxy.points, f"{len(proxy.points)} breaks were not reached")
        demand("PROCESSING" in seen, f"the job had ended before the first break: {seen}")
        check_all_seen(place, job, numbers, types)
        place.check_loaded(job, file, "people")


def websocket_misses_no_event(world):
    with world.place("events-websocket", batch_rows=1) as place:
        file, seen = make_file(3000), []
        admin, key = place.key("admin"), place.key("uploader")
        place.server.json("POST", "/v1/queues/embedded/pause", key=admin)   # until the client is there
        job = place.server.json("POST", f"/v1/pipelines/{place.pipeline('people')}/jobs", file.data, key=key,
                                headers={"Content-Type": "text/csv"}, status=202)["jobId"]
        place.server.job = lambda wanted, given=None, asked=place.server.job: asked(wanted, given or key)
        def resume():
            place.server.json("POST", "/v1/queues/embedded/resume", key=admin)

        with CuttingProxy(place.server.port, [(1, resume), *breaks(place, job, seen)], TO_CLIENT) as proxy:
            # As a browser has to send its key: as a subprotocol.
            got = place.node("follow.mjs", {"url": f"ws://127.0.0.1:{proxy.port}/v1/events?job={job}",
                                            "protocols": ["sluice.events", f"sluice.bearer.{key}"]})
            demand(not proxy.points, f"{len(proxy.points)} breaks were not reached")
        demand("PROCESSING" in seen and got["connections"] > 5, f"the job had ended before the breaks: {seen}, {got['connections']}")
        demand(got["protocol"] == "sluice.events", f"the subprotocol that was chosen is {got['protocol']}: the key is said again")
        numbers = [int(event["sequence"]) for event in place.items(f"/v1/jobs/{job}/events", key)]
        demand(got["numbers"] == numbers, f"{len(got['numbers'])} events came of {len(numbers)}, or in another order")
        place.check_loaded(job, file, "people", key=key)


class SlowClient:
    """Asks for the events and does not read them, until it is told to."""

    def __init__(self, server, websocket):
        self.websocket, self.socket = websocket, socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)   # full at once
        self.socket.settimeout(RUN_SECONDS)
        self.socket.connect(("127.0.0.1", server.port))
        upgrade = "" if not websocket else ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n")
        self.socket.sendall(f"GET /v1/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{upgrade}\r\n".encode())
        self.stream = self.socket.makefile("rb")
        self.status = int(self.stream.readline().split()[1])
        while self.stream.readline().strip():
            pass

    def rest(self):
        """(number, type) of each event, up to the end of the job."""
        seen = []
        while not seen or seen[-1][1] not in ENDS:
            event = json.loads(self._frame() if self.websocket else self._message())
            seen.append((int(event["sequence"]), event["type"]))
        return seen

    def _frame(self):
        while True:
            kind, size = self.stream.read(2)
            size = int.from_bytes(self.stream.read(2), "big") if size == 126 else size
            data = self.stream.read(size)
            if kind == 0x81:
                return data
            demand(kind == 0x89, f"a frame of kind {kind:x}: {data[:100]!r}")

    def _message(self):   # a line of a chunk; the chunks' own lines are none
        while True:
            line = self.stream.readline()
            demand(line, "the server has ended the stream")
            if line.startswith(b"data: "):
                return line[6:]


def slow_clients_hold_nobody_up(world):
    """Sixteen clients that do not read, and a job of more events than fit between them and the server: it is done before
    any of them is given up, the memory is what it is without them, and they get everything once they read."""
    with world.place("events-slow", batch_rows=1) as place:
        file = make_file(11_000)
        job = send_raw(place.server, "people.csv", file.data, place.pipeline("people"), "key")
        # A client that takes nothing for 75 s is given up: so they come when more than half is done, on a slow machine, too.
        while place.server.job(job)["rows"]["read"] < 7000:
            pass   # each look is a request
        clients = [SlowClient(place.server, websocket) for websocket in [False, True] * 8]
        demand({client.status for client in clients} == {200, 101}, f"they are answered {[client.status for client in clients]}")
        demand(place.server.job(job)["status"] == "PROCESSING", "the job had ended before they came")
        place.check_loaded(job, file, "people")
        told = [(int(event["sequence"]), event["type"]) for event in place.items(f"/v1/jobs/{job}/events")]
        demand(len(told) > 10_000, f"the job has only {len(told)} events")
        peak = next(int(line.split()[1]) for line in open(f"/proc/{place.server.process.pid}/status", encoding="ascii")
                    if line.startswith("VmHWM:")) / 1024
        demand(peak < 128, f"the server has used {peak:.0f} MiB, more than limits.memory")
        for client in clients:
            demand(client.rest() == told, "a client that was slow has not seen everything, in order")


CHECKS = [slow_clients_hold_nobody_up, curl_misses_no_event, websocket_misses_no_event]
