import { expect, test } from "vitest";
import { pathAt, readPipeline, withItem, withItemMoved, withoutItem, withValue } from "./pipeline-text";

const TEXT = `# The customers, as the shop exports them.
name: customers       # keep this name
schema:
  fields:
    - {name: id, type: integer}
    - {name: zip, type: string, constraints: {pattern: "[0-9]{5}"}}   # four digits are Excel's fault
    # when they joined
    - name: joined
      type: date
transform:
  - lowercase: [email]
identity: [id]
`;

test("a form sees values as they are meant", () => {
  expect(readPipeline(TEXT).values).toMatchObject({ name: "customers", identity: ["id"], schema: { fields: [{ name: "id" }, {}, { type: "date" }] } });
  expect(readPipeline("a: 0123\nb: 12\nc: &x [1]\nd: *x\ne:\n").values).toEqual({ a: "0123", b: 12, c: [1], d: [1], e: null });
  expect(readPipeline("").values).toEqual({});
});

test("what is no YAML is said with its line", () => {
  const { values, faults } = readPipeline("name: x\nidentity: [id\n");
  expect(values).toBeNull();
  expect(faults[0]?.line).toBeGreaterThanOrEqual(2);
  expect(readPipeline("just words").values).toBeNull();
});

test("a change touches its own lines and nothing else", () => {
  const lines = (text: string) => text.split("\n");
  const after = withValue(TEXT, ["schema", "fields", 2, "type"], "datetime");
  expect(lines(after).filter((line, at) => line !== lines(TEXT)[at])).toEqual(["      type: datetime"]);
  expect(lines(after)).toHaveLength(lines(TEXT).length);
});

test("a comment beside what is changed stays, and so do quotes", () => {
  expect(withValue(TEXT, ["name"], "clients")).toContain("name: clients # keep this name");
  const pattern = withValue(TEXT, ["schema", "fields", 1, "constraints", "pattern"], "[0-9]+");
  expect(pattern).toContain(`constraints: {pattern: "[0-9]+"}} # four digits are Excel's fault`);
  expect(pattern).toContain("name: customers       # keep this name");
});

test("text that looks like something else is quoted", () => {
  const after = withValue("name: a\n", ["source", "sheet"], "2024");
  expect(readPipeline(after).values).toEqual({ name: "a", source: { sheet: "2024" } });
  for (const text of ["yes", "null", "0123", "a: b", "#x", "- x", " x "]) {
    expect(readPipeline(withValue("name: a\n", ["name"], text)).values).toEqual({ name: text });
  }
});

test("what says nothing any more is taken out with what held it", () => {
  const after = withValue(TEXT, ["schema", "fields", 1, "constraints", "pattern"], undefined);
  expect(after).toContain("- {name: zip, type: string}");
  expect(withValue("name: a\nsource: {sheet: x}\n", ["source", "sheet"], undefined)).toBe("name: a\n");
  expect(withValue("name: a\n", ["nothing", "there"], undefined)).toBe("name: a\n");
});

test("a new item is written as its siblings are", () => {
  expect(withItem(TEXT, ["schema", "fields"], { name: "spent", type: "number" })).toContain("      type: date\n    - {name: spent, type: number}\n");
  expect(withItem("name: a\nschema:\n  fields:\n    - name: b\n      type: date\n", ["schema", "fields"], { name: "c", type: "time" })).toContain("    - name: c\n      type: time\n");
  expect(readPipeline(withItem("name: a\n", ["transform"], { trim: [] })).values).toEqual({ name: "a", transform: [{ trim: [] }] });
  expect(readPipeline(withItem("", ["schema", "fields"], { name: "id" })).values).toEqual({ schema: { fields: [{ name: "id" }] } });
});

test("a key without a value takes one; a text where a mapping has to be is left to its writer", () => {
  expect(readPipeline(withItem("name: a\nschema:\n", ["schema", "fields"], { name: "id" })).values).toEqual({ name: "a", schema: { fields: [{ name: "id" }] } });
  expect(withItem("name: a\nschema: people.json\n", ["schema", "fields"], { name: "id" })).toBe("name: a\nschema: people.json\n");
});

test("items are taken out and moved with their comments", () => {
  const moved = withItemMoved(TEXT, ["schema", "fields"], 2, 0);
  expect(moved.indexOf("# when they joined")).toBeLessThan(moved.indexOf("name: joined"));
  expect(moved.indexOf("name: joined")).toBeLessThan(moved.indexOf("name: id"));
  expect((readPipeline(moved).values?.schema as { fields: { name: string }[] }).fields.map(({ name }) => name)).toEqual(["joined", "id", "zip"]);
  expect(withoutItem(TEXT, ["transform"], 0)).not.toContain("transform");
  expect(withItemMoved(TEXT, ["schema", "fields"], 0, -1)).toBe(TEXT);
});

test("a text that cannot be read is not changed", () => {
  expect(withValue("name: [", ["name"], "x")).toBe("name: [");
});

test("a place leads to the value that stands there", () => {
  expect(pathAt(TEXT, 6, 20)).toEqual(["schema", "fields", 1, "type"]);
  expect(pathAt(TEXT, 6, 60)).toEqual(["schema", "fields", 1, "constraints", "pattern"]);
  expect(pathAt(TEXT, 2, 1)).toEqual(["name"]);
  expect(pathAt(TEXT, 11, 5)).toEqual(["transform", 0, "lowercase"]);
  expect(pathAt(TEXT, 99, 1)).toEqual([]);
});
