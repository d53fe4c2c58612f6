import { expect, test } from "vitest";
import type { Job, JobEvent } from "../api/client";
import { progressOf, secondsLeft, secondsTaken, shares, throughput } from "./counts";

const START = Date.parse("2026-03-01T06:00:00Z");
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

const job = (more: Partial<Job>): Job =>
  ({
    status: "PROCESSING",
    startedAt: at(0),
    finishedAt: null,
    progress: { bytesDone: 25, bytesTotal: 100, rowsPerSecond: 10 },
    ...more,
  }) as Job;

const event = (type: JobEvent["type"], seconds: number, read = 0): JobEvent =>
  ({ type, time: at(seconds), sequence: String(seconds), id: String(seconds), data: { rows: { read } } }) as unknown as JobEvent;

test("the shares of the outcomes add up to what was read", () => {
  const parts = shares({ read: 8, inserted: 4, updated: 0, duplicate: 2, rejected: 2 });
  expect(parts.map(({ outcome }) => outcome)).toEqual(["inserted", "duplicate", "rejected"]);
  expect(parts.reduce((sum, { share }) => sum + share, 0)).toBe(1);
  expect(shares({ read: 0, inserted: 0, updated: 0, duplicate: 0, rejected: 0 })).toEqual([]);
});

test("a quarter in ten seconds leaves thirty", () => {
  expect(progressOf(job({}))).toBe(0.25);
  expect(secondsLeft(job({}), START + 10_000)).toBeCloseTo(30);
  expect(secondsTaken(job({ finishedAt: at(12) }), START + 99_000)).toBe(12);
});

test("where nobody can tell nothing is said", () => {
  const compressed = job({ progress: { bytesDone: null, bytesTotal: 100, rowsPerSecond: null } });
  expect(progressOf(compressed)).toBeNull();
  expect(secondsLeft(compressed, START)).toBeNull();
  expect(secondsLeft(job({ progress: { bytesDone: 1, bytesTotal: 100, rowsPerSecond: 1 } }), START + 1000)).toBeNull();
  expect(secondsLeft(job({ status: "COMPLETED" }), START)).toBeNull();
  expect(secondsTaken(job({ startedAt: null }), START)).toBeNull();
});

test("every row is in one interval of the plot", () => {
  const events = [event("job.started", 0), event("rows.processed", 1, 100), event("rows.processed", 2, 300), event("rows.processed", 4, 40)];
  const plot = throughput(events);
  expect(plot.rows).toEqual([100, 300, 0, 40]);
  expect(plot.seconds.map((second) => second - START / 1000)).toEqual([1, 2, 3, 4]);
});

test("a long job has as many intervals as can be seen, and loses no row", () => {
  const commits = Array.from({ length: 5000 }, (_, number) => event("rows.processed", number + 1, 7));
  const plot = throughput([event("job.started", 0), ...commits]);
  const length = (plot.seconds[1] ?? 0) - (plot.seconds[0] ?? 0);
  expect(plot.rows.length).toBeLessThanOrEqual(200);
  expect(plot.rows.reduce((sum, rows) => sum + rows * length, 0)).toBeCloseTo(35_000);
});

test("of one commit at once there is nothing to plot", () => {
  expect(throughput([event("job.started", 0), event("rows.processed", 0, 5)])).toEqual({ seconds: [], rows: [] });
  expect(throughput([])).toEqual({ seconds: [], rows: [] });
});
