#!/usr/bin/env python3
"""Loads a server that speaks POST /states/batch, and checks its sums: states_load.py --to http://127.0.0.1:3000

Posts batches of made-up phone records (`{"name": STATE, "population": 1}`) over keep-alive connections, one post under way
on each, then waits until GET /states is what was accepted, counted here. Ends with status 1 where a state's sum is wrong.
A post that is answered by 429 or 503 is sent again after Retry-After; the times are of the posts that were accepted.
"""
import argparse
import collections
import http.client
import itertools
import json
import random
import statistics
import sys
import threading
import time
import urllib.parse
import uuid

STATES = ("Alabama,Alaska,Arizona,Arkansas,California,Colorado,Connecticut,Delaware,Florida,Georgia,Hawaii,"
          "Idaho,Illinois,Indiana,Iowa,Kansas,Kentucky,Louisiana,Maine,Maryland,Massachusetts,Michigan,"
          "Minnesota,Mississippi,Missouri,Montana,Nebraska,Nevada,New Hampshire,New Jersey,New Mexico,"
          "New York,North Carolina,North Dakota,Ohio,Oklahoma,Oregon,Pennsylvania,Rhode Island,South Carolina,"
          "South Dakota,Tennessee,Texas,Utah,Vermont,Virginia,Washington,West Virginia,Wisconsin,Wyoming").split(",")
DIFFERENT_BODIES = 64     # made before the clock starts, and sent in turn


def bodies(rows, seed):
    """[(body, sums of the body)]; some states have many more records than others."""
    chance = random.Random(seed)
    weights = [1 / (place + 1) for place in range(len(STATES))]
    made = []
    for _ in range(DIFFERENT_BODIES):
        names = chance.choices(STATES, weights, k=rows)
        body = json.dumps({"states": [{"name": name, "population": 1} for name in names]}, separators=(",", ":")).encode()
        made.append((body, collections.Counter(names)))
    return made


class Target:
    """The server; a connection belongs to one thread."""

    def __init__(self, url, timeout, headers):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            sys.exit(f"--to takes http://HOST:PORT, not {url}")
        self.kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.host, self.port, self.path = parts.hostname, parts.port, parts.path.rstrip("/")
        self.timeout, self.headers = timeout, headers

    def connect(self):
        return self.kind(self.host, self.port, timeout=self.timeout)

    def sums(self):
        """{state: population} of all pages of GET /states."""
        connection, found, cursor = self.connect(), {}, ""
        while cursor is not None:
            connection.request("GET", f"{self.path}/states?limit=100{cursor}", headers=self.headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                sys.exit(f"GET /states answered {answer.status}: {body[:300]!r}")
            page = json.loads(body)
            found.update((item["name"], int(item["population"])) for item in page["items"])
            cursor = "&cursor=" + urllib.parse.quote(page["next"]) if page["next"] else None
        connection.close()
        return found


def post_all(target, made, batches, connections):
    """(seconds, times of the accepted posts, sums of what was accepted, posts that were put off)."""
    numbers, times, waits, wrong = itertools.count(), [], [], []
    accepted = collections.Counter()
    lock = threading.Lock()

    def client():
        connection = target.connect()
        own_times, own = [], collections.Counter()
        for number in iter(lambda: next(numbers), None):
            if number >= batches or wrong:
                break
            body, sums = made[number % len(made)]
            headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4()), **target.headers}
            while True:
                begun = time.monotonic()
                connection.request("POST", f"{target.path}/states/batch", body, headers)
                answer = connection.getresponse()
                said = answer.read()
                if answer.status not in (429, 503):
                    break
                waits.append(number)
                time.sleep(float(answer.headers.get("Retry-After", 1)))
            if answer.status != 202:
                wrong.append(f"POST /states/batch answered {answer.status}: {said[:300]!r}")
                break
            own_times.append(time.monotonic() - begun)
            own[number % len(made)] += 1
        connection.close()
        with lock:
            times.extend(own_times)
            accepted.update(own)

    clients = [threading.Thread(target=client) for _ in range(connections)]
    begun = time.monotonic()
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    seconds = time.monotonic() - begun
    if wrong:
        sys.exit(wrong[0])
    if sum(accepted.values()) != batches:
        sys.exit(f"{batches - sum(accepted.values())} of {batches} posts got no answer")
    total = collections.Counter()
    for body, often in accepted.items():
        for name, count in made[body][1].items():
            total[name] += count * often
    return seconds, times, total, len(waits)


def wait_for(target, expected, patience):
    """What GET /states says once its total has reached the expected one, or has stood still for so long, and a second later."""
    wanted, seen, since = sum(expected.values()), None, time.monotonic()
    while True:
        sums = target.sums()
        total = sum(sums.values())
        if total >= wanted:
            reached = time.monotonic()
            time.sleep(1)           # what is counted twice may come later
            return target.sums(), reached
        if total != seen:
            seen, since = total, time.monotonic()
        if time.monotonic() - since > patience:
            return sums, time.monotonic()
        time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", required=True, metavar="URL")
    parser.add_argument("--batches", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1000, help="elements in a batch")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=60, metavar="SECONDS",
                        help="how long the sums may stand still before they are complete")
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    headers = {name.strip(): value.strip() for name, value in (text.split(":", 1) for text in options.header)}
    target = Target(options.to, 120, headers)
    made = bodies(options.rows, options.seed)
    expected = collections.Counter(target.sums())
    begun = time.monotonic()
    seconds, times, accepted, waits = post_all(target, made, options.batches, options.connections)
    expected.update(accepted)
    sums, reached = wait_for(target, expected, options.patience)

    cuts = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    elements = options.batches * options.rows
    wrong = {name: (sums.get(name, 0), expected[name]) for name in {*sums, *expected} if sums.get(name, 0) != expected[name]}
    result = {"elements": elements, "posts": options.batches, "connections": options.connections, "putOff": waits,
              "acceptedPerSecond": round(elements / seconds), "postsPerSecond": round(options.batches / seconds, 1),
              "p50Ms": round(cuts[49] * 1000, 2), "p99Ms": round(cuts[98] * 1000, 2),
              "summedPerSecond": round(elements / (reached - begun)), "exact": not wrong}
    if options.json:
        print(json.dumps(result))
    else:
        print(f"{elements} elements in {options.batches} posts over {options.connections} connections, {waits} put off\n"
              f"accepted {result['acceptedPerSecond']} elements/s, {result['postsPerSecond']} posts/s; "
              f"a post took {result['p50Ms']} ms (p50), {result['p99Ms']} ms (p99)\n"
              f"summed {result['summedPerSecond']} elements/s, from the first post to the last sum")
    for name, (found, right) in sorted(wrong.items()):
        print(f"{name}: GET /states says {found}, accepted were {right}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
