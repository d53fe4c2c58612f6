#!/usr/bin/env python3
"""Prints a free loopback port for a server that is stopped and started again: one of those that the system gives to no
outgoing connection, so that nobody sits on it meanwhile."""
import random
import socket


def free_port():
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as limits:
        first = int(limits.read().split()[0])
    for port in random.sample(range(max(1025, first - 12_000), first), 200):
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no free port was found")


if __name__ == "__main__":
    print(free_port())
