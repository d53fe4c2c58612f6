// The numbers of a job, and what is worked out of them.
import type { Counts, Job, JobEvent } from "../api/client";

export type Outcome = "inserted" | "updated" | "duplicate" | "rejected";
export const OUTCOMES: readonly Outcome[] = ["inserted", "updated", "duplicate", "rejected"];

// Shares of what was read, in the order of OUTCOMES. Nothing was read: none.
export function shares(counts: Counts): { outcome: Outcome; share: number }[] {
  if (counts.read === 0) return [];
  return OUTCOMES.map((outcome) => ({ outcome, share: counts[outcome] / counts.read })).filter(({ share }) => share > 0);
}

// From 0 to 1; null where nobody can tell.
export function progressOf(job: Job): number | null {
  if (job.status === "COMPLETED") return 1;
  const { bytesDone, bytesTotal } = job.progress;
  if (bytesDone === null || bytesTotal === 0) return null;
  return Math.min(1, bytesDone / bytesTotal);
}

// Seconds until the end if it goes on as it did. Null too early, and where nobody can tell.
export function secondsLeft(job: Job, now: number): number | null {
  const done = progressOf(job);
  if (job.status !== "PROCESSING" || job.startedAt === null || done === null || done < 0.02) return null;
  const seconds = (now - Date.parse(job.startedAt)) / 1000;
  return (seconds / done) * (1 - done);
}

export function secondsTaken(job: Job, now: number): number | null {
  if (job.startedAt === null) return null;
  const end = job.finishedAt === null ? now : Date.parse(job.finishedAt);
  return Math.max(0, (end - Date.parse(job.startedAt)) / 1000);
}

export interface Throughput {
  seconds: number[]; // since 1970: the end of each interval
  rows: number[]; // a second, in it
}

const MOST_POINTS = 200;

interface Processed {
  time: number; // seconds since 1970
  rows: number;
}

function processed(events: readonly JobEvent[]): Processed[] {
  return events.flatMap((event) => {
    if (event.type !== "rows.processed") return [];
    const rows = (event.data as { rows?: Partial<Counts> }).rows?.read ?? 0;
    return [{ time: Date.parse(event.time) / 1000, rows }];
  });
}

// Rows a second over time, of the commits' events. Intervals are as long as makes at most MOST_POINTS of them.
export function throughput(events: readonly JobEvent[]): Throughput {
  const commits = processed(events);
  const started = events.find((event) => event.type === "job.started");
  const first = started === undefined ? commits[0]?.time : Date.parse(started.time) / 1000;
  const last = commits.at(-1)?.time;
  if (first === undefined || last === undefined || last <= first) return { seconds: [], rows: [] };
  const length = Math.max(1, Math.ceil((last - first) / MOST_POINTS));
  const count = Math.ceil((last - first) / length);
  const rows = new Array<number>(count).fill(0);
  for (const commit of commits) {
    const at = Math.min(count - 1, Math.max(0, Math.ceil((commit.time - first) / length) - 1));
    rows[at] = (rows[at] ?? 0) + commit.rows / length;
  }
  return { seconds: rows.map((_, at) => first + (at + 1) * length), rows };
}
