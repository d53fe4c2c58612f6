import { describe, expect, test } from "vitest";
import type { Reject } from "../api/client";
import { columnOf, corrected, guessOf, NO_CORRECTIONS, reportOf, suggestionsOf, takeApart, without, withSuggestions } from "./corrections";

const error = (more: Partial<Reject["errors"][number]>): Reject["errors"][number] => ({
  field: null,
  fieldNumber: null,
  code: "type-error",
  constraint: null,
  value: "",
  message: "",
  suggestion: null,
  ...more,
});

const reject = (more: Partial<Reject>): Reject => ({ jobId: "j", rowNumber: 2, line: 3, errors: [], resolvedBy: null, ...more });

// A pipeline that calls "ZIP Code" zip.
const plan = { columns: ["id", "ZIP Code"], delimiter: "," };
const shortZip = reject({
  row: { id: "4", "ZIP Code": "2118" },
  errors: [error({ field: "zip", fieldNumber: 2, suggestion: "02118" })],
});

describe("corrections", () => {
  test("are kept by row and cell, and gone when the cell is as it was", () => {
    const once = corrected(NO_CORRECTIONS, 2, "zip", "2118", "02118");
    const twice = corrected(once, 2, "id", "4", "5");
    expect(twice.get(2)).toEqual({ zip: "02118", id: "5" });
    expect(corrected(twice, 2, "zip", "2118", "2118").get(2)).toEqual({ id: "5" });
    expect(corrected(once, 2, "zip", "2118", "2118").size).toBe(0);
    expect(once.get(2)).toEqual({ zip: "02118" });
    expect(without(twice, [2, 7]).size).toBe(0);
  });

  test("of a cell to nothing are corrections, too", () => {
    expect(corrected(NO_CORRECTIONS, 2, "zip", "x", "").get(2)).toEqual({ zip: "" });
  });

  test("are about the column of the file, whatever the pipeline calls it", () => {
    const [first] = shortZip.errors;
    if (first === undefined) throw new Error("no error");
    expect(columnOf(first, shortZip, plan)).toBe("ZIP Code");
    expect(suggestionsOf(shortZip, plan)).toEqual({ "ZIP Code": "02118" });
  });

  test("of rows that are objects are about the member of that name", () => {
    const row = reject({ row: { zip: 2118 }, errors: [error({ field: "zip", fieldNumber: 1, suggestion: "02118" })] });
    expect(suggestionsOf(row, { columns: ["id", "zip"], delimiter: null })).toEqual({ zip: "02118" });
    const computed = reject({ row: { a: 1 }, errors: [error({ field: "total", suggestion: "3" })] });
    expect(suggestionsOf(computed, { columns: ["a"], delimiter: null })).toEqual({});
  });

  test("by suggestion leave rows alone that have none or are corrected", () => {
    const done = { ...shortZip, rowNumber: 3, resolvedBy: "k" };
    const none = reject({ rowNumber: 4, row: { id: "x" }, errors: [error({ field: "id", fieldNumber: 1 })] });
    expect([...withSuggestions(NO_CORRECTIONS, [shortZip, done, none], plan)]).toEqual([[2, { "ZIP Code": "02118" }]]);
  });
});

describe("the report that is sent", () => {
  test("has the corrected rows, whole, and nothing else", () => {
    const other = reject({ rowNumber: 9, row: { id: "9", "ZIP Code": "1" } });
    const known = new Map([shortZip, other].map((one) => [one.rowNumber, one]));
    const lines = reportOf(corrected(NO_CORRECTIONS, 2, "ZIP Code", "2118", "02118"), known).trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    const sent = JSON.parse(lines[0] ?? "");
    expect(sent).toMatchObject({ jobId: "j", rowNumber: 2, row: { id: "4", "ZIP Code": "02118" } });
    expect(sent).not.toHaveProperty("resolvedBy");
  });

  test("keeps what was no text as it was", () => {
    const row = reject({ row: { n: 5, list: [1], none: null, bad: "x" } });
    const line = reportOf(corrected(NO_CORRECTIONS, 2, "bad", "x", "y"), new Map([[2, row]]));
    expect(JSON.parse(line).row).toEqual({ n: 5, list: [1], none: null, bad: "y" });
  });
});

describe("a row that could not be taken apart", () => {
  test.each([
    ["a,b,c", ["a", "b", "c"]],
    ['1,"Harris Health,TX,7', ["1", "Harris Health", "TX", "7"]],
    ['1,"a ""b"", c",2', ["1", 'a "b", c', "2"]],
    ['"whole","x', ["whole", "x"]],
    ["a,,", ["a", "", ""]],
    ["", [""]],
    ["a,b\r\n", ["a", "b"]],
  ])("%j", (raw, cells) => {
    expect(takeApart(raw, ",")).toEqual(cells);
  });

  test("is guessed only where that gives a cell for each column", () => {
    const raw = reject({ raw: '4,"2118' });
    expect(guessOf(raw, plan)).toEqual({ id: "4", "ZIP Code": "2118" });
    expect(guessOf(reject({ raw: "4,2118,x" }), plan)).toBeNull();
    expect(guessOf(raw, { ...plan, delimiter: null })).toBeNull();
    expect(guessOf(shortZip, plan)).toBeNull();
  });
});
