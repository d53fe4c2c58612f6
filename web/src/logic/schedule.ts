// A schedule as it is typed, and as the API takes it.
export interface ScheduleBody {
  name: string;
  pipeline: string;
  cron: string | null;
  zone: string | null;
  at: string | null;
  source: string;
  enabled: boolean;
}

export interface ScheduleDraft {
  name: string;
  pipeline: string;
  kind: "cron" | "once";
  cron: string;
  zone: string;
  at: string; // as <input type="datetime-local"> has it: without an offset, by the reader's clock
  place: string; // below the blobs: "inbox/" is watched, "inbox/people.csv" is one file
  enabled: boolean;
}

const BLOB = "blob:";

export const emptyDraft = (pipeline: string, zone: string): ScheduleDraft => ({
  name: "",
  pipeline,
  kind: "cron",
  cron: "0 6 * * *",
  zone,
  at: "",
  place: "inbox/",
  enabled: true,
});

// Without milliseconds, which nobody types.
function localTime(value: string): string {
  const time = new Date(value);
  const two = (number: number) => String(number).padStart(2, "0");
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}`;
  return time.getSeconds() === 0 ? date : `${date}:${two(time.getSeconds())}`;
}

export function draftOf(schedule: ScheduleBody, zone: string): ScheduleDraft {
  return {
    name: schedule.name,
    pipeline: schedule.pipeline,
    kind: schedule.at === null ? "cron" : "once",
    cron: schedule.cron ?? "0 6 * * *",
    zone: schedule.zone ?? zone,
    at: schedule.at === null ? "" : localTime(schedule.at),
    place: schedule.source.startsWith(BLOB) ? schedule.source.slice(BLOB.length) : schedule.source,
    enabled: schedule.enabled,
  };
}

export function bodyOf(draft: ScheduleDraft): ScheduleBody {
  const repeats = draft.kind === "cron";
  return {
    name: draft.name.trim(),
    pipeline: draft.pipeline,
    cron: repeats ? draft.cron.trim() : null,
    zone: repeats ? draft.zone : null,
    at: repeats || draft.at === "" ? null : new Date(draft.at).toISOString(),
    source: BLOB + draft.place.trim(),
    enabled: draft.enabled,
  };
}

// What is missing, in words; null: it can be sent. Everything else the server says better.
export function missingIn(draft: ScheduleDraft): string | null {
  if (draft.pipeline === "") return "Choose a pipeline.";
  if (draft.kind === "once" && draft.at === "") return "Say when.";
  if (draft.kind === "cron" && draft.cron.trim() === "") return "Say when.";
  if (draft.place.trim() === "") return "Say which file or folder.";
  return null;
}
