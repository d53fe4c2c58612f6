import { describe, expect, it } from "vitest";
import type { Split } from "../api/client";
import { columnsOf, lineOf, schemaFields } from "./stored-row";

describe("columns of stored rows", () => {
  it("are the schema's, then what rows have besides", () => {
    const fields = schemaFields({ schema: { fields: [{ name: "id" }, { name: "state" }, { type: "string" }] } });
    expect(columnsOf(fields, [{ data: { state: "TX", more: 1 } }, { data: null }, { data: { id: 2, last: 3 } }])).toEqual(["id", "state", "more", "last"]);
  });
  it("are the rows' alone where the schema stands elsewhere", () => {
    for (const definition of [null, {}, { schema: "people.schema.json" }, { schema: { fields: "x" } }]) expect(schemaFields(definition)).toEqual([]);
  });
});

describe("the line of a row", () => {
  const place = (row: number, line: number) => ({ byte: 0, row, line });
  const split = (number: number, begin: [number, number], checkpoint: [number, number]) =>
    ({ number, work: number === 0 ? "planning" : "rows", begin: place(...begin), checkpoint: place(...checkpoint) }) as Split;
  const file = { parentJobId: null, links: {} };
  const csv = { format: "csv" } as const;

  it("is counted from the beginning of its split", () => {
    const splits = [split(0, [1, 1], [1, 1]), split(1, [1, 2], [4, 5]), split(2, [4, 5], [8, 9])];
    expect([1, 3, 4, 7].map((row) => lineOf(row, file, csv, splits))).toEqual([2, 4, 5, 8]);
  });
  it("is not guessed", () => {
    const splits = [split(1, [1, 2], [4, 7]), split(2, [4, 7], [6, 9])];
    expect(lineOf(2, file, csv, splits)).toBeNull(); // a row goes over several lines, or there are blank ones
    expect(lineOf(5, file, csv, splits)).toBe(8);
    expect(lineOf(6, file, csv, splits)).toBeNull(); // nobody has come to it
    expect(lineOf(5, file, { format: "json" }, splits)).toBeNull();
    expect(lineOf(5, { ...file, parentJobId: "0193a0b2-7c3a-7b1e-8f2d-5a6b7c8d9e0f" }, csv, splits)).toBeNull();
    expect(lineOf(5, { parentJobId: "0193a0b2-7c3a-7b1e-8f2d-5a6b7c8d9e0f", links: { archive: "/v1/jobs/0193a0b2" } }, csv, splits)).toBe(8); // out of an archive
  });
});
