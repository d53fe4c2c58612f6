"""A proxy between the program and a PostgreSQL server, which follows the protocol far enough to do something at a chosen
point of it: in the middle of a COPY, before a COMMIT, or between a COMMIT and its answer. No encryption, no sleeps:
what goes through waits for whatever is done at that point. Used by tests/faults_postgres.py."""
import dataclasses
import socket
import struct
import threading
import typing

COPY_DATA, QUERY = b"d", b"Q"


@dataclasses.dataclass
class Point:
    """`where`: "copy" (after `data_bytes` of the number-th COPY), "commit" (before the number-th COMMIT reaches the
    server) or "answer" (the server has answered it, the client does not know yet). Then `action(connection)` is called,
    in the thread of that connection. Counted over all connections, from the point before on."""
    where: str
    number: int
    data_bytes: int
    action: typing.Callable

    def __str__(self):
        place = f"{self.data_bytes} bytes into COPY" if self.where == "copy" else \
            "before COMMIT" if self.where == "commit" else "before the answer to COMMIT"
        return f"{place} {self.number}"


class Proxy:
    def __init__(self, host, port, points):
        self.address = (host, port)
        self.points = list(points)
        self.struck = threading.Event()   # every point was reached
        self.lock = threading.Lock()      # the two below
        self.seen = 0
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.address)
            except OSError:   # as the server would have it
                client.close()
                continue
            for end in (client, server):   # a statement is several messages
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, client, server)
            with self.lock:
                self.connections.append(connection)
            for pump in (connection.to_server, connection.to_client):
                threading.Thread(target=pump, daemon=True).start()

    def close(self):
        self.points.clear()
        self.listener.close()
        with self.lock:
            for connection in self.connections:
                connection.cut()

    def cut_all(self):
        with self.lock:
            for connection in self.connections:
                connection.cut()
            self.connections.clear()

    def next_point(self, *kinds):
        """The point that this COPY or COMMIT is, if it is one."""
        with self.lock:
            if not self.points or self.points[0].where not in kinds:
                return None
            self.seen += 1
            if self.seen < self.points[0].number:
                return None
            self.seen = 0
            point = self.points.pop(0)
            return point

    def done(self):
        if not self.points:
            self.struck.set()


class Connection:
    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.swallowed = None   # the point whose answer is waited for

    def cut(self):
        for end in (self.client, self.server):
            self.cut_end(end)

    @staticmethod
    def cut_end(end):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def strike(self, point):
        point.action(self)
        self.proxy.done()

    def to_server(self):
        try:
            self.forward_startup()
            copying, left = None, 0   # the point inside this COPY, and how many bytes away
            while True:
                kind, message = self.read_message()
                if kind == QUERY:
                    text = message[5:-1]
                    copying = self.proxy.next_point("copy") if text.startswith(b"COPY ") else None
                    left = copying.data_bytes if copying else 0
                    if text == b"COMMIT":
                        point = self.proxy.next_point("commit", "answer")
                        if point and point.where == "commit":
                            self.strike(point)
                        self.swallowed = point if point and point.where == "answer" else None
                elif copying and (kind != COPY_DATA or left <= len(message)):
                    part = min(left, len(message)) if kind == COPY_DATA else 0   # or right before the end of the data
                    self.server.sendall(message[:part])
                    message, point, copying = message[part:], copying, None
                    self.strike(point)
                elif copying:
                    left -= len(message)
                self.server.sendall(message)
        except OSError:
            pass
        finally:
            self.cut_end(self.server)

    def to_client(self):
        try:
            while data := self.server.recv(1 << 16):
                if self.swallowed:
                    point, self.swallowed = self.swallowed, None
                    self.strike(point)
                self.client.sendall(data)
        except OSError:
            pass
        finally:
            self.cut_end(self.client)

    def read(self, size):
        data = bytearray()
        while len(data) < size:
            piece = self.client.recv(min(size - len(data), 1 << 18))
            if not piece:
                raise ConnectionError
            data += piece
        return bytes(data)

    def forward_startup(self):   # the one message without a type
        length = self.read(4)
        self.server.sendall(length + self.read(struct.unpack("!I", length)[0] - 4))

    def read_message(self):
        head = self.read(5)
        return head[:1], head + self.read(struct.unpack("!I", head[1:])[0] - 4)
