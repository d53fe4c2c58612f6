// Media types of files, by the ends of their names: what a browser says of them differs from system to system.
const REPORTS = {
  ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  ".ndjson": "application/x-ndjson",
  ".jsonl": "application/x-ndjson",
  ".csv": "text/csv",
} as const;

// What a corrected report may be, for the browser's dialogue.
export const REPORT_ENDINGS = Object.keys(REPORTS).join(",");

// A report without a known ending is looked at as CSV, which is what spreadsheets save.
export function reportType(name: string): string {
  const lower = name.toLowerCase();
  return Object.entries(REPORTS).find(([ending]) => lower.endsWith(ending))?.[1] ?? "text/csv";
}
