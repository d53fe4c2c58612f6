import { expect, it } from "vitest";
import { seriesOf, sumsOf } from "./series";

const item = (begin: string, read: number, rejected: number, started: number, meanSeconds: number | null) => ({
  begin,
  rows: { read, inserted: read - rejected, updated: 0, duplicate: 0, rejected },
  bytes: 100,
  jobs: { accepted: started, started, completed: started, failed: 0, cancelled: 0 },
  queueWait: { meanSeconds, longestSeconds: meanSeconds },
});
const statistics = {
  intervalSeconds: 10,
  items: [
    item("2026-03-01T06:00:00.000Z", 1000, 10, 1, 4),
    item("2026-03-01T06:00:10.000Z", 0, 0, 0, null),
    item("2026-03-01T06:00:20.000Z", 500, 0, 3, 8),
  ],
};

it("draws rows a second, and no wait where nothing was begun", () => {
  const series = seriesOf(statistics);
  expect(series.seconds.map((second) => second - (series.seconds[0] ?? 0))).toEqual([0, 10, 20]);
  expect(series.rowsPerSecond).toEqual([100, 0, 50]);
  expect(series.rejected).toEqual([10, 0, 0]);
  expect(series.meanWait).toEqual([4, null, 8]);
});

it("adds up, each job's wait alike", () => {
  expect(sumsOf(statistics)).toMatchObject({ read: 1500, stored: 1490, rejected: 10, completed: 4, failed: 0, bytes: 300, meanWait: 7 });
  expect(sumsOf({ intervalSeconds: 10, items: [] })).toMatchObject({ read: 0, meanWait: null });
});
