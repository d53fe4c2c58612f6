// Corrections of rejected rows, as they are made in the page before they are sent. Pure: no request, no element.
import type { Plan, Reject } from "../api/client";

export type Cells = Record<string, unknown>;
// By the number of the row in its file; what stands in it was typed, so it is text.
export type Corrections = ReadonlyMap<number, Readonly<Record<string, string>>>;

export const NO_CORRECTIONS: Corrections = new Map();

// A cell as it is shown and edited. JSON rows have other values than text.
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

// The cells of a row as it was read; none of one that could not be taken apart.
export function cellsOf(reject: Reject): Cells {
  return reject.row ?? {};
}

// How a row that could not be taken apart may have been meant, where that gives a cell for each column.
export function guessOf(reject: Reject, plan: Reading | undefined): Record<string, string> | null {
  if (reject.row !== undefined || reject.raw === undefined || plan === undefined || plan.delimiter === null) return null;
  const cells = takeApart(reject.raw, plan.delimiter);
  return cells.length === plan.columns.length ? Object.fromEntries(plan.columns.map((name, at) => [name, cells[at] ?? ""])) : null;
}

// How the file is read, as far as its cells are concerned.
export type Reading = Pick<Plan, "columns" | "delimiter">;

// The column of the file that an error is about: the pipeline may have given it another name since. Of a table the number
// tells; rows that are objects have names alone.
export function columnOf(error: Reject["errors"][number], reject: Reject, plan: Reading | undefined): string | null {
  const numbered = plan !== undefined && plan.delimiter !== null && error.fieldNumber !== null ? plan.columns[error.fieldNumber - 1] : undefined;
  if (numbered !== undefined) return numbered;
  return error.field !== null && error.field in cellsOf(reject) ? error.field : null;
}

export function corrected(corrections: Corrections, rowNumber: number, field: string, before: string, value: string): Corrections {
  const next = new Map(corrections);
  const { [field]: _, ...others } = next.get(rowNumber) ?? {};
  const changes = value === before ? others : { ...others, [field]: value };
  if (Object.keys(changes).length === 0) next.delete(rowNumber);
  else next.set(rowNumber, changes);
  return next;
}

export function withCells(corrections: Corrections, reject: Reject, cells: Readonly<Record<string, string>>): Corrections {
  let next = corrections;
  for (const [field, value] of Object.entries(cells)) {
    next = corrected(next, reject.rowNumber, field, cellText(cellsOf(reject)[field]), value);
  }
  return next;
}

export function without(corrections: Corrections, rowNumbers: Iterable<number>): Corrections {
  const next = new Map(corrections);
  for (const rowNumber of rowNumbers) next.delete(rowNumber);
  return next;
}

// What is suggested for the cells of a row. A suggestion that belongs to none of them cannot be applied.
export function suggestionsOf(reject: Reject, plan: Reading | undefined): Record<string, string> {
  if (reject.row === undefined) return {};
  const found = reject.errors.flatMap((error) => {
    const column = columnOf(error, reject, plan);
    return column !== null && error.suggestion !== null ? [[column, error.suggestion] as const] : [];
  });
  return Object.fromEntries(found);
}

export const hasSuggestions = (reject: Reject, plan: Reading | undefined): boolean =>
  reject.resolvedBy === null && Object.keys(suggestionsOf(reject, plan)).length > 0;

export function withSuggestions(corrections: Corrections, rejects: Iterable<Reject>, plan: Reading | undefined): Corrections {
  let next = corrections;
  for (const reject of rejects) {
    if (reject.resolvedBy === null) next = withCells(next, reject, suggestionsOf(reject, plan));
  }
  return next;
}

// The report that is sent back (NDJSON): the corrected rows alone, as the server's own report has them.
export function reportOf(corrections: Corrections, rejects: ReadonlyMap<number, Reject>): string {
  let report = "";
  for (const [rowNumber, changes] of corrections) {
    const reject = rejects.get(rowNumber);
    if (reject === undefined) continue;
    const row = { ...cellsOf(reject), ...changes };
    report += `${JSON.stringify({ jobId: reject.jobId, rowNumber, line: reject.line, errors: reject.errors, row })}\n`;
  }
  return report;
}

// A line that no reader of CSV could take apart, at its delimiters; quotes that are not closed are left out. A guess, to be
// looked at: it saves typing, and nothing is sent that nobody has seen.
export function takeApart(raw: string, delimiter: string): string[] {
  const line = raw.replace(/\r?\n$/, "");
  const cells: string[] = [];
  let at = 0;
  while (at <= line.length) {
    const closed = line[at] === '"' ? closedQuote(line, at, delimiter) : undefined;
    if (closed !== undefined) {
      cells.push(line.slice(at + 1, closed).replaceAll('""', '"'));
      at = closed + 2;
      continue;
    }
    const end = line.indexOf(delimiter, at);
    const cell = line.slice(at, end < 0 ? line.length : end);
    cells.push(cell.replaceAll('"', ""));
    if (end < 0) break;
    at = end + delimiter.length;
    if (at === line.length) cells.push("");
    if (at === line.length) break;
  }
  return cells;
}

// Where the quote that opens at `open` is closed before a delimiter or the end; not at all: undefined.
function closedQuote(line: string, open: number, delimiter: string): number | undefined {
  for (let at = open + 1; at < line.length; ++at) {
    if (line[at] !== '"') continue;
    if (line[at + 1] === '"') ++at;
    else return at + 1 === line.length || line.startsWith(delimiter, at + 1) ? at : undefined;
  }
  return undefined;
}
