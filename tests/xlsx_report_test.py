#!/usr/bin/env python3
"""The XLSX report, read back with nothing but zip and XML: what stands in its cells, and that nothing in it is a formula. Needs a
built program."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("SLUICE_BIN", str(ROOT / "build" / "sluice"))
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
PIPELINE = """\
name: p
source: {dialect: {header: true, delimiter: ","}}
schema: {fields: [{name: id, type: integer}, {name: zip}, {name: note}]}
"""
# id is no integer anywhere, so that every row is rejected: (zip, note as written in the file, note as it has to be shown)
ROWS = [("02118", "plain", "plain"), ("00501", "=1+1", "'=1+1"), ("12345678901234567890", "@SUM(A1)", "'@SUM(A1)"),
        ("-5", "+1 555 0100", "'+1 555 0100"), ("1e5", '=HYPERLINK(""http://x.example"")', "'=HYPERLINK(\"http://x.example\")"),
        ("TRUE", "Zoë 明 <b>&amp;</b>", "Zoë 明 <b>&amp;</b>"), ("2024-02-28", "_x000D_ two\nlines", "_x000D_ two\nlines")]


def column_of(reference):
    number = 0
    for letter in re.match(r"[A-Z]+", reference).group():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def unescaped(text):
    """_x000D_ stands for a character, _x005F_ for the underscore before what only looks so (ECMA-376, ST_Xstring)."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match.group(1), 16)), text)


def read_sheet(path):
    """Rows of {column: text}; asserts on the way that every cell is text."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        shared = []
        if "xl/sharedStrings.xml" in names:
            for item in ElementTree.fromstring(archive.read("xl/sharedStrings.xml")).iter(MAIN + "si"):
                shared.append("".join(part.text or "" for part in item.iter(MAIN + "t")))
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert not any("external" in name or "vba" in name.lower() for name in names), names
    assert not list(sheet.iter(MAIN + "f")), "there is a formula in the sheet"
    rows = []
    for row in sheet.iter(MAIN + "row"):
        cells = {}
        for cell in row.iter(MAIN + "c"):
            kind, value = cell.get("t"), cell.find(MAIN + "v")
            if kind == "inlineStr":
                text = "".join(part.text or "" for part in cell.iter(MAIN + "t"))
            elif kind == "s":
                text = shared[int(value.text)]
            else:
                assert value is None, f"{cell.get('r')} is no text but {kind}: {value.text}"
                continue
            cells[column_of(cell.get("r"))] = unescaped(text)
        rows.append(cells)
    return rows


@unittest.skipUnless(pathlib.Path(BINARY).exists(), "needs a built program")
class XlsxReport(unittest.TestCase):
    def test_its_cells_are_what_was_sent_and_no_formulas(self):
        with tempfile.TemporaryDirectory(prefix="sluice-xlsx-") as folder:
            lines = "".join(f'x{number},{code},"{note}"\n' for number, (code, note, _) in enumerate(ROWS, 1))
            pathlib.Path(folder, "a.csv").write_text("id,zip,note\n" + lines, encoding="utf-8", newline="")
            pathlib.Path(folder, "p.yaml").write_text(PIPELINE, encoding="utf-8")
            done = subprocess.run([BINARY, "run", "a.csv", "-p", "p.yaml", "--to", "sqlite:s.db", "--rejects", "bad.xlsx", "--quiet"],
                                  cwd=folder, capture_output=True, text=True, check=False, timeout=60,
                                  env={"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8"})
            self.assertEqual(done.returncode, 0, done.stderr)
            header, *rows = read_sheet(pathlib.Path(folder, "bad.xlsx"))
        names = [header[column] for column in range(len(header))]
        self.assertEqual(names[:5], ["id", "zip", "note", "sluice_job", "sluice_row"])
        self.assertEqual(len(rows), len(ROWS))
        for number, (row, (code, _, shown)) in enumerate(zip(rows, ROWS, strict=True), 1):
            self.assertEqual((row[0], row[1], row[2]), (f"x{number}", code, shown))
            self.assertEqual(row[names.index("sluice_row")], str(number))
            self.assertEqual(row[names.index("sluice_code")], "type-error")
            self.assertIn(f"'x{number}'", row[names.index("sluice_message")])


if __name__ == "__main__":
    unittest.main()
