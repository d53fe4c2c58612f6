// Statistics of intervals as series to be plotted, and their sums.
import type { Statistics } from "../api/statistics";

export interface Series {
  seconds: number[]; // since 1970: where each interval begins
  rowsPerSecond: number[];
  rejected: number[];
  failed: number[]; // jobs
  meanWait: (number | null)[]; // seconds; null: no job was begun
  longestWait: (number | null)[];
}

type Counted = Pick<Statistics, "items" | "intervalSeconds">;

export function seriesOf({ items, intervalSeconds }: Counted): Series {
  return {
    seconds: items.map(({ begin }) => Date.parse(begin) / 1000),
    rowsPerSecond: items.map(({ rows }) => rows.read / intervalSeconds),
    rejected: items.map(({ rows }) => rows.rejected),
    failed: items.map(({ jobs }) => jobs.failed ?? 0),
    meanWait: items.map(({ queueWait }) => queueWait.meanSeconds ?? null),
    longestWait: items.map(({ queueWait }) => queueWait.longestSeconds ?? null),
  };
}

export interface Sums {
  read: number;
  stored: number; // new or in the place of an earlier one
  rejected: number;
  completed: number;
  failed: number;
  cancelled: number;
  bytes: number;
  meanWait: number | null; // of all jobs that were begun, seconds
}

export function sumsOf({ items }: Counted): Sums {
  const sum = (of: (item: Counted["items"][number]) => number) => items.reduce((total, item) => total + of(item), 0);
  const started = sum(({ jobs }) => jobs.started ?? 0);
  // Each interval's mean counts as often as it has jobs.
  const waited = sum(({ jobs, queueWait }) => (queueWait.meanSeconds ?? 0) * (jobs.started ?? 0));
  return {
    read: sum(({ rows }) => rows.read),
    stored: sum(({ rows }) => rows.inserted + rows.updated),
    rejected: sum(({ rows }) => rows.rejected),
    completed: sum(({ jobs }) => jobs.completed ?? 0),
    failed: sum(({ jobs }) => jobs.failed ?? 0),
    cancelled: sum(({ jobs }) => jobs.cancelled ?? 0),
    bytes: sum(({ bytes }) => bytes),
    meanWait: started === 0 ? null : waited / started,
  };
}
