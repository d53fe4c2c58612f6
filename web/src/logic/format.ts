// Numbers and times as the reader's own browser writes them.
const numbers = new Intl.NumberFormat();
const percents = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const times = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const shortTimes = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export const count = (value: number): string => numbers.format(value);
export const percent = (share: number): string => percents.format(share);
export const time = (value: string): string => times.format(new Date(value));
export const shortTime = (value: string): string => shortTimes.format(new Date(value));
export const timeOfDay = (value: string): string => clock.format(new Date(value));

const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

export function bytes(value: number): string {
  const at = value < 1000 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** at;
  return new Intl.NumberFormat(undefined, {
    style: "unit",
    unit: SIZES[at] ?? "byte",
    unitDisplay: at === 0 ? "long" : "short",
    maximumFractionDigits: scaled < 10 && at > 0 ? 1 : 0,
  }).format(scaled);
}

const unit = (value: number, name: "hour" | "minute" | "second", digits = 0): string =>
  new Intl.NumberFormat(undefined, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);

// "0.4 sec", "12 sec", "3 min 5 sec", "2 hr 10 min"
export function duration(seconds: number): string {
  if (seconds < 0.1) return `< ${unit(0.1, "second", 1)}`;
  if (seconds < 10) return unit(seconds, "second", 1);
  if (seconds < 60) return unit(Math.round(seconds), "second");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${unit(minutes, "minute")} ${unit(Math.floor(seconds % 60), "second")}`;
  return `${unit(Math.floor(minutes / 60), "hour")} ${unit(minutes % 60, "minute")}`;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

// "3 minutes ago"
export function ago(value: string, now: number): string {
  const seconds = Math.round((Date.parse(value) - now) / 1000);
  for (const [name, length] of STEPS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), name);
  }
  return Math.abs(seconds) < 5 ? relative.format(0, "second") : relative.format(seconds, "second");
}

// One row, 2 rows: what is counted is named with its number.
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
