"""People: a seeded input of made-up people, and an oracle that works out, with Python's own means, what has to be
stored of it. Used by tests/crash.py and by bench/; shares no code with the program.

`python3 tests/people.py ROWS [--seed N] [--format csv|ndjson]` writes such an input to standard output.
"""
import argparse
import dataclasses
import hashlib
import io
import json
import random
import re
import sys

import workbooks

FIELDS = ["id", "name", "email", "phone", "state", "signup_date", "amount", "notes"]
PIPELINE = """\
name: people
transform:
  - date: {fields: [signup_date], formats: ["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y"]}
schema:
  fields:
    - {name: id, type: integer, constraints: {required: true}}
    - {name: name, type: string, constraints: {required: true}}
    - {name: email, type: string, format: email, constraints: {required: true}}
    - {name: phone, type: string}
    - {name: state, type: string, constraints: {minLength: 2, maxLength: 2}}
    - {name: signup_date, type: date}
    - {name: amount, type: number}
    - {name: notes, type: string}
"""
IDENTITIES = {"content": "identity: content\n", "position": "identity: position\n", "key": "identity: [id]\n"}

FIRST = ["Alice", "Bob", "Chloé", "Zoë", "François", "Hiroshi", "Łukasz", "María", "Søren", "Jürgen", "Анна", "明", "Björk"]
LAST = ["Smith", "Müller", "O'Brien", "García", "Nowak", "李", "Åkesson", "Þórsson", "Nguyễn", "Martínez"]
STATES = ["AL", "AK", "AZ", "CA", "CO", "FL", "GA", "HI", "IL", "MA", "NY", "TX", "WA"]
NOTES = ["VIP customer", 'said "call back later"', "first line\nsecond line", "renewal due, see file", "naïve café visitor",
         "tab\there", "back\\slash", "=1+1", "ok"]
# What may be wrong with a row: the field, what stands there, and the code it is rejected with.
WRONG = [("email", "not-an-email", "type-error"), ("email", "user@@example..com", "type-error"),
         ("signup_date", "2023-13-45", None), ("name", "   ", "constraint-error"), ("amount", "12,3x", "type-error"),
         ("id", "", "constraint-error")]


@dataclasses.dataclass
class Row:
    cells: dict               # as written
    person: dict | None       # as it has to be stored, null members left out; None: a reject
    wrong: tuple | None = None
    line: int = 0             # physical line of its first byte


def shown_date(rng, date):
    year, month, day = date
    kind = rng.randrange(10)
    if kind < 2:
        return f"{month:02}/{day:02}/{year}"
    return f"{day:02}.{month:02}.{year}" if kind == 2 else f"{year}-{month:02}-{day:02}"


def canonical(decimal):
    """The shortest plain decimal of one that is written with two places."""
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def make_people(rows, seed, invalid=0.02, again=0.1):
    """Rows of which some are wrong in one place, some repeat an earlier one in other clothes, and some carry the id
    of an earlier one with other content."""
    rng = random.Random(seed)
    made = []             # (id, name, email, phone, state, date, amount, notes) of good rows, to be repeated
    result = []
    for number in range(1, rows + 1):
        chance = rng.random()
        if made and chance < again:
            person = rng.choice(made)
            if chance < again / 3:
                person = person[:6] + (f"{rng.randint(1, 99999)}.{rng.randrange(100):02}",) + person[7:]
        else:
            first, last = rng.choice(FIRST), rng.choice(LAST)
            person = (str(number), f"{last}, {first}" if rng.random() < 0.05 else f"{first} {last}",
                      f"user{rng.randrange(100000)}@mail.example.org", f"+1-{rng.randint(200, 999)}-555-{rng.randrange(10000):04}",
                      rng.choice(STATES), (rng.randint(2005, 2024), rng.randint(1, 12), rng.randint(1, 28)),
                      f"{'-' if rng.random() < 0.02 else ''}{rng.randint(1, 99999)}.{rng.randrange(100):02}",
                      "" if rng.random() < 0.55 else rng.choice(NOTES))
        year, month, day = person[5]
        stored = {"amount": canonical(person[6]), "email": person[2], "id": person[0], "name": person[1],
                  "phone": person[3], "signup_date": f"{year}-{month:02}-{day:02}", "state": person[4]}
        if person[7]:
            stored["notes"] = person[7]
        cells = dict(zip(FIELDS, person[:5] + (shown_date(rng, person[5]),) + person[6:], strict=True))
        if rng.random() < 0.25:
            cells["email"] = "".join(c.upper() if rng.random() < 0.5 else c for c in cells["email"])
        if rng.random() < 0.1:
            cells["name"] = " " + cells["name"] + "\u00a0"
        wrong = None
        if rng.random() < invalid:
            wrong = rng.choice(WRONG)
            cells[wrong[0]] = wrong[1]
        else:
            made.append(person)
        result.append(Row(cells, None if wrong else stored, wrong))
    return result


def make_overlapping(files, rows, seed):
    """Several files of which many rows stand in more than one, in another order each; others share only an id."""
    rng = random.Random(seed)
    shared = make_people(rows, seed)
    result = []
    for number in range(files):
        own = make_people(rows, seed + 1000 * (number + 1))
        chosen = [dataclasses.replace(rng.choice(pair)) for pair in zip(shared, own, strict=True)]
        rng.shuffle(chosen)
        result.append(chosen[:rng.randint(max(1, rows // 2), rows)])
    return result


# ---------------------------------------------------------------- as a file

def csv_cell(text):
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\n\r]', text) else text


def to_csv(people):
    """The bytes of a CSV file; notes down each row's physical line."""
    out, line = [",".join(FIELDS) + "\n"], 2
    for row in people:
        text = ",".join(csv_cell(row.cells[name]) for name in FIELDS) + "\n"
        row.line = line
        line += text.count("\n")
        out.append(text)
    return "".join(out).encode()


def to_ndjson(people):
    out = []
    for line, row in enumerate(people, 1):
        row.line = line
        members = {name: row.cells[name] for name in FIELDS if row.cells[name] or name not in ("notes", "id")}
        out.append(json.dumps(members, ensure_ascii=False) + "\n")
    return "".join(out).encode()


def to_xlsx(people):
    """The bytes of a workbook: ids and some amounts as numbers, texts inline or shared by turns of the file."""
    file = io.BytesIO()
    book = workbooks.Workbook(file, shared=len(people) % 2 == 0)
    book.add(FIELDS)
    for line, row in enumerate(people, 2):
        row.line = line
        book.add([int(row.cells["id"]) if name == "id" and row.cells["id"].isdigit() else row.cells[name] or None for name in FIELDS])
    book.close()
    return file.getvalue()


# ---------------------------------------------------------------- the oracle

def jcs(person):
    """RFC 8785 of a stored person: id and amount are numbers, all else strings, keys sorted."""
    members = []
    for name in sorted(person):
        value = person[name] if name in ("id", "amount") else json.dumps(person[name], ensure_ascii=False)
        members.append(f'"{name}":{value}')
    return "{" + ",".join(members) + "}"


def key_of(text):
    """The id in a person's JCS text."""
    return re.search(r'"id":(-?\d+)', text).group(1)


@dataclasses.dataclass
class Expected:
    read: int
    rejects: dict        # row number → (field, code, line)
    texts: dict          # row number of a good row → its JCS text
    keys: dict           # row number of a good row → its id


def expect(people):
    """What a job over these rows has to make of them, whatever the identity is."""
    expected = Expected(len(people), {}, {}, {})
    for number, row in enumerate(people, 1):
        if row.person is None:
            expected.rejects[number] = (row.wrong[0], row.wrong[2], row.line)
        else:
            expected.texts[number] = jcs(row.person)
            expected.keys[number] = row.person["id"]
    return expected


def sha256(text):
    return hashlib.sha256(text.encode()).digest()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=["csv", "ndjson"], default="csv")
    options = parser.parse_args()
    people = make_people(options.rows, options.seed)
    sys.stdout.buffer.write(to_csv(people) if options.format == "csv" else to_ndjson(people))


if __name__ == "__main__":
    main()
