import { expect, test } from "vitest";
import { boundOf, columnsOf, sortFaults, textAt, valueAt } from "./pipeline-form";

const values = {
  name: "people",
  schema: { fields: [{ name: "id", type: "integer" }, { name: "zip", constraints: { pattern: "(" } }] },
  transform: [{ rename: { Nr: "id" } }, { trim: ["zip"] }],
  webhooks: [{ url: "x" }],
};
const fault = (path: (string | number)[], message: string) => ({ line: 1, column: 1, message, path });

test("a fault stands at the innermost part of the form that has it", () => {
  const { at, elsewhere } = sortFaults(values, [
    fault(["schema", "fields", 1, "constraints", "pattern"], "a parenthesis"),
    fault(["schema", "fields", 0, "type"], "no such type"),
    fault(["transform", 1, "trim", 0], "no such column"),
    fault(["transform"], "too many"),
    fault(["webhooks", 0, "url"], "no address"),
    fault([], "something"),
  ]);
  expect(Object.fromEntries(at)).toEqual({
    "schema/fields/1": "a parenthesis",
    "schema/fields/0/type": "no such type",
    "transform/1": "no such column",
    transform: "too many",
  });
  expect(elsewhere).toEqual(["no address", "something"]);
});

test("two faults of one part stand together", () => {
  expect(sortFaults(values, [fault(["name"], "One."), fault(["name"], "Two.")]).at.get("name")).toBe("One. Two.");
});

test("columns have their names from before and after a renaming", () => {
  expect(columnsOf(values)).toEqual(["id", "zip", "Nr"]);
});

test("values are found by their path", () => {
  expect(valueAt(values, ["schema", "fields", 1, "name"])).toBe("zip");
  expect(valueAt(values, ["schema", "nothing", 1])).toBeUndefined();
  expect(textAt({ max_rejects: 5 }, ["max_rejects"])).toBe("5");
  expect(textAt(values, ["schema"])).toBe("");
});

test("a bound is a number where it would be written as one", () => {
  expect(["5", "-1.5", "05", "2024-01-01", "1e3", ""].map(boundOf)).toEqual([5, -1.5, "05", "2024-01-01", "1e3", undefined]);
});
