#!/usr/bin/env python3
"""Compares our RFC 8785 form with an independent implementation, byte by byte, over seeded random rows.

The oracle is the PyPI package rfc8785; what docs/identity.md shows in Python and JavaScript (npm package
canonicalize) is run over the same rows. Both are installed into ${XDG_CACHE_HOME:-~/.cache}/sluice. For numbers that
no double holds, where our contract deviates from the RFC, the expected text is worked out here by the contract's rule.

    tests/oracles/jcs.py [--rows 20000] [--seed 1] [--tool build/release/bin/sluice_jcs_tool]
"""
import argparse
import decimal
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "sluice" / "jcs-oracle"
BATCH = 20_000


def skip(reason):
    print(f"SKIPPED: {reason}", file=sys.stderr)
    print("0 passed, 0 failed")
    sys.exit(1 if os.environ.get("CI") == "true" else 0)


def install():
    python = CACHE / "python"
    if not (python / "rfc8785").exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(python), "rfc8785==0.1.4"]
        if subprocess.run(command).returncode != 0:
            skip("the oracle (PyPI package rfc8785) cannot be installed")
    sys.path.insert(0, str(python))
    node = CACHE / "node"
    if shutil.which("node") and shutil.which("npm") and not (node / "node_modules" / "canonicalize").exists():
        node.mkdir(parents=True, exist_ok=True)
        (node / "package.json").write_text('{"private": true, "type": "module"}')
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "canonicalize@2.1.0"], cwd=node)


class Number(str):
    """A number as it is written in the row."""


EDGE_NUMBERS = """0 -0 -0.0 0e5 1 -1 0.1 1.0 10 100.00 9007199254740991 9007199254740992 9007199254740993 -9007199254740993
    9007199254740994 18014398509481985 123456789012345678901234567890 1e21 1E+21 999999999999999999999 1e20 1e-6 0.000001
    1e-7 0.0000001 1.7976931348623157e308 1.7976931348623159e308 1e309 -1e400 5e-324 4.9e-324 2e-324 2.4703282292062327e-324
    2.2250738585072014e-308 2.2250738585072011e-308 1e-400 0.1000000000000000055511151231257827 0.30000000000000004
    333333333.33333329 1e999999999 1E-999999999 12345678901234567890123 12345678901234567890120 4.35 0.5e1 1e0
    295147905179352830000 1424953923781206.2 -0.0000033333333333333333""".split()
EDGE_CHARACTERS = ([chr(c) for c in range(1, 0x21)] + list('"\\/<>&\'') + ["\x7f", "\x80", "\x9f", "\u00e9", "\u07ff", "\u0800",
    "\u2028", "\u2029", "\ud7ff", "\ue000", "\ufb33", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\U00010000", "\U0001f600", "\U0010ffff"])


class Rows:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self):
        pick = self.random.random()
        if pick < 0.2:
            return Number(self.random.choice(EDGE_NUMBERS))
        if pick < 0.45:  # any double, in one of its layouts
            double = struct.unpack("<d", self.random.randbytes(8))[0]
            if double != double or double in (float("inf"), float("-inf")):
                double = 0.25
            return Number(self.random.choice(["%r", "%.17e", "%.3e", "%.16g"]) % double)
        if pick < 0.6:
            return Number(str(self.random.choice([2**53, 2**63, 2**64, 10**15, 10**21, 1]) + self.random.randint(-3, 3)))
        digits = lambda most: "".join(self.random.choice("0001234567890") for _ in range(self.random.randint(1, most)))
        text = self.random.choice(["", "-"]) + (digits(self.random.choice([3, 25])).lstrip("0") or "0")
        if self.random.random() < 0.6:
            text += "." + digits(self.random.choice([3, 25]))
        if self.random.random() < 0.3:
            text += self.random.choice("eE") + self.random.choice(["", "+", "-"]) + str(self.random.randint(0, 30))
        return Number(text)

    def string(self):
        letter = lambda: self.random.choice(EDGE_CHARACTERS) if self.random.random() < 0.4 else self.random.choice("abcXYZ 019")
        return "".join(letter() for _ in range(self.random.choice([0, 1, 2, 3, 8, 9, 20, 40])))

    def value(self, depth=0):
        pick = self.random.random()
        if pick < 0.4:
            return self.number()
        if pick < 0.8 or depth > 4:
            return self.string()
        if pick < 0.86:
            return self.random.choice([True, False])
        if pick < 0.93:
            return [self.random.choice([None, self.value(depth + 1)]) for _ in range(self.random.randint(0, 4))]
        return self.object(depth + 1)

    def object(self, depth=0):
        return {self.string(): self.value(depth) for _ in range(self.random.randint(0, 8))}

    def written(self, value):
        """The value as JSON text in a random layout."""
        blank = lambda: self.random.choice(["", "", "", " ", "\t ", " \r"])
        if isinstance(value, Number):
            return str(value)
        if isinstance(value, str):
            return '"' + "".join(map(self.written_character, value)) + '"'
        if isinstance(value, list):
            return "[" + blank() + (blank() + "," + blank()).join(map(self.written, value)) + blank() + "]"
        if isinstance(value, dict):
            members = (self.written(name) + blank() + ":" + blank() + self.written(of) for name, of in value.items())
            return "{" + blank() + (blank() + "," + blank()).join(members) + blank() + "}"
        return json.dumps(value)

    def written_character(self, c):
        short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
        if c in short and (c != "/" or self.random.random() < 0.5):
            return short[c]
        if ord(c) < 0x20 or self.random.random() < 0.2:
            units = c.encode("utf-16-be")
            escape = self.random.choice(["\\u%04x", "\\u%04X"])
            return "".join(escape % int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2))
        return c


def contract_number(text):
    """A double where its shortest text is exactly this decimal, else the string of the canonical decimal."""
    value = decimal.Decimal(text)
    double = float(text)
    if double not in (float("inf"), float("-inf")) and decimal.Decimal(repr(double)) == value:
        return double
    # Laid out from scientific notation, with all the digits (str() of a Decimal has another idea of layout).
    sign, digits, exponent = value.as_tuple()
    significant = "".join(map(str, digits)).strip("0")
    dropped = len("".join(map(str, digits)).rstrip("0"))
    exponent += len(digits) - dropped
    scientific = exponent + len(significant) - 1
    if 0 <= scientific < 21 or (exponent == 0 and scientific >= 0):
        whole = significant[: scientific + 1].ljust(scientific + 1, "0")
        fraction = significant[scientific + 1 :]
        text = whole + ("." + fraction if fraction else "")
    elif -7 < scientific < 0:
        text = "0." + significant.rjust(len(significant) - scientific - 1, "0")
    else:
        text = significant[0] + ("." + significant[1:] if significant[1:] else "") + ("e+%d" if scientific > 0 else "e%d") % scientific
    return "-" + text if sign else text


def expected_value(value, number=contract_number):
    if isinstance(value, Number):
        return number(value)
    if isinstance(value, list):
        return [expected_value(v, number) for v in value]
    if isinstance(value, dict):
        return {name: expected_value(v, number) for name, v in value.items()}
    return value


def blocks_of_the_docs():
    text = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
    return {language: re.search(rf"^```{language}\n(.*?)^```", text, re.S | re.M).group(1) for language in ("python", "javascript")}


def check_docs(rows, lines, hashes):
    blocks = blocks_of_the_docs()
    python = {}
    exec(compile(blocks["python"], "docs/identity.md (python)", "exec"), python)
    for line, digest in zip(lines, hashes):
        with_null = '{"column that is null":null,' + line.lstrip()[1:] if ":" in line else line
        if python["content_hash"](with_null) != digest:
            sys.exit(f"docs/identity.md's Python gives another hash for\n{line}")
    node = CACHE / "node"
    if not (node / "node_modules" / "canonicalize").exists():
        print("node or the npm package canonicalize is missing: docs/identity.md's JavaScript is not run", file=sys.stderr)
        if os.environ.get("CI") == "true":
            sys.exit(1)
        return
    (node / "identity.js").write_text(blocks["javascript"], encoding="utf-8")
    (node / "run.js").write_text(
        "import { contentHash } from './identity.js'\nimport { createInterface } from 'node:readline'\n"
        "for await (const line of createInterface({ input: process.stdin })) console.log(contentHash(JSON.parse(line)))\n")
    # Numbers beyond the doubles as the strings that the page says to give.
    given = [json.dumps({"column that is null": None} | expected_value(row)) for row in rows]
    done = subprocess.run(["node", "run.js"], cwd=node, input="\n".join(given), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("docs/identity.md's JavaScript fails: " + done.stderr)
    for line, ours, theirs in zip(lines, hashes, done.stdout.split(), strict=True):
        if ours != theirs:
            sys.exit(f"docs/identity.md's JavaScript gives another hash for\n{line}")


def check(tool, rows, random_rows, first):
    import rfc8785

    lines = [random_rows.written(row) for row in rows]
    answers = subprocess.run([tool], input="".join(line + "\n" for line in lines).encode(), capture_output=True, check=True)
    answers = answers.stdout.split(b"\n")[:-1]
    if len(answers) != len(rows):
        sys.exit(f"{len(rows)} rows, {len(answers)} answers")
    hashes = []
    for i, (row, line, answer) in enumerate(zip(rows, lines, answers)):
        expected = rfc8785.dumps(expected_value(row))
        digest = hashlib.sha256(expected).hexdigest()
        if answer != expected + b"\t" + digest.encode():
            sys.exit(f"row {first + i}: {line}\nexpected {expected.decode()}\t{digest}\n     got {answer.decode(errors='replace')}")
        hashes.append(digest)
    return lines, hashes


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tool", default=ROOT / "build" / "release" / "bin" / "sluice_jcs_tool")
    options.add_argument("--rows", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    install()
    print(f"seed {options.seed}")
    random_rows = Rows(options.seed)
    for first in range(0, options.rows, BATCH):
        rows = [random_rows.object() for _ in range(min(BATCH, options.rows - first))]
        lines, hashes = check(options.tool, rows, random_rows, first)
        if first == 0:
            check_docs(rows[:3000], lines[:3000], hashes[:3000])
    print("canonical text and SHA-256 equal those of the independent implementation")
    print(f"{options.rows} passed, 0 failed")


if __name__ == "__main__":
    main()
