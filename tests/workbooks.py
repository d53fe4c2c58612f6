#!/usr/bin/env python3
"""Workbooks (XLSX) with nothing but zip and XML. Used by tests/people.py, the cases and the bench; shares no code with the
program.

`python3 tests/workbooks.py ROWS FILE` writes a workbook of so many made-up people with two texts of their own each.
"""
import random
import sys
import xml.sax.saxutils
import zipfile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DATE = 1  # the style of a cell that shows a date


def letters(column):
    """A for 0, AA for 26."""
    text = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        text = chr(ord("A") + letter) + text
    return text


def text_element(text):
    return f'<t xml:space="preserve">{xml.sax.saxutils.escape(text)}</t>'


class Workbook:
    """Sheets, written one after the other row by row. A cell is a str (a shared text where `shared`), an int or float, (number, style), or
    None."""

    def __init__(self, file, shared=False, level=1, sheets=("People",)):
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=level)
        self.shared, self.sheet, self.number = {} if shared else None, None, 0
        relation = '<Relationship Id="{}" Type="{}/{}" Target="{}"/>'.format
        self._part("_rels/.rels", self._relations(relation("a", OFFICE, "officeDocument", "xl/workbook.xml")))
        self._part("xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>' +
                   "".join(f'<sheet name="{name}" sheetId="{i}" r:id="s{i}"/>' for i, name in enumerate(sheets, 1)) + '</sheets></workbook>')
        self._part("xl/_rels/workbook.xml.rels", self._relations(
            "".join(relation(f"s{i + 1}", OFFICE, "worksheet", f"worksheets/sheet{i + 1}.xml") for i in range(len(sheets))) +
            relation("t", OFFICE, "sharedStrings", "sharedStrings.xml") +
            relation("f", OFFICE, "styles", "styles.xml")))
        self._part("xl/styles.xml", f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>')
        self.next_sheet()

    @staticmethod
    def _relations(inside):
        return f'<Relationships xmlns="{PACKAGE}">{inside}</Relationships>'

    def _part(self, name, text):
        self.zip.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>\n' + text)

    def _cell(self, place, value):
        if value is None:
            return ""
        if isinstance(value, tuple):
            return f'<c r="{place}" s="{value[1]}"><v>{value[0]}</v></c>'
        if not isinstance(value, str):
            return f'<c r="{place}"><v>{value!r}</v></c>'
        if self.shared is None:
            return f'<c r="{place}" t="inlineStr"><is>{text_element(value)}</is></c>'
        return f'<c r="{place}" t="s"><v>{self.shared.setdefault(value, len(self.shared))}</v></c>'

    def add(self, cells):
        self.row += 1
        inside = "".join(self._cell(f"{letters(i)}{self.row}", cell) for i, cell in enumerate(cells))
        self.sheet.write(f'<row r="{self.row}">{inside}</row>'.encode())

    def next_sheet(self):
        if self.sheet:
            self._end_sheet()
        self.number, self.row = self.number + 1, 0
        self.sheet = self.zip.open(f"xl/worksheets/sheet{self.number}.xml", "w", force_zip64=True)
        self.sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())

    def _end_sheet(self):
        self.sheet.write(b"</sheetData></worksheet>")
        self.sheet.close()

    def close(self):
        self._end_sheet()
        with self.zip.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
            part.write(f'<sst xmlns="{MAIN}">'.encode())
            for text in self.shared or ():
                part.write(f"<si>{text_element(text)}</si>".encode())
            part.write(b"</sst>")
        self.zip.close()


def main():
    draw = random.Random(7)
    book = Workbook(sys.argv[2], shared=True)
    book.add(["id", "name", "email", "joined", "amount"])
    for number in range(int(sys.argv[1])):
        book.add([number, f"Person {number % 9973} of {number}", f"p{number}@example.org", (36526 + draw.randrange(9000), DATE),
                  draw.randrange(10_000_000) / 100])
    book.close()


if __name__ == "__main__":
    main()
