#!/usr/bin/env python3
"""Runs cases written as text against the real binary. tests/cases/README.md describes the format.

run_cases.py [--bin build/sluice] [--jobs N] [--keep] [FILE|FOLDER…]     default: tests/cases
FILE.case: cases; FILE.md: its blocks marked ```console. Prints what failed, then `N passed, N failed`.
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ANY = "…"           # within a line: any text; a line of its own: any number of lines; in JSON: any value
INDENT = "    "
COMMAND_SECONDS = 120
STANDARD_ADDRESS = "127.0.0.1:8080"   # of `sluice serve`


class BadCase(Exception):
    """The case itself is written wrongly."""


class Mismatch(Exception):
    """The program did something else than the case says."""


@dataclasses.dataclass
class Step:
    kind: str                  # file, run, sql, contents, absent
    line: int
    argument: str = ""
    block: list = dataclasses.field(default_factory=list)
    expect: dict = dataclasses.field(default_factory=dict)   # run: exit, out, err, json, both


@dataclasses.dataclass
class Case:
    path: str
    title: str
    line: int
    steps: list = dataclasses.field(default_factory=list)


# ---------------------------------------------------------------- reading

def read_cases(path, text):
    cases, step, block = [], None, None
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        where = f"{path}:{number}"
        if block is not None and (line.startswith(INDENT) or not line.strip()):
            block.append(line[len(INDENT):] if line.startswith(INDENT) else "")
            continue
        if block is not None:
            trim_tail(block)
            block = None
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("== "):
            cases.append(Case(str(path), line[3:].strip(), number))
            step = None
            continue
        if not cases:
            raise BadCase(f"{where}: a case begins with `== its title`")
        step, block = read_line(line, number, where, step)
        if step not in cases[-1].steps:
            cases[-1].steps.append(step)
    if block is not None:
        trim_tail(block)
    for case in cases:
        if not any(step.kind == "run" for step in case.steps):
            raise BadCase(f"{case.path}:{case.line}: the case runs nothing (`$ command`)")
    return cases


def trim_tail(block):
    while block and not block[-1]:
        block.pop()


def read_line(line, number, where, step):
    """One line that is not part of a block: (the step it belongs to, the list its block goes to or None)."""
    if line.startswith("$ "):
        return Step("run", number, line[2:]), None
    for kind, pattern in (("file", r"file (.+):$"), ("contents", r"contents (.+):$"), ("sql", r"sql (\S+): (.+)$"),
                          ("absent", r"absent (.+)$")):
        match = re.match(pattern, line)
        if match:
            new = Step(kind, number, match.group(1).strip())
            if kind == "sql":
                new.expect["query"] = match.group(2)
            return new, None if kind == "absent" else new.block
    match = re.match(r"file (\S+) from (\S+)$", line)
    if match:
        return Step("file", number, match.group(1), expect={"from": match.group(2)}), None
    if step is None or step.kind != "run":
        raise BadCase(f"{where}: what is `{line}`? (file, $, exit, out, err, json, contents, absent, sql)")
    match = re.match(r"exit (\d+)$", line)
    if match:
        step.expect["exit"] = int(match.group(1))
        return step, None
    match = re.match(r"(out|err|json):(.*)$", line)
    if match:
        block = step.expect[match.group(1)] = []
        if match.group(2).strip():
            block.append(match.group(2).strip())
        return step, block
    raise BadCase(f"{where}: what is `{line}`? (exit N, out:, err:, json:)")


def read_console(path, text):
    """The ```console blocks of a page as one case: commands after `$ `, what they print below them."""
    case, inside, step = Case(str(path), "the commands of the page", 1), False, None
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(r"```console(?: exit=(\d+))?\s*$", line)
        if fence:
            inside, status, step = True, int(fence.group(1) or 0), None
        elif inside and line.startswith("```"):
            inside = False
            if step:
                step.expect["exit"] = status
        elif inside and line.startswith("$ "):
            step = Step("run", number, line[2:], expect={"both": []})
            case.steps.append(step)
        elif inside and step and step.argument.endswith("\\") and not step.expect["both"]:
            step.argument = step.argument + "\n" + line
        elif inside and step:
            step.expect["both"].append(line)
        elif inside:
            raise BadCase(f"{path}:{number}: a console block begins with `$ command`")
    return [case] if case.steps else []


# ---------------------------------------------------------------- comparing

def line_pattern(line):
    return ".*?".join(re.escape(part) for part in line.split(ANY))


def lines_match(expected, actual):
    """Do the lines match, where a line … stands for any number of lines?"""
    reachable = {0}   # how many actual lines may be used up by the expected ones so far
    for line in expected:
        if line.strip() == ANY:
            reachable = set(range(min(reachable), len(actual) + 1)) if reachable else set()
        else:
            pattern = re.compile(line_pattern(line))
            reachable = {at + 1 for at in reachable if at < len(actual) and pattern.fullmatch(actual[at])}
    return len(actual) in reachable


def json_differs(expected, actual, at=""):
    """None where `actual` holds everything that `expected` says; else where it does not."""
    if expected == ANY:
        return None
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return f"{at or 'the result'} is {json.dumps(actual, ensure_ascii=False)}, not an object"
        for key, value in expected.items():
            if key not in actual:
                return f"{at}.{key} is not there"
            problem = json_differs(value, actual[key], f"{at}.{key}")
            if problem:
                return problem
        return None
    if isinstance(expected, list):
        if not isinstance(actual, list):
            return f"{at or 'the result'} is {json.dumps(actual, ensure_ascii=False)}, not an array"
        open_end = bool(expected) and expected[-1] == ANY
        wanted = expected[:-1] if open_end else expected
        if len(actual) < len(wanted) or (len(actual) > len(wanted) and not open_end):
            return f"{at} has {len(actual)} elements, not {len(wanted)}"
        for index, value in enumerate(wanted):
            problem = json_differs(value, actual[index], f"{at}[{index}]")
            if problem:
                return problem
        return None
    if isinstance(expected, str) and ANY in expected and isinstance(actual, str):
        if re.fullmatch(line_pattern(expected), actual, re.S):
            return None
    elif type(expected) is type(actual) and expected == actual:
        return None
    return f"{at or 'the result'} is {json.dumps(actual, ensure_ascii=False)}, " \
           f"not {json.dumps(expected, ensure_ascii=False)}"


def check_lines(what, expected, text):
    actual = text.splitlines()
    if not lines_match(expected, actual):
        raise Mismatch(f"{what} should be\n" + indented(expected) + "\nbut is\n" + indented(actual))


def indented(lines):
    shown = [INDENT + line for line in lines[:60]] or [INDENT + "(nothing)"]
    return "\n".join(shown + ([INDENT + f"({len(lines) - 60} lines more)"] if len(lines) > 60 else []))


# ---------------------------------------------------------------- running

ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|[rnt0\\])")


def unescape(line):
    named = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
    out, at = b"", 0
    for match in ESCAPE.finditer(line):
        out += line[at:match.start()].encode()
        code = match.group(1)
        out += named[code] if code in named else bytes([int(code[1:], 16)])
        at = match.end()
    return out + line[at:].encode()


def write_file(step, folder):
    source = step.expect.get("from")
    name, escaped = step.argument, False
    if name.endswith(" escaped"):
        name, escaped = name[:-len(" escaped")], True
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise BadCase(f"{name} is outside of the case's folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source:
        shutil.copyfile(ROOT / source, target)
    elif escaped:
        target.write_bytes(b"".join(unescape(line) for line in step.block))
    else:
        target.write_text("".join(line + "\n" for line in step.block), encoding="utf-8", newline="")


def own_port(text, environment):
    """The pages say 127.0.0.1:8080; here each case has a port of its own."""
    return text.replace(STANDARD_ADDRESS, environment["SLUICE_LISTEN"])


def run_command(step, folder, environment):
    together = "both" in step.expect
    done = subprocess.run(["bash", "-c", own_port(step.argument, environment)], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT if together else subprocess.PIPE,
                          timeout=COMMAND_SECONDS, check=False)
    out, err = done.stdout.decode("utf-8", "replace"), (done.stderr or b"").decode("utf-8", "replace")
    out, err = (text.replace(environment["SLUICE_LISTEN"], STANDARD_ADDRESS) for text in (out, err))
    wanted = step.expect.get("exit", 0)
    if done.returncode != wanted:
        raise Mismatch(f"exit status {done.returncode}, not {wanted}; it said\n" + indented((out + err).splitlines()))
    for what, text in (("out", out), ("err", err), ("both", out)):
        if what in step.expect:
            check_lines({"out": "standard output", "err": "standard error", "both": "the output"}[what],
                        step.expect[what], text)
    if "json" in step.expect:
        try:
            actual = json.loads(out)
        except ValueError as error:
            raise Mismatch(f"standard output is no JSON ({error}):\n" + indented(out.splitlines())) from error
        problem = json_differs(parse_json(step), actual)
        if problem:
            raise Mismatch(f"{problem}; the whole result:\n{INDENT}{json.dumps(actual, ensure_ascii=False)}")


def parse_json(step):
    try:
        return json.loads("\n".join(step.expect["json"]))
    except ValueError as error:
        raise BadCase(f"line {step.line}: the expected json is none: {error}") from error


def cell_text(value):
    if value is None:
        return "NULL"
    return value.hex() if isinstance(value, bytes) else str(value)


def run_sql(step, folder):
    path = folder / step.argument
    if not path.exists():
        raise Mismatch(f"there is no {step.argument} to ask")
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = [" | ".join(cell_text(value) for value in row) for row in database.execute(step.expect["query"])]
    except sqlite3.Error as error:
        raise Mismatch(f"{step.expect['query']}: {error}") from error
    finally:
        database.close()
    check_lines(step.expect["query"], step.block, "\n".join(rows))


def run_step(step, folder, environment):
    if step.kind == "file":
        write_file(step, folder)
    elif step.kind == "run":
        run_command(step, folder, environment)
    elif step.kind == "sql":
        run_sql(step, folder)
    elif step.kind == "contents":
        path = folder / step.argument
        if not path.exists():
            raise Mismatch(f"there is no {step.argument}")
        check_lines(step.argument, step.block, path.read_text(encoding="utf-8-sig"))
    elif step.kind == "absent" and (folder / step.argument).exists():
        raise Mismatch(f"{step.argument} is there")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def end_servers(folder):
    """What a case started in the background runs in its folder."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if pathlib.Path(os.readlink(process / "cwd")).is_relative_to(folder):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            pass   # gone already, or somebody else's


def run_case(case, binary, keep):
    """None, or what went wrong."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-case-"))
    environment = {"PATH": f"{folder}/.bin:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder / ".home"),
                   "LC_ALL": "C.UTF-8", "TZ": "UTC", "TMPDIR": str(folder / ".tmp"), "SLUICE_SOURCE": str(ROOT),
                   "SLUICE_LISTEN": f"127.0.0.1:{free_port()}"}
    problem = None
    try:
        for name in (".bin", ".home", ".tmp"):
            (folder / name).mkdir()
        (folder / ".bin" / "sluice").symlink_to(binary.resolve())
        if case.path.endswith(".md") and (ROOT / "examples").is_dir():
            shutil.copytree(ROOT / "examples", folder / "examples")
        for step in case.steps:
            try:
                run_step(step, folder, environment)
            except (Mismatch, BadCase, OSError, subprocess.TimeoutExpired) as error:
                what = f"$ {step.argument}\n" if step.kind == "run" else ""
                problem = f"{case.path}:{step.line}: {case.title}\n{what}{error}"
                break
    finally:
        end_servers(folder)
        if keep and problem:
            problem += f"\n(its files: {folder})"
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return problem


def collect(arguments):
    cases = []
    for argument in arguments:
        path = pathlib.Path(argument)
        files = sorted(path.rglob("*.case")) if path.is_dir() else [path]
        for file in files:
            text = file.read_text(encoding="utf-8")
            cases += read_console(file, text) if file.suffix == ".md" else read_cases(file, text)
    return cases


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--bin", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", action="store_true", help="keep the folder of a case that failed")
    parser.add_argument("--only", default="", help="only cases with this text in their title")
    parser.add_argument("paths", nargs="*", default=[str(ROOT / "tests" / "cases")])
    options = parser.parse_args(arguments)
    try:
        cases = [case for case in collect(options.paths) if options.only in case.title]
    except (BadCase, OSError) as error:
        print(error)
        print("0 passed, 1 failed")
        return 1
    binary = pathlib.Path(options.bin)
    if not binary.exists():
        print(f"{binary} is not there; ./dev build makes it")
        print(f"0 passed, {max(1, len(cases))} failed")
        return 1
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        problems = [problem for problem in pool.map(lambda case: run_case(case, binary, options.keep), cases) if problem]
    for problem in problems:
        print(problem + "\n")
    print(f"{len(cases) - len(problems)} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
