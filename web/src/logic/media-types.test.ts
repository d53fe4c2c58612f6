import { expect, test } from "vitest";
import { REPORT_ENDINGS, reportType } from "./media-types";

test("a report is what its name says", () => {
  expect(["errors.xlsx", "ERRORS.XLSX", "errors.ndjson", "errors.jsonl", "errors.csv", "errors.csv.txt"].map(reportType)).toEqual([
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-ndjson",
    "application/x-ndjson",
    "text/csv",
    "text/csv",
  ]);
  expect(REPORT_ENDINGS).toBe(".xlsx,.ndjson,.jsonl,.csv");
});
