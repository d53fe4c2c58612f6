"""What is sent to a test cluster: files of made-up people that share rows, and what has to become of each."""
import dataclasses
import functools
import json
import random

import people

# Each pipeline and its identity; "key-skip" refuses another content under a key that is known.
IDENTITIES = {"content": "content", "content_skip": "content", "key": "key", "key_skip": "key", "position": "position"}
RULES = {"content": "identity: content\nbatch: {rows: 1000}\n", "content_skip": "identity: content\non_duplicate: skip\n",
         "key": "identity: [id]\nbatch: {rows: 500}\n", "key_skip": "identity: [id]\non_duplicate: skip\n",
         "position": "identity: position\n"}
# Attempts that a fault ended are made again soon, and as often as it takes.
RETRY = "retry: {attempts: 100, backoff: {type: fixed, delay: 500ms}}\n"


# Few groups, which all workers change; of those that change their least and greatest as rows are replaced, too.
MEASURES = {"people": "count", "total": "sum(amount)", "first": "min(signup_date)", "last": "max(id)"}


def pipelines():
    """{name: its file}"""
    measures = ", ".join(f"{name}: {what}" for name, what in MEASURES.items())
    return {name: people.PIPELINE.replace("name: people\n", f"name: {name}\n", 1) + rules + RETRY +
            f"aggregates: [{{name: {name}_by_state, by: [state], measures: {{{measures}}}}}]\n"
            for name, rules in RULES.items()}


class Row:
    """One person; what is worked out of it is kept, because it stands in many files."""
    __slots__ = ("row", "__dict__")

    def __init__(self, row):
        self.row = row

    @functools.cached_property
    def csv(self):
        return ",".join(people.csv_cell(self.row.cells[name]) for name in people.FIELDS) + "\n"

    @functools.cached_property
    def members(self):
        cells = self.row.cells
        return {name: cells[name] for name in people.FIELDS if cells[name] or name not in ("notes", "id")}

    @functools.cached_property
    def ndjson(self):
        return json.dumps(self.members, ensure_ascii=False) + "\n"

    @functools.cached_property
    def text(self):
        return people.jcs(self.row.person)


@dataclasses.dataclass
class File:
    name: str
    pipeline: str
    kind: str      # csv, ndjson, or batch: rows as JSON
    rows: list

    @functools.cached_property
    def data(self):
        if self.kind == "csv":
            return (",".join(people.FIELDS) + "\n" + "".join(row.csv for row in self.rows)).encode()
        if self.kind == "ndjson":
            return "".join(row.ndjson for row in self.rows).encode()
        return json.dumps([row.members for row in self.rows], ensure_ascii=False).encode()

    def expected(self):
        """people.Expected of it."""
        expected, line = people.Expected(len(self.rows), {}, {}, {}), 2 if self.kind == "csv" else 1
        for number, row in enumerate(self.rows, 1):
            if row.row.person is None:
                # Rows of one JSON array stand on one line.
                expected.rejects[number] = (row.row.wrong[0], row.row.wrong[2], 1 if self.kind == "batch" else line)
            else:
                expected.texts[number] = row.text
                expected.keys[number] = row.row.person["id"]
            line += row.csv.count("\n") if self.kind == "csv" else 1
        return expected


class Files:
    """Makes them, the same for the same seed. One thread."""

    def __init__(self, seed, sizes):
        """`sizes`: the most rows of small files, of middle ones and of large ones."""
        self.rng, self.number = random.Random(seed), 0
        self.small, self.middle, self.most = sizes
        self.shared = {name: made(4000, f"{seed}/{name}") for name in RULES}
        self.large = made(self.most // 2, f"{seed}/large")

    def next(self, large=False):
        rng, self.number = self.rng, self.number + 1
        pipeline = rng.choice(list(RULES))
        kind = rng.choice(["csv", "csv", "ndjson", "batch"])
        if large:
            rows = rng.choices(self.large, k=rng.randint(self.most // 2, self.most))
            kind = rng.choice(["csv", "ndjson"])
        else:
            size = self.small if kind == "batch" else rng.choice([self.small, self.small, self.small, self.middle])
            count = rng.randint(1, size)
            own = made(max(1, count // 4), rng.random())
            rows = rng.choices(self.shared[pipeline], k=count - len(own)) + own if count > len(own) else own
            rng.shuffle(rows)
        return File(f"{self.number:05}.{kind}", pipeline, kind, rows)


def made(rows, seed):
    return [Row(row) for row in people.make_people(rows, seed)]
