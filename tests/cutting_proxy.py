"""A proxy between a client and a server on this machine that lets bytes through until a chosen one, and there does
what it is told: cuts the connection, resets it, or calls a function (which may kill the server). No sleeps. Used by the
tests with real clients."""
import socket
import struct
import threading

TO_SERVER, TO_CLIENT = "to server", "to client"
CUT, RESET = "cut", "reset"
PIECE_BYTES = 1 << 16


class CuttingProxy:
    """`points`: (bytes, what), the bytes counted from the point before, over all connections, in one direction. After
    the last point everything goes through."""

    def __init__(self, port, points, direction=TO_SERVER):
        self.server_port, self.points, self.direction = port, list(points), direction
        self.lock = threading.Lock()   # points, left, passed, ends
        self.left = self.points[0][0] if self.points else 0
        self.passed = 0                # bytes in the direction that is counted
        self.ends = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        with self.lock:
            for end in self.ends:
                _end(end)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.server_port))
            except OSError:   # it is down, and so is what is in front of it
                _end(client, reset=True)
                continue
            with self.lock:
                self.ends += [client, server]
            for end in (client, server):   # before either direction may end them
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, target, direction in ((client, server, TO_SERVER), (server, client, TO_CLIENT)):
                threading.Thread(target=self._pump, args=(source, target, direction), daemon=True).start()

    def _pump(self, source, target, direction):
        try:
            while data := source.recv(PIECE_BYTES):
                allowed, what = self._allowed(len(data)) if direction == self.direction else (len(data), None)
                target.sendall(data[:allowed])
                if what is None:
                    continue
                if callable(what):
                    what()
                _end(source, reset=what == RESET)
                _end(target, reset=what == RESET)
                return
            target.shutdown(socket.SHUT_WR)
        except OSError:
            _end(source)
            _end(target)

    def _allowed(self, size):
        """How much of a piece may go on, and what is to be done behind it."""
        with self.lock:
            if not self.points or size < self.left:
                self.left -= size
                self.passed += size
                return size, None
            allowed, (_, what) = self.left, self.points.pop(0)
            self.passed += allowed
            self.left = self.points[0][0] if self.points else 0
            return allowed, what


def _end(end, reset=False):
    try:
        if reset:   # the other side is told that the connection broke, not that it ended
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.shutdown(socket.SHUT_RD)   # wakes the other thread, which would hold it open
            end.close()
        else:
            end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass   # the other thread was faster
