#!/usr/bin/env python3
"""Nodes keep nothing to themselves: what one API node began, another goes on with; what holds at one, holds at all; and a
file that several workers share becomes what one thread makes of it. Two API nodes and three workers on PostgreSQL and
Redis. `nodes.py --only tus`; the last line: `N passed, N failed`."""
import http.client
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import checks
import stored
from cluster.clients import Door, Refused, Tus, send_once
from cluster.files import File, made, pipelines
from cluster.nodes import Cluster, Node, free_port
from stored import demand

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 90
LARGE_ROWS = 40_000
REJECTS = "SELECT row_number, line, field, code, message, value FROM validation_errors {} ORDER BY row_number, field"
MOST_WAITING_JOBS = 10_000   # of a tenant, as docs/http.md says
REQUEST_LIMIT = 40   # a second
# A worker that is idle asks the queue at least so often: one that would take a message has taken it by then.
A_WHILE_SECONDS = 4


class World:
    """A cluster for all checks; each has pipelines of its own."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.cluster = Cluster(binary, folder, f"nodes_{os.getpid()}", workers=3, clocks=False)
        for name, text in pipelines().items():
            self.cluster.add_pipeline(name, text)
        self.cluster.__enter__()
        self.doors = [Door(node.port) for node in self.cluster.apis]

    def end(self):
        self.cluster.__exit__()
        self.cluster.store.drop()

    def file(self, name, rows=500, pipeline="content", kind="csv"):
        return File(f"{name}.{kind}", pipeline, kind, made(rows, name))

    def job(self, job_id):
        return self.doors[0].json("GET", f"/v1/jobs/{job_id}")

    def ended(self, job_id):
        return self.until(lambda: (job := self.job(job_id))["status"] not in ("PENDING", "PROCESSING") and job, f"job {job_id} to end")

    @staticmethod
    def until(ask, what):
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if found := ask():
                return found
            time.sleep(0.02)
        raise stored.Wrong(f"waited for {what} for {PATIENCE_SECONDS} s")

    def check_loaded(self, job_id, file):
        job, expected = self.ended(job_id), file.expected()
        demand(job["status"] == "COMPLETED", f"{file.name} is {job['status']}: {job['error']}")
        demand(job["rows"]["read"] == expected.read and job["rows"]["rejected"] == len(expected.rejects), f"{file.name}: {job['rows']}")


def events_of(port, path, after, most):
    """Numbers and types of up to `most` server-sent events, or up to the job's end."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path, headers={"Last-Event-ID": str(after)})
        answer, found = connection.getresponse(), []
        demand(answer.status == 200, f"GET {path}: {answer.status}")
        while len(found) < most:
            line = answer.readline()
            demand(line, "the stream ended")
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                found.append((int(event["sequence"]), event["type"]))
                if event["type"] in ("job.completed", "job.failed", "job.cancelled"):
                    break
        return found
    finally:
        connection.close()


def a_tus_upload_goes_on_at_another_node(world):
    """Piece by piece at one node and the other, some pieces broken off in the middle."""
    file, turn = world.file("tus", 5000), 0
    tus = Tus(world.doors[0], file, 60_000)
    tus.begin()
    while "sluice-job-id" not in (headers := tus.where()):
        offset, turn = int(headers["upload-offset"]), turn + 1
        tus.door = world.doors[turn % 2]
        if turn % 3 == 0:   # half a piece at this node, which is then asked no more
            connection = http.client.HTTPConnection("127.0.0.1", tus.door.port)
            connection.putrequest("PATCH", tus.path)
            for name, value in {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream",
                                "Content-Length": "60000"}.items():
                connection.putheader(name, value)
            connection.endheaders(file.data[offset:offset + 20_000])
            connection.close()
            tus.door = world.doors[(turn + 1) % 2]
        try:
            tus.patch(int(tus.where()["upload-offset"]))
        except ConnectionError:   # 409 or 423: what was broken off has just been counted
            pass
    demand(turn > 5, f"it was sent in {turn} pieces")
    world.check_loaded(headers["sluice-job-id"], file)


def an_event_stream_goes_on_at_another_node(world):
    file = world.file("events", 9000, "key")   # batches of 500
    job = send_once(world.doors[0], file, "raw", "key of events")
    seen, turn = [], 0
    while not seen or not seen[-1][1] in ("job.completed", "job.failed"):
        turn += 1
        seen += events_of(world.doors[turn % 2].port, f"/v1/events?job={job}&after=0", seen[-1][0] if seen else 0, 4)
    told = world.cluster.store.execute(f"SELECT number, type FROM ingestion_events WHERE job_id = '{job}' ORDER BY number")
    demand(told == [f"{number}\t{kind}" for number, kind in seen], f"of {len(told)} events {len(seen)} came, or in another order")
    demand(turn > 3 and len(told) > 15, f"{len(told)} events over {turn} streams")


def an_idempotency_key_holds_at_all_nodes(world):
    first = world.file("idempotent")
    job = send_once(world.doors[0], first, "raw", "one key")
    demand(send_once(world.doors[1], first, "raw", "one key") == job, "the same key gave another job at the other node")
    try:
        send_once(world.doors[1], first, "raw", "one key", first.data + b"x\n")
        raise stored.Wrong("another body under the same key was accepted at the other node")
    except Refused as refused:
        demand(refused.status == 422, f"another body under the same key: {refused}")
    for number in range(20):   # at the same moment
        file, found, gate = world.file(f"race-{number}", 50), [], threading.Barrier(4)

        def send(door):
            gate.wait()
            found.append(door.insist(lambda: send_once(door, file, "raw", f"race {number}"), threading.Event()))
        senders = [threading.Thread(target=send, args=(world.doors[turn % 2],)) for turn in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        demand(len(set(found)) == 1 and len(found) == 4, f"one key became the jobs {found}")
        jobs = world.cluster.store.execute(f"SELECT count(*) FROM ingestion_jobs WHERE file_name = '{file.name}'")
        demand(jobs == ["1"], f"one key became {jobs[0]} jobs")


def a_pause_holds_for_all_workers(world):
    one, other = world.doors
    queue = one.json("GET", "/v1/queues")["items"][0]["name"]
    one.json("POST", f"/v1/queues/{queue}/pause", b"", wanted=(200, 204))
    try:
        demand(other.json("GET", "/v1/queues")["items"][0]["paused"], "the other node does not know of the pause")
        jobs = [send_once(door, world.file(f"paused-{number}", 20), "raw", f"paused {number}") for number, door in enumerate([one, other] * 3)]
        world.until(lambda: other.json("GET", "/v1/queues")["items"][0]["waiting"] >= len(jobs), "the jobs to wait in the queue")
        time.sleep(A_WHILE_SECONDS)
        begun = [world.job(job)["status"] for job in jobs]
        demand(set(begun) == {"PENDING"}, f"while the queue is paused jobs are {begun}")
    finally:
        other.json("POST", f"/v1/queues/{queue}/resume", b"", wanted=(200, 204))
    for job in jobs:
        demand(world.ended(job)["status"] == "COMPLETED", "a job did not end after the pause")


def a_node_opens_only_what_its_role_uses(world):
    """The queue of requests was written by another BullMQ: those who take requests do not start, those who take files do."""
    cluster, queue = world.cluster, f"{world.cluster.queue_name}_roles"
    cluster.redis("HSET", f"bull:{queue}:meta", "version", "bullmq:4.0.0")
    url = cluster.settings["queue"].replace(f"queue={cluster.queue_name}", f"queue={queue}")
    demand(queue in url, f"the queue of {url}")
    worker = subprocess.run([*cluster.command(Node(cluster, "roles-worker", "worker")), "--set", f"queue={url}"], cwd=cluster.folder, check=False,
                            capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    demand(worker.returncode == 2 and "BullMQ" in worker.stderr, f"the worker ended with {worker.returncode}: {worker.stderr[-500:]}")
    node = Node(cluster, "roles-api", "api", free_port(), settings={"queue": url})
    node.start()
    try:
        cluster.wait_ready(node)
        door = Door(node.port)
        demand(door.json("GET", "/readyz")["status"] == "ready", "the API node is not ready")
        demand([one["name"] for one in door.json("GET", "/v1/queues")["items"]] == [f"{queue}-splits", queue], "the queues are others")
    finally:
        node.kill()


def a_full_backlog_is_refused_at_all_nodes(world):
    """As many jobs as may wait, written past the nodes, are in every node's way."""
    store = world.cluster.store
    store.execute("INSERT INTO ingestion_jobs (id, tenant, pipeline, status, file_name, file_size, blob, open_splits, "
                  "root_job_id, plan) SELECT gen_random_uuid(), 'default', 'content', 'PENDING', 'filler', 0, '', 1, gen_random_uuid(), '{}' "
                  f"FROM generate_series(1, {MOST_WAITING_JOBS})")
    try:
        for door in world.doors:
            try:
                send_once(door, world.file("too-many"), "raw", f"too many {door.port}")
                raise stored.Wrong("a job too many was accepted")
            except Refused as refused:
                demand(refused.status == 429, f"a job too many: {refused}")
    finally:
        store.execute("DELETE FROM ingestion_jobs WHERE file_name = 'filler'")
    file = world.file("enough-room")
    world.check_loaded(send_once(world.doors[1], file, "raw", "room"), file)


def let_through(ports, seconds):
    """How many requests are, of three times as many as may come, sent to these nodes in turn."""
    connections, begun, number, through = [http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS) for port in ports], time.monotonic(), 0, 0
    while time.monotonic() < begun + seconds:
        connection = connections[number % len(connections)]
        connection.request("GET", "/v1/config")
        answer = connection.getresponse()
        answer.read()
        demand(answer.status == 200 or (answer.status == 429 and int(answer.getheader("Retry-After")) >= 1), f"GET /v1/config: {answer.status}")
        through, number = through + (answer.status == 200), number + 1
        time.sleep(max(0.0, begun + number / (3 * REQUEST_LIMIT) - time.monotonic()))
    for connection in connections:
        connection.close()
    demand(number > 1.5 * REQUEST_LIMIT * seconds, f"only {number} requests came in {seconds} s")
    return through


def a_limit_of_requests_is_that_of_all_nodes(world):
    nodes = [Node(world.cluster, f"limited-{number}", "api", free_port(), settings={"limits.requests_per_second": REQUEST_LIMIT, "auth": "none"})
             for number in (1, 2)]
    try:
        for node in nodes:
            node.start()
            world.cluster.wait_ready(node)
        ports = [node.port for node in nodes]

        def check(what, ports, seconds, least, burst):
            through = let_through(ports, seconds)
            demand(least * REQUEST_LIMIT * seconds <= through <= REQUEST_LIMIT * (seconds + burst),
                   f"{what}: {through} requests in {seconds} s, the limit being {REQUEST_LIMIT} a second")
        check("from the start", ports, 5, 1, len(nodes))   # one second's worth for each node
        check("all at one node", ports[:1], 5, 0.9, 0.5)
        check("in turn", ports, 5, 0.9, 0.5)
        world.cluster.links.tell("postgres", "hold", ways=["up", "down"])
        try:
            check("in turn, without the store", ports, 5, 0.8, 1)
        finally:
            world.cluster.links.tell("postgres", "release")
        check("in turn, after that", ports, 10, 0.5, 0.5)
    finally:
        for node in nodes:
            node.kill()


def single_threaded(world, file, name):
    """What one thread makes of the file: the snapshot of its store."""
    path = world.folder / file.name
    path.write_bytes(file.data)
    store = stored.SqliteStore(world.folder / f"{name}.db")
    subprocess.run([world.binary, "run", str(path), "-p", str(world.folder / "pipelines" / f"{file.pipeline}.yaml"), "--to", store.url,
                    "--threads", "1", "--quiet"], cwd=world.folder, check=True, capture_output=True)
    database = store.connect()
    try:
        return stored.sqlite_snapshot(database), [tuple(row) for row in database.execute(REJECTS.format(""))]
    finally:
        database.close()


def a_file_that_many_share_is_what_one_makes_of_it(world):
    nodes_at_once = 0
    for pipeline in ("key", "content", "position"):
        rows = made(LARGE_ROWS, pipeline)
        file = File(f"shared-{pipeline}.csv", pipeline, "csv", rows)
        job = send_once(world.doors[0], file, "raw", f"shared {pipeline}")

        def look():
            workers = {split["worker"].split("/")[0] for split in world.doors[1].json("GET", f"/v1/jobs/{job}/splits")["items"]
                       if split["worker"] and split["work"] == "rows"}
            looks.append(len(workers))
            return world.job(job)["status"] not in ("PENDING", "PROCESSING")
        looks = []
        world.until(look, f"job {job} to end")
        nodes_at_once = max(nodes_at_once, *looks)
        splits = [split for split in world.doors[0].json("GET", f"/v1/jobs/{job}/splits")["items"] if split["work"] == "rows"]
        demand(len(splits) > 3, f"the file became {len(splits)} splits")
        world.check_loaded(job, file)
        compare(world, job, file)
    demand(nodes_at_once >= 2 or not world.cluster.named_hosts, f"at most {nodes_at_once} node had splits of one file at once")


def compare(world, job, file):
    alone, rejects = single_threaded(world, file, f"alone-{file.pipeline}")
    shared = world.cluster.store.snapshot(file.pipeline)
    mine = [one for one in shared["rows"] if one["job_id"] == job]
    def rows_of(rows):
        return sorted((one["row_number"], one["hash"], one["data"]) for one in rows)
    demand(rows_of(mine) == rows_of(alone["rows"]), f"{file.pipeline}: {len(mine)} rows are stored, alone {len(alone['rows'])}, or others")
    counts = {name: world.job(job)["rows"][name] for name in stored.COUNTS}
    wanted = {name: alone["jobs"][0][f"rows_{name}"] for name in stored.COUNTS}
    if file.pipeline != "key":   # of a key's rows, the last in the file is stored in any case; which were stored before it is not told
        demand(counts == wanted, f"{file.pipeline}: the counters are {counts}, alone {wanted}")
    demand(sum(counts[name] for name in stored.COUNTS[1:]) == counts["read"] == wanted["read"], f"{file.pipeline}: {counts} do not add up")
    told = world.cluster.store.execute("SELECT to_json(q) FROM (" + REJECTS.format(f"WHERE job_id = '{job}'") + ") q")
    found = [tuple(json.loads(line).values()) for line in told]
    demand(found == rejects, f"{file.pipeline}: rejects differ, first {next(((a, b) for a, b in zip(found, rejects) if a != b), (len(found), len(rejects)))}")


def states_are_the_sum_of_what_was_posted_and_set(world):
    """Posts at both doors, some of them twice, while states are set and removed by hand; then the sums are made anew."""
    posted, wanted = [], {}
    for number in range(24):
        elements = [{"name": f"S{(number + at) % 7}", "population": at} for at in range(50)]
        posted.append(elements)
        for element in elements:
            wanted[element["name"]] = wanted.get(element["name"], 0) + element["population"]

    def post(numbers):
        for number in numbers:
            for door in (world.doors[number % 2], world.doors[(number + 1) % 2])[:1 + number % 2]:
                jobs[number, door.port] = door.json("POST", "/states/batch", json.dumps({"states": posted[number]}),
                                                    {"Content-Type": "application/json", "Idempotency-Key": f"states {number}"})["jobId"]

    def set_by_hand():
        for number in range(12):
            door, path = world.doors[number % 2], f"/states/H{number % 3}"
            if number % 4 == 3:
                status = door.request("DELETE", path)[0]
            else:
                status = door.request("PUT", path, json.dumps({"population": number}), {"Content-Type": "application/json"})[0]
            demand(status in (200, 201, 204), f"{number} by hand: {status}")
    jobs, faults = {}, []

    def guarded(work, *arguments):
        try:
            work(*arguments)
        except Exception as fault:   # told by whoever waits for the thread
            faults.append(fault)
    threads = [threading.Thread(target=guarded, args=(post, range(first, 24, 3))) for first in range(3)]
    threads.append(threading.Thread(target=guarded, args=(set_by_hand,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    demand(len(set(jobs.values())) == 24, f"{len(set(jobs.values()))} jobs of 24 keys")
    for job in set(jobs.values()):
        demand(world.ended(job)["status"] == "COMPLETED", f"{world.job(job)}")
    for number in range(12):
        name = f"H{number % 3}"
        if number % 4 == 3:
            wanted.pop(name)
        else:
            wanted[name] = number
    for door in world.doors:
        found = {state["name"]: state["population"] for state in door.json("GET", "/states")["items"]}
        demand(found == wanted, f"the states are {found}, not {wanted}")
    check = world.doors[1].json("POST", "/v1/aggregates/states/rebuild")
    demand(check == {"rows": 24 * 50, "groups": len(wanted), "wrong": 0}, f"made anew: {check}")


CHECKS = [a_file_that_many_share_is_what_one_makes_of_it, a_tus_upload_goes_on_at_another_node, an_event_stream_goes_on_at_another_node,
          an_idempotency_key_holds_at_all_nodes,
          states_are_the_sum_of_what_was_posted_and_set, a_pause_holds_for_all_workers, a_node_opens_only_what_its_role_uses,
          a_limit_of_requests_is_that_of_all_nodes, a_full_backlog_is_refused_at_all_nodes]


if __name__ == "__main__":
    if not os.environ.get("SLUICE_TEST_POSTGRES_CONTROL"):
        command = [str(ROOT / "tools" / "with_postgres.sh"), "-c", "fsync=off", "-c", "max_connections=400",
                   str(ROOT / "tools" / "with_redis.sh"), sys.executable, __file__, *sys.argv[1:]]
        os.execv(command[0], command)
    # One after the other: the pause would hold up the others.
    sys.argv += [] if "--jobs" in sys.argv else ["--jobs", "1"]
    sys.exit(checks.run_checks(__doc__, CHECKS, World, "nodes"))
