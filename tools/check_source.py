#!/usr/bin/env python3
"""Our own rules for the source tree, as docs/architecture.md and CONTRIBUTING.md state them.

check_source.py [ROOT]    prints `file:line: what is wrong` and ends with status 1 where a rule is broken.
Which folder may include which is read from the table in docs/architecture.md, so that page cannot go stale.
"""
import pathlib
import re
import sys

MAX_LINES = 600          # the hard limit; about 400 is the aim
MAX_HEADER_COMMENT = 12  # lines in which the opening comment has to begin
CODE = (".cpp", ".h")
LEFT_UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
SNAKE_CASE = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
FORBIDDEN_NAME = re.compile(r"(^|_)(manager|util|utils|helper|helpers|common|misc)(_|$)")
# Before C++23 is whole in g++ (P2718), what a range is a part of dies before the loop begins.
LOOP_OVER_THE_DEAD = re.compile(r"\bfor \(.* : .*\)\.items\(\)\)")
TABLE_ROW = re.compile(r"^\|\s*`([a-z_]+)/?`\s*\|.*\|\s*([^|]*?)\s*\|\s*$")


def include_rules(page):
    """{folder: set of folders it may include} from the table with the column 'may include'."""
    rules, inside = {}, False
    for line in page.splitlines():
        if line.startswith("|") and "may include" in line:
            inside = True
        elif inside and not line.startswith("|"):
            break
        elif inside:
            row = TABLE_ROW.match(line)
            if row:
                rules[row.group(1)] = set(re.findall(r"`([a-z_]+)`", row.group(2)))
    return rules


def check_rules(rules):
    """The table itself must not go in circles."""
    done, order = set(), dict(rules)
    while order:
        free = [folder for folder, below in order.items() if below <= done]
        if not free:
            return ["docs/architecture.md: the include table goes in a circle among " + ", ".join(sorted(order))]
        for folder in free:
            done.add(folder)
            del order[folder]
    return []


def check_includes(path, relative, text, rules, known):
    parts = relative.parts
    if parts[0] != "src":
        return []
    folder = parts[1] if len(parts) > 2 else "main"
    if folder not in rules:
        return [f"{relative}:1: the folder src/{folder} is not in the include table of docs/architecture.md"]
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match.group(1)
        other = target.split("/")[0]
        if "/" not in target or other not in known:
            problems.append(f'{relative}:{number}: write includes from src/ on: "folder/file.h", not "{target}"')
        elif other == "adapters" and relative.name.endswith(("_test.cpp", "_test_support.h")):
            continue  # a test above the ports runs on a real store, not on a mock of one
        elif other != folder and other not in rules[folder]:
            allowed = ", ".join(sorted(rules[folder])) or "nothing"
            problems.append(f"{relative}:{number}: {folder} may not include {other} (it may include {allowed}; "
                            "docs/architecture.md)")
    return problems


def check_file(path, relative, text):
    problems = []
    lines = text.splitlines()
    name = path.name.split(".")[0]
    if not SNAKE_CASE.match(name):
        problems.append(f"{relative}:1: file names are snake_case")
    if FORBIDDEN_NAME.search(name):
        problems.append(f"{relative}:1: the name says nothing about what is in the file")
    if len(lines) > MAX_LINES:
        problems.append(f"{relative}:{len(lines)}: {len(lines)} lines; {MAX_LINES} is the limit, about 400 the aim")
    if path.suffix in CODE:
        own_header = path.with_name(re.sub("_test$", "", path.stem) + ".h")  # what it is stands there
        if (not lines or not lines[0].startswith("//")) and (path.suffix == ".h" or not own_header.exists()):
            problems.append(f"{relative}:1: a file opens with a comment: what it is, who calls it, its thread rule")
        many_times = name.endswith("_body")  # meant to be included more than once, as for several instruction sets
        if path.suffix == ".h" and not many_times and "#pragma once" not in lines[:MAX_HEADER_COMMENT]:
            problems.append(f"{relative}:1: #pragma once belongs right after the opening comment")
    if path.suffix == ".py" and '"""' not in "\n".join(lines[:3]):
        problems.append(f"{relative}:1: a script opens with a docstring that says what it is")
    for number, line in enumerate(lines, 1):
        if path.suffix == ".h" and re.match(r"\s*using\s+namespace\b", line):
            problems.append(f"{relative}:{number}: no `using namespace` in a header")
        if LEFT_UNFINISHED.search(line):
            problems.append(f"{relative}:{number}: finish it or take it out: {line.strip()[:60]}")
        if path.suffix in CODE and LOOP_OVER_THE_DEAD.search(line):
            problems.append(f"{relative}:{number}: the loop goes over a part of something that is gone: name it first")
        if "\t" in line and path.suffix in CODE:
            problems.append(f"{relative}:{number}: a tab; indent with blanks")
    return problems


def check_pages(root):
    """Links between pages lead somewhere, and the index of docs/ names every page."""
    problems = []
    pages = [path for path in root.rglob("*.md") if not {"build", "node_modules", "data"} & set(path.relative_to(root).parts)]
    for page in sorted(pages):
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)#\s]+)", prose):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                problems.append(f"{page.relative_to(root)}:1: the link to {target} leads nowhere")
    index = root / "docs" / "README.md"
    if index.exists():
        text = index.read_text(encoding="utf-8")
        for page in sorted((root / "docs").glob("*.md")):
            if page != index and f"({page.name})" not in text:
                problems.append(f"docs/README.md:1: the index does not name {page.name}")
    return problems


def check_type_names(root):
    """One name, one type: two types of one name in our namespace are undefined behaviour that no linker reports."""
    places = {}
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in CODE:
            continue
        text = re.sub(r"^namespace \{.*?^\}  // namespace$", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
        for name in re.findall(r"^(?:struct|class|enum class|union) (\w+)(?: final)?(?: :[^;{]*)? ?\{", text, re.M):
            places.setdefault(name, []).append(str(path.relative_to(root)))
    return [f"{files[1]}:1: the type {name} has the name of another in {files[0]}: one of the two needs a better one"
            for name, files in places.items() if len(files) > 1]


def check_tree(root):
    page = root / "docs" / "architecture.md"
    rules = include_rules(page.read_text(encoding="utf-8")) if page.exists() else {}
    if not rules:
        return ["docs/architecture.md: there is no include table (a column 'may include')"]
    problems = check_rules(rules) + check_pages(root) + check_type_names(root)
    known = set(rules)
    for top in ("src", "bench", "tests", "tools"):
        for path in sorted((root / top).rglob("*")):
            relative = path.relative_to(root)
            if "data" in relative.parts or "corpus" in relative.parts or path.suffix not in (*CODE, ".py", ".sh"):
                continue
            text = path.read_text(encoding="utf-8")
            problems += check_file(path, relative, text)
            if path.suffix in CODE:
                problems += check_includes(path, relative, text, rules, known)
    return problems


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    problems = check_tree(root)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
