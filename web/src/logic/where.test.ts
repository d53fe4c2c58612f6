import { describe, expect, it } from "vitest";
import { comparable, pathWith, whereOf, withCondition, withoutCondition } from "./where";

describe("conditions of the address", () => {
  it("takes texts, and what a browser made of them", () => {
    expect(whereOf({ state: "TX", zip: 2118, open: true })).toEqual({ state: "TX", zip: "2118", open: "true" });
  });
  it("is none where nothing can be meant", () => {
    for (const value of [undefined, null, "state", 7, ["TX"], {}, { "": "x" }, { state: { name: "TX" } }]) expect(whereOf(value)).toBeUndefined();
  });
  it("keeps one value a field", () => {
    expect(withCondition({ state: "TX" }, "state", "MA")).toEqual({ state: "MA" });
    expect(withoutCondition({ state: "TX", city: "Austin" }, "state")).toEqual({ city: "Austin" });
    expect(withoutCondition({ state: "TX" }, "state")).toBeUndefined();
  });
});

describe("the path of a download", () => {
  it("has every condition, written as URLs are", () => {
    const path = pathWith("/v1/pipelines/p/rows.csv", { "a b": "x&y", state: "ü" }, { sort: "-n", cursor: undefined });
    const query = new URL(path, "http://server").searchParams;
    expect([...query.entries()]).toEqual([["where[a b]", "x&y"], ["where[state]", "ü"], ["sort", "-n"]]);
  });
  it("is the path alone without any", () => expect(pathWith("/rows", {})).toBe("/rows"));
});

it("compares by what is written", () => {
  expect(["02118", 41, 7.5, true, { a: 1 }, null].map(comparable)).toEqual(["02118", "41", "7.5", "true", '{"a":1}', null]);
});
