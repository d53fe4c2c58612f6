"""A small model of a cluster: how much work it does, and how long a job takes, from what a job costs each process.

Each kind of process is a station with so many cores, and a job visits each once with a demand of so many CPU seconds. What the cluster
can do is set by the station that is full first (the bottleneck law); how long a job is under way is what it demands, and the
waiting at each station as in a queue with so many servers (M/M/c, Erlang C). Where several processes share the cores of one machine they
are one station that a job visits with the sum of their demands.
"""
import math


def wait_in_queue(rate, demand, cores):
    """Mean seconds in the queue of a station; infinite where it is full."""
    load = rate * demand
    if load >= cores:
        return math.inf
    term, total = 1.0, 1.0
    for k in range(1, cores):
        term *= load / k
        total += term
    full = term * load / cores * cores / (cores - load)
    all_busy = full / (total + full)
    return all_busy * demand / (cores - load)


def capacity(demands, cores):
    """(jobs a second, the station that is full first); `cores` by station."""
    limits = {station: cores[station] / demand for station, demand in demands.items() if demand > 0}
    station = min(limits, key=limits.get)
    return limits[station], station


def response(rate, demands, cores):
    """Mean seconds from a job's beginning to its end."""
    return sum(demand + wait_in_queue(rate, demand, cores[station]) for station, demand in demands.items())


def shared(demands, cores, name="machine"):
    """All stations on one machine."""
    return {name: sum(demands.values())}, {name: cores}
