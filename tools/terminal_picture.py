#!/usr/bin/env python3
"""Runs commands and draws what they print in a terminal, as an SVG: the pictures of README.md are real runs.

terminal_picture.py OUTPUT.svg [--sluice PROGRAM] [--columns N] [--quiet COMMAND]… COMMAND…
    Each COMMAND runs in bash, in one fresh folder that has a copy of examples/, with `sluice` on the path. Those of
    --quiet run first and are not drawn. What a program says on standard error is drawn paler than its result; its own
    colours are kept. The picture has its own background, so that it is readable on a light and a dark page.

The picture of README.md:
    tools/terminal_picture.py docs/images/run.svg --columns 116 \\
        'sluice run examples/data/hospitals.csv -p examples/hospitals.yaml' \\
        'sluice run examples/data/hospitals-update.csv -p examples/hospitals.yaml --rejects rejects.csv' \\
        'sqlite3 -box data/sluice.db "SELECT line, field, substr(value, 1, 40) AS value, code FROM validation_errors"'
"""
import argparse
import html
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")
SIZE, ADVANCE, LINE, MARGIN = 14, 8.43, 20, 18
BACKGROUND, TEXT, PALE, PROMPT = "#1b1f27", "#e6e9ef", "#9aa4b5", "#7ee0a3"
PALETTE = {30: "#5c6370", 31: "#ff7b85", 32: "#7ee0a3", 33: "#f2cc60", 34: "#79b8ff", 35: "#d2a8ff", 36: "#76d9e6",
           37: TEXT, **{90 + i: colour for i, colour in enumerate(
               ["#9aa4b5", "#ff9aa2", "#a5f0c0", "#ffe08a", "#a5d0ff", "#e2c5ff", "#a0ebf5", "#ffffff"])}}


class Screen:
    """As much of a terminal as line-by-line programs need: carriage return, erase to the end of line, colours."""

    def __init__(self, columns):
        self.columns, self.lines, self.column = columns, [[]], 0

    def feed(self, text, colour):
        style, at = (colour, False), 0
        while at < len(text):
            escape = ESCAPE.match(text, at)
            if escape:
                style = self.escape(escape.group(1), escape.group(2), style, colour)
                at = escape.end()
                continue
            self.put(text[at], style)
            at += 1

    def escape(self, numbers, letter, style, colour):
        if letter == "K":
            del self.lines[-1][self.column:]
        if letter != "m":
            return style
        for number in [int(n) for n in numbers.split(";") if n.isdigit()] or [0]:
            if number == 0:
                style = (colour, False)
            elif number == 1:
                style = (style[0], True)
            elif number in PALETTE:
                style = (PALETTE[number], style[1])
        return style

    def put(self, character, style):
        if character == "\n":
            self.lines.append([])
            self.column = 0
        elif character == "\r":
            self.column = 0
        elif character >= " ":
            if self.column == self.columns:
                self.put("\n", style)
            line = self.lines[-1]
            line.extend([(" ", style)] * (self.column - len(line)))
            line[self.column:self.column + 1] = [(character, style)]
            self.column += 1


def run(command, folder, environment, screen):
    """Both outputs are terminals of their own, so that what is said where can be told apart."""
    outputs = [pty.openpty(), pty.openpty()]
    program = subprocess.Popen(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                               stdout=outputs[0][1], stderr=outputs[1][1])
    colours = {outputs[1][0]: PALE, outputs[0][0]: TEXT}  # in the order in which they are read
    for _, inner in outputs:
        os.close(inner)
    pending = {descriptor: b"" for descriptor in colours}
    while colours:
        ready = select.select(list(colours), [], [])[0]
        for descriptor in [d for d in colours if d in ready]:
            try:
                data = os.read(descriptor, 65536)
            except OSError:
                data = b""
            if not data:
                os.close(descriptor)
                del colours[descriptor]
                continue
            whole = (pending[descriptor] + data)
            text = whole.decode("utf-8", "ignore")
            pending[descriptor] = whole[len(text.encode("utf-8")):]
            screen.feed(text, colours[descriptor])
    return program.wait()


def spans(line):
    """Runs of equal style."""
    at = 0
    while at < len(line):
        end = at
        while end < len(line) and line[end][1] == line[at][1]:
            end += 1
        yield at, "".join(character for character, _ in line[at:end]), line[at][1]
        at = end


def draw(lines, columns):
    width, height = 2 * MARGIN + columns * ADVANCE, 2 * MARGIN + 22 + len(lines) * LINE
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
             f'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" '
             f'font-size="{SIZE}" role="img">',
             f'<rect width="100%" height="100%" rx="10" fill="{BACKGROUND}"/>']
    parts += [f'<circle cx="{MARGIN + 6 + 20 * i}" cy="{MARGIN + 2}" r="6" fill="{colour}"/>'
              for i, colour in enumerate(("#ff6b60", "#f6be4f", "#5fca60"))]
    for number, line in enumerate(lines):
        y = MARGIN + 22 + (number + 0.75) * LINE
        for column, text, (colour, bold) in spans(line):
            if not text.strip():
                continue
            column += len(text) - len(text.lstrip(" "))
            text = text.strip(" ")
            weight = ' font-weight="bold"' if bold else ""
            parts.append(f'<text x="{MARGIN + column * ADVANCE:.1f}" y="{y:.0f}" fill="{colour}"{weight} '
                         f'textLength="{len(text) * ADVANCE:.1f}" xml:space="preserve">{html.escape(text)}</text>')
    return "\n".join(parts + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("commands", nargs="+", metavar="COMMAND")
    parser.add_argument("--sluice", default=str(ROOT / "build" / "sluice"))
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--quiet", action="append", default=[], metavar="COMMAND")
    options = parser.parse_args()
    screen = Screen(options.columns)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "examples", pathlib.Path(folder, "examples"))
        programs = pathlib.Path(folder, ".bin")
        programs.mkdir()
        (programs / "sluice").symlink_to(pathlib.Path(options.sluice).resolve())
        environment = {**os.environ, "HOME": folder, "PATH": f"{programs}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        for command in options.quiet:
            if run(command, folder, environment, Screen(options.columns)) != 0:
                sys.exit(f"failed: {command}")
        for command in options.commands:
            screen.feed("$ ", PROMPT)
            screen.feed(command + "\n", "#ffffff")
            run(command, folder, environment, screen)
            if screen.lines[-1]:
                screen.feed("\n", TEXT)
    while screen.lines and not screen.lines[-1]:
        screen.lines.pop()
    output = pathlib.Path(options.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(draw(screen.lines, options.columns), encoding="utf-8")


if __name__ == "__main__":
    main()
