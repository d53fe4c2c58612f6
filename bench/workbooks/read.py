#!/usr/bin/env python3
"""read.py openpyxl|calamine|polars FILE: reads every cell below the header by one library, each in the way its documentation
recommends for large files, and prints how many rows and cells with a value there are, and the sum of the first column."""
import json
import sys


def of_rows(rows):
    rows = iter(rows)
    next(rows)
    count = cells = total = 0
    for row in rows:
        count += 1
        total += row[0]
        for value in row:
            if value is not None and value != "":
                cells += 1
    return count, cells, total


def openpyxl(path):
    import openpyxl as library
    book = library.load_workbook(path, read_only=True)
    return of_rows(book.worksheets[0].iter_rows(values_only=True))


def calamine(path):
    import python_calamine as library
    return of_rows(library.CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows())


def polars(path):
    import polars as library
    frame = library.read_excel(path, engine="calamine")
    return frame.height, sum(column.len() - column.null_count() for column in frame), frame.to_series(0).sum()


if __name__ == "__main__":
    found = {"openpyxl": openpyxl, "calamine": calamine, "polars": polars}[sys.argv[1]](sys.argv[2])
    print(json.dumps(dict(zip(("rows", "cells", "sum"), map(int, found)))))
