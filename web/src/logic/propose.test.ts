import { expect, test } from "vitest";
import { expectedColumns, proposed } from "./propose";

const hospitals = {
  transform: [{ rename: { "Provider ID": "id", "ZIP Code": "zip" } }, { uppercase: ["state"] }],
  schema: { fields: [{ name: "id" }, { name: "zip" }, { name: "state" }] },
};
const people = { schema: { fields: [{ name: "id" }, { name: "email" }] } };
const known = [
  { name: "people", definition: people },
  { name: "hospitals", definition: hospitals },
  { name: "free", definition: {} },
  { name: "unreadable", definition: null },
];

test("columns have the names that they have before they are renamed", () => {
  expect(expectedColumns(hospitals)).toEqual(["Provider ID", "ZIP Code", "state"]);
});

test("a file's columns speak for the pipeline that expects them", () => {
  expect(proposed(["Provider ID", "Zip Code ", "State"], known)).toBe("hospitals");
  expect(proposed(["id", "email"], known)).toBe("people");
});

test("nothing is proposed where most does not fit", () => {
  expect(proposed(["id", "a", "b", "c", "d"], known)).toBeNull();
  expect(proposed(["Provider ID"], known)).toBeNull();
  expect(proposed([], known)).toBeNull();
  expect(proposed(["x"], [])).toBeNull();
});
