#!/usr/bin/env python3
"""Does tests/run_cases.py notice what it is there to notice? A small shell script plays the program."""
import contextlib
import io
import pathlib
import tempfile
import textwrap
import unittest

import run_cases

PROGRAM = """#!/bin/sh
case "$1" in
  fail) echo "cannot: $2" >&2; exit 3 ;;
  json) echo '{"rows": {"read": 2, "rejected": 0}, "names": ["a", "b"], "id": "0190-77"}' ;;
  db) python3 -c "import sqlite3; c = sqlite3.connect('$2'); c.execute('create table t (a, b)');
c.execute('insert into t values (1, null)'); c.execute(\\"insert into t values (2, x'00ff')\\"); c.commit()" ;;
  *) cat "$1" ;;
esac
"""


class RunCases(unittest.TestCase):
    def run_text(self, text, name="a.case"):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            program = folder / "program"
            program.write_text(PROGRAM)
            program.chmod(0o755)
            (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                status = run_cases.main(["--bin", str(program), "--jobs", "2", str(folder / name)])
            return status, printed.getvalue()

    def passes(self, text, **more):
        status, printed = self.run_text(text, **more)
        self.assertEqual(status, 0, printed)

    def fails(self, text, what, **more):
        status, printed = self.run_text(text, **more)
        self.assertEqual(status, 1, printed)
        self.assertIn(what, printed)

    def test_file_command_and_output(self):
        self.passes("== t\nfile a.txt:\n    one\n\n      two\n$ sluice a.txt\nout:\n    one\n\n      two\n")

    def test_other_output_fails(self):
        self.fails("== t\nfile a.txt:\n    one\n$ sluice a.txt\nout:\n    two\n", "standard output should be")

    def test_output_must_be_whole(self):
        self.fails("== t\nfile a.txt:\n    one\n    two\n$ sluice a.txt\nout:\n    one\n", "should be")

    def test_ellipsis(self):
        self.passes("== t\nfile a.txt:\n    one 17 end\n    x\n    y\n    last\n$ sluice a.txt\nout:\n    one … end\n    …\n    last\n")
        self.fails("== t\nfile a.txt:\n    one\n    x\n$ sluice a.txt\nout:\n    …\n    one\n", "should be")

    def test_exit_status_and_standard_error(self):
        self.passes("== t\n$ sluice fail me\nexit 3\nerr: cannot: me\n")
        self.fails("== t\n$ sluice fail me\n", "exit status 3, not 0")
        self.fails("== t\n$ sluice fail me\nexit 3\nerr: cannot: you\n", "standard error should be")

    def test_json_subset(self):
        self.passes('== t\n$ sluice json\njson: {"rows": {"read": 2}, "id": "0190-…", "names": ["a", "…"]}\n')
        self.fails('== t\n$ sluice json\njson: {"rows": {"read": 3}}\n', ".rows.read is 2, not 3")
        self.fails('== t\n$ sluice json\njson: {"gone": 3}\n', ".gone is not there")
        self.fails('== t\n$ sluice json\njson: {"names": ["a"]}\n', "has 2 elements, not 1")
        self.fails('== t\n$ sluice json\njson: {"rows": {"rejected": false}}\n', "is 0, not false")

    def test_sql(self):
        self.passes("== t\n$ sluice db s.db\nsql s.db: select a, b from t order by a\n    1 | NULL\n    2 | 00ff\n")
        self.fails("== t\n$ sluice db s.db\nsql s.db: select a from t order by a\n    1\n", "should be")
        self.fails("== t\n$ sluice db s.db\nsql s.db: select nothing from t\n    1\n", "nothing")
        self.fails("== t\n$ sluice db s.db\nsql other.db: select 1\n    1\n", "there is no other.db")

    def test_escaped_file_and_contents(self):
        self.passes("== t\nfile a.txt escaped:\n    a\\r\\n\n    \\x41\\\\\n$ sluice a.txt > b.txt; od -An -tx1 a.txt\n"
                    "out:\n     61 0d 0a 41 5c\n")
        self.passes("== t\nfile a.txt:\n    x\n$ sluice a.txt > b.txt\ncontents b.txt:\n    x\nabsent c.txt\n")
        self.fails("== t\nfile a.txt:\n    x\n$ sluice a.txt\nabsent a.txt\n", "a.txt is there")

    def test_a_case_that_runs_nothing_is_an_error(self):
        self.fails("== t\nfile a.txt:\n    x\n", "runs nothing")

    def test_an_unknown_line_is_an_error(self):
        self.fails("== t\n$ sluice json\noutput:\n    x\n", "what is `output:`")

    def test_each_case_has_its_own_folder(self):
        self.passes("== one\n$ touch here\n== two\n$ ls\nout:\n")

    def test_console_blocks_of_a_page(self):
        page = "# Page\n```console\n$ echo a > x.txt\n$ cat x.txt \\\n    x.txt\na\na\n```\ntext\n```sh\n$ false\n```\n"
        self.passes(page, name="page.md")
        self.fails(page.replace("a\na\n", "a\nb\n"), "the output should be", name="page.md")
        self.passes("```console exit=3\n$ sluice fail x\ncannot: x\n```\n", name="page.md")
        self.fails("```console\n$ sluice fail x\ncannot: x\n```\n", "exit status 3", name="page.md")


if __name__ == "__main__":
    unittest.main()
