"""A server that takes batches as the API does, each Idempotency-Key once, and does to them what a test tells it to: the
other side of `sluice push`. Used by tests/push.py."""
import http.server
import json
import threading
import time


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that was killed is nothing to tell."""


class Taker:
    """`meet(number, batch)` is asked before each request is answered, from the request's thread; it returns None: take it;
    (status, headers, body): answer this instead; "cut": end the connection; "lose": take it, and end the connection."""

    def __init__(self, meet=None):
        self.meet = meet or (lambda number, batch: None)
        self.lock = threading.Lock()   # what follows
        self.taken = {}                # key → rows
        self.seen = []                 # (time, key) of every request
        self.again_other = []          # keys that came again with another body
        self.server = Quiet(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def rows(self):
        """Every row that was taken, in any order."""
        with self.lock:
            return [row for rows in self.taken.values() for row in rows]

    def times_of(self, key):
        with self.lock:
            return [at for at, seen in self.seen if seen == key]

    def _handler(self):
        taker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                key = self.headers["Idempotency-Key"]
                try:
                    rows = json.loads(body)
                except ValueError:   # a client that was killed while it sent
                    self.close_connection = True
                    return
                batch = {"key": key, "rows": rows, "path": self.path, "headers": self.headers, "body": body}
                with taker.lock:
                    taker.seen.append((time.monotonic(), key))
                    number = len(taker.seen)
                what = taker.meet(number, batch)
                if what in (None, "lose"):
                    with taker.lock:
                        if taker.taken.setdefault(key, rows) != rows:
                            taker.again_other.append(key)
                    count = next(iter(rows.values())) if isinstance(rows, dict) else rows
                    what = what or (202, {}, {"jobId": f"job-{key}", "accepted": len(count)})
                if isinstance(what, str):
                    self.close_connection = True
                    return
                status, headers, answer = what
                text = json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:   # it was killed meanwhile
                    self.close_connection = True

            def log_message(self, *_):
                """Not told."""

        return Handler
