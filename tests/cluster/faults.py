"""What goes wrong in a test cluster, by a seed: each fault begins at its time, and most end by themselves a while later.
What was done is written down."""
import collections
import heapq
import itertools
import random
import time

LEASE_SECONDS = 30
DOWN, BOTH = ["down"], ["up", "down"]


def answer(status, kind, body):
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"


S3_ERRORS = [answer("503 Slow Down", "application/xml", "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"),
             answer("500 Internal Server Error", "application/xml", "<Error><Code>InternalError</Code><Message>Try again.</Message></Error>")]
SQS_ERROR = answer("500 Internal Server Error", "application/x-amz-json-1.0", '{"__type": "com.amazonaws.sqs#InternalFailure"}')


class Faults:
    """`kinds`: {name of a method: how often, as a weight}."""

    def __init__(self, cluster, seed, kinds, longest=8.0):
        self.cluster, self.rng, self.longest = cluster, random.Random(seed), longest
        self.kinds, self.waiting, self.order = dict(kinds), [], itertools.count()
        self.injected, self.begin = [], time.time()
        self.busy = set()   # what is broken already, by the names of nodes, servers and links

    def say(self, text):
        self.injected.append((time.time() - self.begin, text))

    def later(self, seconds, action, *names):
        heapq.heappush(self.waiting, (time.monotonic() + seconds, next(self.order), action, names))

    def run_due(self):
        """Ends what has lasted long enough."""
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, _, action, names = heapq.heappop(self.waiting)
            action()
            self.busy -= set(names)

    def end_all(self):
        while self.waiting:
            _, _, action, names = heapq.heappop(self.waiting)
            action()
            self.busy -= set(names)

    def strike(self, kind=None):
        """One fault of a kind, or of any; False where all that it could strike is broken already."""
        kind = kind or self.rng.choices(list(self.kinds), list(self.kinds.values()))[0]
        return getattr(self, kind)() is not False

    def free(self, names):
        names = [name for name in names if name not in self.busy]
        return self.rng.choice(names) if names else None

    def node_of(self, nodes):
        name = self.free([node.name for node in nodes])
        return next((node for node in nodes if node.name == name), None)

    def counted(self):
        return collections.Counter(text.split(":")[0] for _, text in self.injected)

    # ---------------------------------------------------------------- nodes

    def _kill(self, nodes):
        node = self.node_of(nodes)
        if node is None:
            return False
        seconds = self.rng.uniform(0, 4)
        self.busy.add(node.name)
        node.kill()
        self.say(f"kill -9 of a node: {node.name}, started again after {seconds:.1f} s")
        self.later(seconds, node.start, node.name)
        return True

    def kill_worker(self):
        return self._kill(self.cluster.workers)

    def kill_api(self):
        return self._kill(self.cluster.apis)

    def terminate_node(self):
        node = self.node_of(self.cluster.nodes)
        if node is None:
            return False
        self.busy.add(node.name)
        node.told_to_end = node.signal(15)   # and it is started again when it has ended
        self.say(f"SIGTERM to a node: {node.name}")
        self.later(3, lambda: None, node.name)
        return True

    def _stop(self, nodes, seconds):
        node = self.node_of(nodes)
        if node is None:
            return False
        self.busy.add(node.name)
        node.pause()
        self.say(f"SIGSTOP of {'a worker past its lease' if seconds > LEASE_SECONDS else 'a node'}: {node.name}, for {seconds:.1f} s")
        self.later(seconds, node.go_on, node.name)
        return True

    def stop_worker_past_its_lease(self):
        if sum(node.stopped for node in self.cluster.workers) >= 2:
            return False   # somebody has to work
        return self._stop(self.cluster.workers, LEASE_SECONDS + self.rng.uniform(1, 10))

    def stop_node(self):
        return self._stop(self.cluster.nodes, self.rng.uniform(0.5, self.longest))

    def jump_clock(self):
        node = next((node for node in self.cluster.workers if node.clock), None)
        if node is None:
            return False
        offset = self.rng.choice([-86400, -3600, -45, 45, 3600, 86400])
        node.clock.write_text(f"{offset:+}", encoding="ascii")
        self.say(f"clock of a worker jumps: {node.name}, by {offset} s")
        return True

    # ---------------------------------------------------------------- servers

    def _server(self, server, end, what):
        if server in self.busy:
            return False
        seconds = self.rng.uniform(0, min(4.0, self.longest))
        self.busy.add(server)
        self.cluster.control(server, end)
        self.say(f"{what}: away for {seconds:.1f} s")
        self.later(seconds, lambda: self.cluster.control(server, "start"), server)
        return True

    def crash_postgres(self):
        return self._server("postgres", "kill", "PostgreSQL stopped at once (immediate)")

    def kill_redis(self):
        return self._server("redis", "kill", "Redis killed, and all it knew is gone")

    def kill_s3(self):
        return self._server("s3", "kill", "S3 killed")

    def kill_sqs(self):
        return self._server("sqs", "kill", "SQS killed, and all it knew is gone")

    def flush_redis(self):
        if "redis" in self.busy:
            return False
        self.cluster.redis("FLUSHALL")
        self.say("FLUSHALL of Redis")
        return True

    # ---------------------------------------------------------------- connections

    def cut_connections(self):
        link = self.rng.choice(self.cluster.link_names)
        share = self.rng.choice([0.3, 0.6, 1.0])
        number = self.cluster.links.tell(link, "cut", share=share, seed=self.rng.randrange(1 << 30))
        self.say(f"connections cut, {link}: {number}")
        return True

    def _link(self, what, begin, end, links=None):
        link = self.free(links or self.cluster.link_names)
        if link is None:
            return False
        seconds = self.rng.uniform(0.5, self.longest)
        self.busy.add(link)
        begin(link)
        self.say(f"{what}, {link}: for {seconds:.1f} s")
        self.later(seconds, lambda: end(link), link)
        return True

    def hold_back(self):
        """A network that swallows everything for a while; afterwards it goes on, or the connections are broken."""
        ways, breaks = self.rng.choice([DOWN, BOTH]), self.rng.random() < 0.5
        links = self.cluster.links

        def end(link):
            if breaks:
                links.tell(link, "cut")
            links.tell(link, "release")
        return self._link("answers swallowed" if ways == DOWN else "all packets swallowed",
                          lambda link: links.tell(link, "hold", ways=ways), end)

    def fail_s3(self):
        return self._fail("s3", self.rng.choice(S3_ERRORS))

    def fail_sqs(self):
        return self._fail("sqs", SQS_ERROR)

    def _fail(self, link, answer):
        links = self.cluster.links
        return self._link(f"{answer.split(' ', 1)[1].splitlines()[0]} for an answer",
                          lambda link: links.tell(link, "answer_with", text=answer),
                          lambda link: links.tell(link, "answer_with", text=None), [link])

    def slow_down(self):
        seconds = self.rng.choice([0.002, 0.01, 0.03])
        links = self.cluster.links
        return self._link("slow link", lambda link: links.tell(link, "slow", seconds=seconds),
                          lambda link: links.tell(link, "slow", seconds=0))


ALL = {"kill_worker": 6, "kill_api": 3, "terminate_node": 2, "stop_worker_past_its_lease": 2, "stop_node": 3, "jump_clock": 2,
       "crash_postgres": 2, "kill_redis": 2, "flush_redis": 3, "kill_s3": 2, "fail_s3": 2, "kill_sqs": 1, "fail_sqs": 1,
       "cut_connections": 5, "hold_back": 4, "slow_down": 3}
