"""The nodes of a test cluster: processes of `sluice serve`, each on a host name of its own, started again when they end as
a service manager would; and the servers they share, reached through links that can be broken."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

import stored
from cluster.links import Links

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))
from free_port import free_port  # noqa: E402

START_SECONDS = 60
RESTART_SECONDS = 0.5   # after an end that nobody wanted
FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
# A host name of its own for a process: what it leaves behind when it is killed looks like another machine's.
ON_A_HOST = ["unshare", "--uts", "--", "sh", "-c", 'hostname "$0" && exec "$@"']


def hosts_can_be_named():
    done = subprocess.run([*ON_A_HOST, "test-host", "true"], capture_output=True, check=False)
    return done.returncode == 0


class Node:
    """One process, and those after it. `role`: api or worker; `settings` beside those of its cluster, and over them."""

    def __init__(self, cluster, name, role, port=0, clock=False, settings=None):
        self.cluster, self.name, self.role, self.port, self.settings = cluster, name, role, port, settings or {}
        self.clock = cluster.folder / f"{name}.clock" if clock else None
        self.log = cluster.folder / "logs" / f"{name}.log"
        self.lock = threading.RLock()   # the process
        self.process, self.wanted, self.stopped, self.ended = None, False, False, None
        self.told_to_end = False

    def start(self):
        with self.lock:
            self.wanted, self.stopped, self.told_to_end, self.ended = True, False, False, None
            command = [*self.cluster.on_host(self.name), *self.cluster.command(self)]
            environment = {"PATH": os.environ["PATH"], "HOME": str(self.cluster.folder), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
            environment |= {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
            if self.clock:
                self.clock.write_text("+0", encoding="ascii")
                environment |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                                "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(command, cwd=self.cluster.folder, stdin=subprocess.DEVNULL,
                                                stdout=subprocess.DEVNULL, stderr=log, env=environment)

    def signal(self, what):
        with self.lock:
            if self.process and self.process.poll() is None:
                self.process.send_signal(what)
                return True
            return False

    def kill(self):
        """With SIGKILL; stays down until it is started."""
        with self.lock:
            self.wanted = False
            self.signal(signal.SIGKILL)
            self.process.wait()

    def pause(self):
        with self.lock:
            self.stopped = self.signal(signal.SIGSTOP)

    def go_on(self):
        with self.lock:
            self.stopped = False
            self.signal(signal.SIGCONT)

    def end(self, patience=90):
        """SIGTERM; the exit status, None where it had to be killed."""
        with self.lock:
            self.wanted = False
            if self.process.poll() is not None:
                return f"{self.process.returncode} before it was told to end"
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def look_after(self):
        """Starts it again where it ended by itself: because it was told to, or because what it needs was away."""
        with self.lock:
            if not self.wanted or self.process.poll() is None:
                return
            if self.ended is None:
                self.ended = time.monotonic()
                self.cluster.on_end(self, self.process.returncode)
            if time.monotonic() - self.ended > RESTART_SECONDS:
                self.start()

    def last_words(self, lines=3):
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]


class Cluster:
    """`apis` and `workers` nodes on the servers of tools/with_postgres.sh, tools/with_redis.sh and so on (or, where `queue`
    is "embedded" and `blobs` "file", on PostgreSQL alone). `bucket`: where files are put past the nodes, with notifications
    of them. A context. `settings`: further keys of the configuration."""

    def __init__(self, binary, folder, name, apis=2, workers=4, queue="redis", blobs="file", bucket=None, clocks=True, settings=None):
        self.binary, self.folder, self.queue = str(binary), pathlib.Path(folder), queue
        self.blobs = blobs
        for part in ("logs", "pipelines"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self.store = stored.on_test_server(name)
        self.links, self.ports = Links(), {}   # of those that through() made
        place = urllib.parse.urlsplit(self.store.url)
        port = self.links.open("postgres", (place.hostname, place.port))
        self.settings = {"store": self.store.url_at(port), "pipelines": self.folder / "pipelines", "split_bytes": "1MiB",
                         "blobs": f"file:{self.folder / 'blobs'}", **(settings or {})}
        if queue == "redis":
            self.settings["queue"] = self.through("redis", os.environ["SLUICE_TEST_REDIS"]) + f"/0?queue={name}"
        elif queue == "sqs":
            self.settings["queue"] = self.through("sqs", os.environ["SLUICE_TEST_SQS"])
        if blobs == "s3":
            self.settings["blobs"] = self.through("s3", os.environ["SLUICE_TEST_S3"])
        if bucket:
            self.settings["notifications"] = self.through("sqs", bucket.notifications)
        self.queue_name = name if queue == "redis" else "embedded"
        self.named_hosts = hosts_can_be_named()
        clocks = clocks and FAKETIME.exists()
        self.apis = [Node(self, f"api-{number}", "api", free_port()) for number in range(1, apis + 1)]
        self.workers = [Node(self, f"worker-{number}", "worker", clock=clocks and number == workers)
                        for number in range(1, workers + 1)]
        self.port = self.links.open("http", *(("127.0.0.1", node.port) for node in self.apis))
        self.unexpected = []   # ends that nothing explains
        self.over = threading.Event()
        self.keeper = threading.Thread(target=self._keep, daemon=True)

    def through(self, link, url):
        """The same address, or endpoint in it, by way of a link."""
        place = re.search(r"127\.0\.0\.1:(\d+)", url)
        if link not in self.ports:
            self.ports[link] = self.links.open(link, ("127.0.0.1", int(place[1])))
        return url.replace(place[0], f"127.0.0.1:{self.ports[link]}")

    @property
    def link_names(self):
        return ["http", "postgres", *self.ports]

    @property
    def nodes(self):
        return self.apis + self.workers

    def on_host(self, name):
        return [*ON_A_HOST, name] if self.named_hosts else []

    def command(self, node):
        command = [self.binary, "serve", "--role", node.role, "--workers", "2"]
        if node.role == "api":
            command += ["--listen", f"127.0.0.1:{node.port}"]
        for key, value in {**self.settings, **node.settings}.items():
            command += ["--set", f"{key}={value}"]
        return command

    def add_pipeline(self, name, text):
        (self.folder / "pipelines" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def __enter__(self):
        self.nodes[0].start()   # makes the tables
        self.wait_ready(self.nodes[0])
        for node in self.nodes[1:]:
            node.start()
        for node in self.apis:
            self.wait_ready(node)
        self.keeper.start()
        return self

    def wait_ready(self, node):
        end = time.monotonic() + START_SECONDS
        while '"event":"listening"' not in node.log.read_text(encoding="utf-8"):
            if node.process.poll() is not None or time.monotonic() > end:
                raise stored.Wrong(f"{node.name} did not start: {node.last_words()}")
            time.sleep(0.02)

    def __exit__(self, *_):
        self.over.set()
        if self.keeper.is_alive():
            self.keeper.join()
        for node in self.nodes:
            if node.process and node.process.poll() is None:
                node.kill()
        self.links.end()

    def keep_tables(self):
        """What the store knows of jobs, beside the logs: the server goes with this program."""
        for table in ("ingestion_jobs", "ingestion_splits", "ingestion_lanes", "ingestion_events", "ingestion_uploads", "idempotency_keys"):
            lines = self.store.execute(f"SELECT to_json(t) FROM {table} t") if self.store.execute(f"SELECT to_regclass('{table}')") != [""] else []
            (self.folder / "logs" / f"{table}.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def clean(self):
        self.store.drop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep(self):
        while not self.over.wait(0.1):
            for node in self.nodes:
                node.look_after()

    def on_end(self, node, status):
        """A node that ends with a message (what it needs to start is away) is a node that a service manager starts again;
        one that breaks down is a fault."""
        if status < 0 or status > 2:
            self.unexpected.append(f"{node.name} ended with status {status}: {node.last_words()}")

    def control(self, server, what):
        """stop, start or kill the server of tools/with_`server`.sh."""
        subprocess.run([os.environ[f"SLUICE_TEST_{server.upper()}_CONTROL"], what], check=True, timeout=330,
                       stdout=subprocess.DEVNULL)

    def redis(self, *command):
        place = urllib.parse.urlsplit(os.environ["SLUICE_TEST_REDIS"])
        return subprocess.run(["redis-cli", "-h", place.hostname, "-p", str(place.port), *command], check=True, timeout=30,
                              capture_output=True, text=True).stdout.split()

    def log_lines(self):
        """(node, entry) of every line that the nodes logged."""
        for node in self.nodes:
            for line in node.log.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    yield node.name, json.loads(line)
                except ValueError:
                    yield node.name, {"event": line}
