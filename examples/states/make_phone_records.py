#!/usr/bin/env python3
"""Phone records as CSV: name,phone,state,city,opened. About one row in a hundred has no state or no name; names have commas and
quotes in them. The same rows for the same seed.

make_phone_records.py [--rows 1000] [--seed 1] > phone-records.csv      the counts by state go to standard error
"""
import argparse
import collections
import csv
import random
import sys

STATES = {"California": 39, "Texas": 31, "Florida": 23, "New York": 20, "Pennsylvania": 13, "Illinois": 12, "Ohio": 12,
          "Georgia": 11, "North Carolina": 11, "Michigan": 10, "Washington": 8, "Arizona": 7, "Vermont": 1, "Wyoming": 1}
FIRST = ["Ada", "Bea", "Chen", "Dov", "Eve", "Fatima", "Grace", "Hugo", "Inés", "Jürgen", "Kofi", "Linh"]
LAST = ["Abbot", "Brown", "Castillo", "Dubois", "Evans", "O'Neil", "Nguyen", 'Smith "Jr."', "Young, MD", "Žižek"]
CITIES = ["Springfield", "Franklin", "Clinton", "Salem", "Georgetown"]
TOGETHER = 50_000


def records(rows, seed):
    """Rows of text: name, phone, state, city, opened."""
    chance = random.Random(seed)
    names, weights = list(STATES), list(STATES.values())
    for begin in range(0, rows, TOGETHER):
        count = min(TOGETHER, rows - begin)
        states = chance.choices(names, weights, k=count)
        for state in states:
            luck = chance.random()
            name = f"{FIRST[int(luck * 1e6) % len(FIRST)]} {LAST[int(luck * 1e4) % len(LAST)]}"
            if luck < 0.005:
                state = ""
            elif luck > 0.995:
                name = " "
            number = int(luck * 1e7)
            yield (name, f"({200 + number % 700}) 555-{number % 10_000:04}", state, CITIES[number % len(CITIES)],
                   f"{2000 + number % 25}-{1 + number % 12:02}-{1 + number % 28:02}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    counts, bad = collections.Counter(), 0
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["name", "phone", "state", "city", "opened"])
    for record in records(options.rows, options.seed):
        out.writerow(record)
        if record[0].strip() and record[2].strip():
            counts[record[2]] += 1
        else:
            bad += 1
    for state, count in sorted(counts.items()):
        print(f"{count:>10,}  {state}", file=sys.stderr)
    print(f"{bad:>10,}  without state or name", file=sys.stderr)


if __name__ == "__main__":
    main()
