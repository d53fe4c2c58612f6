"""The connections of a test cluster: TCP proxies that hand connections to their targets in turn, and can cut them, hold
back what goes one way or both (a network that swallows packets), slow them down, and answer in the server's place. A process of its own, so that what
passes through does not wait for the load that the tests make; told what to do in lines of JSON on standard input, each of
which it answers with one. Started by nodes.py."""
import asyncio
import contextlib
import json
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import threading

PIECE_BYTES = 1 << 16
UP, DOWN = "up", "down"   # to the server, to the client


class Link:
    """One proxy. A client whose target does not answer is given the next one; where none does, its connection is reset."""

    def __init__(self, targets):
        self.targets, self.turn, self.delay, self.answer = targets, 0, 0.0, None
        self.flows = {UP: asyncio.Event(), DOWN: asyncio.Event()}
        for flow in self.flows.values():
            flow.set()
        self.connections = []   # pairs of writers

    async def open(self):
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def _accept(self, reader, writer):
        for _ in self.targets:
            host, port = self.targets[self.turn % len(self.targets)]
            self.turn += 1
            try:
                away_reader, away_writer = await asyncio.open_connection(host, port)
                break
            except OSError:
                continue
        else:
            reset(writer)
            return
        pair = (writer, away_writer)
        self.connections.append(pair)
        await asyncio.gather(self._pump(reader, away_writer, UP, writer), self._pump(away_reader, writer, DOWN))
        self.connections.remove(pair)
        for end in pair:
            end.close()

    async def _pump(self, reader, writer, way, client=None):
        try:
            while data := await reader.read(PIECE_BYTES):
                if client and self.answer:   # whatever was asked, or is on its way up
                    client.write(self.answer)
                    client.close()
                    break
                await self.flows[way].wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            writer.transport.abort()

    # ---------------------------------------------------------------- what it is told

    def cut(self, share=1.0, seed=0):
        rng, number = random.Random(seed), 0
        for pair in list(self.connections):
            if rng.random() < share:
                number += 1
                for end in pair:
                    reset(end)
        return number

    def hold(self, ways):
        for way in ways:
            self.flows[way].clear()
        return len(self.connections)

    def release(self):
        for flow in self.flows.values():
            flow.set()
        return len(self.connections)

    def answer_with(self, text):
        """For each request, and the connection is closed; None: the server answers again."""
        self.answer = text.encode() if text else None
        return len(self.connections)

    def slow(self, seconds):
        self.delay = seconds
        return len(self.connections)


def reset(writer):
    with contextlib.suppress(OSError):   # it may be gone already
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def serve():
    links = {}
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        name, do = order.pop("link"), order.pop("do")
        if do == "open":
            links[name] = Link([tuple(target) for target in order["targets"]])
            answer = await links[name].open()
        else:
            answer = getattr(links[name], do)(**order)
        print(json.dumps(answer), flush=True)
    os._exit(0)   # in the middle of whatever goes through


class Links:
    """The process, as the tests see it. Any thread."""

    def __init__(self):
        self.lock = threading.Lock()   # one order and its answer
        self.process = subprocess.Popen([sys.executable, str(pathlib.Path(__file__).resolve())], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def tell(self, link, do, **order):
        with self.lock:
            self.process.stdin.write(json.dumps({"link": link, "do": do, **order}) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def open(self, link, *targets):
        """The port of a new proxy to (host, port)s."""
        return self.tell(link, "open", targets=targets)

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)   # whoever started it ends it
    asyncio.run(serve())
