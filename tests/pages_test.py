"""The reference pages name everything that the program knows: docs/pipelines.md every key and step, docs/schema.md every
type, docs/commands.md every option and setting, docs/rejects.md every code. The lists come from the program itself."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(os.environ.get("SLUICE_BIN", ROOT / "build" / "sluice"))
UNKNOWN = "zzqqzzqq"   # near to no word, so that all known ones are listed


def known_after(message):
    found = re.search(r"[Kk]nown: (.*?)\.\s*$", message, re.S)
    if not found:
        raise AssertionError("the message lists nothing that is known: " + message)
    return found.group(1).split(", ")


def named(page):
    """The words that a page sets in `code`: whole, and their parts."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return {word for code in re.findall(r"`([^`\n]+)`", text) for word in [code, *re.split(r"[\s,=:{}\[\]]+", code)]}


@unittest.skipUnless(PROGRAM.exists() or os.environ.get("CI") == "true", f"{PROGRAM} is not there; ./dev build makes it")
class PagesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        pathlib.Path(self.folder.name, "a.csv").write_text("id\n1\n2\n", encoding="utf-8")

    def sluice(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder.name}
        return subprocess.run([PROGRAM.resolve(), *arguments], cwd=self.folder.name, env=environment,
                              capture_output=True, text=True, check=False)

    def refused(self, pipeline, *arguments):
        pathlib.Path(self.folder.name, "p.yaml").write_text(pipeline, encoding="utf-8")
        ended = self.sluice("validate", "a.csv", "-p", "p.yaml", *arguments)
        self.assertEqual(ended.returncode, 2, ended.stderr)
        return known_after(ended.stderr)

    def assert_named(self, page, words):
        missing = [word for word in words if word not in named(page)]
        self.assertEqual(missing, [], f"docs/{page} does not name them")

    def test_every_key_of_the_pipeline(self):
        for section in ("", "source.", "source.dialect.", "batch.", "retry.", "retry.backoff."):
            with self.subTest(section=section):
                known = self.refused("name: a\n", "--set", f"{section}{UNKNOWN}=1")
                self.assertGreaterEqual(len(known), 2)
                prefix = section if section.startswith(("batch", "retry")) else ""
                self.assert_named("pipelines.md", [prefix + word for word in known])

    def test_every_step(self):
        known = self.refused(f"name: a\ntransform:\n  - {UNKNOWN}: [id]\n")
        self.assertIn("rename", known)
        self.assert_named("pipelines.md", known)

    def test_every_type(self):
        known = self.refused(f"name: a\nschema: {{fields: [{{name: id, type: {UNKNOWN}}}]}}\n")
        self.assertIn("yearmonth", known)
        self.assert_named("schema.md", known)

    def test_every_setting(self):
        pathlib.Path(self.folder.name, "sluice.yaml").write_text(f"{UNKNOWN}: 1\n", encoding="utf-8")
        known = known_after(self.sluice("validate", "a.csv").stderr)
        self.assertIn("store", known)
        self.assert_named("commands.md", known)
        manual = self.sluice("man").stdout
        self.assert_named("commands.md", set(re.findall(r"SLUICE_[A-Z_]+", manual)))

    def test_every_option(self):
        options = set()
        for command in ("run", "validate", "infer"):
            options |= set(re.findall(r"^\s+(?:-\w,)?(--[a-z-]+)", self.sluice(command, "--help").stdout, re.M))
        self.assertIn("--resubmit", options)
        self.assert_named("commands.md", options - {"--help"})

    def test_every_reject_code(self):
        source = (ROOT / "src" / "rows" / "issue.cpp").read_text(encoding="utf-8")
        codes = re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source[source.index("kNames"):source.index("};")])
        self.assertEqual(len(codes), 10)
        self.assert_named("rejects.md", codes)


if __name__ == "__main__":
    unittest.main()
