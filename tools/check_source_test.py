#!/usr/bin/env python3
"""Does tools/check_source.py find what it is there to find? Each test breaks one rule in a small tree."""
import pathlib
import tempfile
import unittest

import check_source

PAGE = """# A page
| folder | holds | may include |
|---|---|---|
| `base` | the ground | |
| `rows` | rows | `base` |
| `main` | start | `rows` |

| other | table |
|---|---|
| `rows` | `base` |
"""
GOOD = '// What it is.\n#pragma once\n\n#include "base/a.h"\n'


class CheckSource(unittest.TestCase):
    def problems(self, files, page=PAGE):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {"docs/architecture.md": page, **files}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return check_source.check_tree(root)

    def one(self, files, what):
        problems = self.problems(files)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(what, problems[0])

    def test_a_good_tree_has_no_problem(self):
        self.assertEqual(self.problems({"src/rows/b.h": GOOD, "src/main.cpp": '// Main.\n#include "rows/b.h"\n'}), [])

    def test_upward_include(self):
        self.one({"src/base/a.cpp": '// A.\n#include "rows/b.h"\n'}, "base may not include rows")

    def test_main_may_not_reach_past_its_row(self):
        self.one({"src/main.cpp": '// Main.\n#include "base/a.h"\n'}, "main may not include base")

    def test_relative_include(self):
        self.one({"src/rows/b.cpp": '// B.\n#include "b.h"\n'}, "from src/ on")

    def test_unknown_folder(self):
        self.one({"src/other/b.cpp": "// B.\n"}, "not in the include table")

    def test_no_opening_comment(self):
        self.one({"src/base/a.cpp": "int a;\n"}, "opens with a comment")

    def test_the_header_speaks_for_its_cpp_and_its_test(self):
        self.assertEqual(self.problems({"src/rows/b.h": GOOD, "src/rows/b.cpp": '#include "rows/b.h"\n',
                                        "src/rows/b_test.cpp": '#include "rows/b.h"\n'}), [])

    def test_no_pragma_once(self):
        self.one({"src/base/a.h": "// A.\n"}, "#pragma once")

    def test_too_long(self):
        self.one({"src/base/a.cpp": "// A.\n" * 601}, "601 lines")

    def test_name(self):
        self.one({"src/base/CamelCase.cpp": "// A.\n"}, "snake_case")

    def test_name_that_says_nothing(self):
        self.one({"src/base/string_util.cpp": "// A.\n"}, "says nothing")

    def test_left_unfinished(self):
        self.one({"src/base/a.cpp": "// A.\n// TO" + "DO later\n"}, "finish it")

    def test_using_namespace_in_a_header(self):
        self.one({"src/base/a.h": "// A.\n#pragma once\nusing namespace std;\n"}, "using namespace")

    def test_a_loop_over_a_part_of_a_temporary(self):
        self.one({"src/base/a.cpp": "// A.\nfor (auto& x : json.items())\nfor (auto& x : made(1).items())\n"}, "is gone")

    def test_a_link_that_leads_nowhere(self):
        self.one({"README.md": "[a](docs/architecture.md#x) [b](gone.md) [c](https://example.org) `[d](none.md)`\n"},
                 "gone.md leads nowhere")

    def test_a_page_that_the_index_does_not_name(self):
        self.one({"docs/README.md": "[a](architecture.md)\n", "docs/tour.md": "# Tour\n"}, "does not name tour.md")

    def test_circle_in_the_table(self):
        page = PAGE.replace("| the ground | |", "| the ground | `rows` |")
        self.assertIn("circle", self.problems({}, page)[0])

    def test_no_table(self):
        self.assertIn("no include table", self.problems({}, "# Nothing\n")[0])


if __name__ == "__main__":
    unittest.main()
