import { expect, test } from "vitest";
import { actionText, actorText, detailText } from "./audit";

test("keys have their names, others say who they are", () => {
  const keys = [{ id: "7", name: "night export" }];
  expect(actorText("key:7", keys)).toBe("night export");
  expect(actorText("key:8", keys)).toBe("key:8");
  expect(actorText("cli:ann@shop", keys)).toBe("cli:ann@shop");
  expect(actorText("anonymous", keys)).toBe("somebody without a key");
});

test("an action nobody knows yet is shown as it is called", () => {
  expect(actionText("job.delete")).toBe("deleted a job");
  expect(actionText("moon.land")).toBe("moon.land");
});

test("details say what holds", () => {
  expect(detailText({ format: "csv", rows: true, force: false, etag: '"0"', file: "", count: 3 })).toBe("format: csv, rows: true, count: 3");
  expect(detailText({})).toBe("");
});
