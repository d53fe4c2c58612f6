#!/usr/bin/env python3
"""What somebody sees who runs the program in a terminal: a pseudo-terminal takes the place of the screen. Needs a built
program: SLUICE_BIN, or build/sluice."""
import os
import pathlib
import pty
import re
import select
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("SLUICE_BIN", str(ROOT / "build" / "sluice"))
PATIENCE_SECONDS = 60
BAR = re.compile("[█░]|/s")


class Screen:
    """The lines that stand on a terminal, and all that ever stood on the line that is written."""

    def __init__(self):
        self.lines, self.at, self.shown = [""], 0, []

    def write(self, text):
        for part in re.findall(r"\x1b\[K|\r|\n|[^\r\n\x1b]+", text):
            line = self.lines[-1]
            if part == "\n":
                self.lines.append("")
                self.at = 0
            elif part == "\r":
                self.at = 0
            elif part == "\x1b[K":
                self.lines[-1] = line[:self.at]
            else:
                self.lines[-1] = line[:self.at] + part + line[self.at + len(part):]
                self.at += len(part)
                self.shown.append(self.lines[-1])


class Run:
    """A run of the program whose standard error is a terminal, and whose standard input is ours to give."""

    def __init__(self, folder, *arguments):
        self.screen, self.terminal = Screen(), None
        self.terminal, theirs = pty.openpty()
        self.process = subprocess.Popen([BINARY, *arguments], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=theirs, env={"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8"})
        os.close(theirs)
        self.bytes = b""

    def read_until(self, wanted):
        """Reads the terminal until `wanted` was shown (None: until the program has closed it)."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if not select.select([self.terminal], [], [], 1)[0]:
                continue
            try:
                got = os.read(self.terminal, 65536)
            except OSError:   # closed on the other side
                got = b""
            self.bytes += got
            whole = len(self.bytes.decode("utf-8", "ignore").encode())   # a character may be cut in two
            self.screen.write(self.bytes[:whole].decode())
            self.bytes = self.bytes[whole:]
            if not got:
                return
            if wanted and any(wanted in line for line in self.screen.shown):
                return
        raise AssertionError(f"{wanted!r} was not shown; there stands: {self.screen.lines}")

    def end(self):
        self.process.stdin.close()
        self.read_until(None)
        out = self.process.stdout.read().decode()
        self.process.stdout.close()
        os.close(self.terminal)
        return self.process.wait(PATIENCE_SECONDS), out


@unittest.skipUnless(pathlib.Path(BINARY).exists(), "needs a built program")
class Terminal(unittest.TestCase):
    def run_slowly(self, *arguments):
        """A run whose input comes only after its bar was drawn, so that everything it says meets a bar."""
        with tempfile.TemporaryDirectory(prefix="sluice-terminal-") as folder:
            run = Run(folder, *arguments)
            run.process.stdin.write(b"id,zip\n1,02118\n")
            run.process.stdin.flush()
            run.read_until("standard input: ")
            run.process.stdin.write(b"2,10001\n")
            status, out = run.end()
        self.assertEqual(status, 0, run.screen.lines)
        return run.screen, out

    def check(self, command):
        screen, out = self.run_slowly(*command)
        self.assertTrue(any(BAR.search(line) for line in screen.shown), "no bar was drawn")
        left = [line for line in screen.lines if BAR.search(line)]
        self.assertEqual(left, [], "the bar was not taken away")
        self.assertIn("  Line 1 is the header.", screen.lines)
        self.assertIn("  Format csv.", screen.lines)
        self.assertEqual(screen.lines[-1], "")
        return out

    def test_what_run_found_stands_alone_on_its_lines(self):
        self.assertIn("2 inserted", self.check(["run", "-", "--to", "sqlite:s.db"]))

    def test_what_validate_found_likewise(self):
        self.assertIn("2 good", self.check(["validate", "-"]))

    def test_quiet_draws_nothing(self):
        with tempfile.TemporaryDirectory(prefix="sluice-terminal-") as folder:
            run = Run(folder, "run", "-", "--quiet", "--to", "sqlite:s.db")
            run.process.stdin.write(b"id\n1\n")
            status, out = run.end()
        self.assertEqual(status, 0)
        self.assertIn("1 inserted", out)
        self.assertEqual(run.screen.lines, [""])


if __name__ == "__main__":
    unittest.main()
