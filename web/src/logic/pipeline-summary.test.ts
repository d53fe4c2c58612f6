import { expect, test } from "vitest";
import { summaryOf } from "./pipeline-summary";

test("what a pipeline does is said in a line", () => {
  expect(summaryOf({})).toBe("columns as they come; equal rows are stored once");
  expect(
    summaryOf({
      schema: { fields: [{ name: "id" }, { name: "state" }] },
      transform: [{ trim: ["id"] }],
      identity: ["id"],
      table: "people",
      aggregates: [{ name: "by_state" }, { name: "by_city" }],
    }),
  ).toBe("2 columns; 1 step; rows known by id; into the table people; added up to by_state, by_city");
  expect(summaryOf({ identity: "position", table: null })).toBe("columns as they come; every row counts");
});
