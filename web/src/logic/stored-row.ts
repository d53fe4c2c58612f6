// Stored rows: which columns they have, and where in its file a row stood.
import type { Job, Plan, Split } from "../api/client";
import { isResubmission } from "./lineage";

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

// The fields of a pipeline's schema, where it stands in the pipeline itself.
export function schemaFields(definition: unknown): string[] {
  const schema = isObject(definition) ? definition.schema : undefined;
  const fields = isObject(schema) && Array.isArray(schema.fields) ? schema.fields : [];
  return fields.flatMap((field) => (isObject(field) && typeof field.name === "string" ? [field.name] : []));
}

// The schema's first, in its order; then what rows have besides.
export function columnsOf(fields: readonly string[], rows: readonly { data: Record<string, unknown> | null }[]): string[] {
  const names = new Set(fields);
  for (const { data } of rows) for (const name of Object.keys(data ?? {})) names.add(name);
  return [...names];
}

// The line of a row in its file; null where nobody can tell. A split that has as many lines as rows has each row on a line
// of its own, so that its lines can be counted; where one goes over several, or lines are blank, they cannot.
export function lineOf(rowNumber: number, job: Pick<Job, "parentJobId" | "links">, plan: Pick<Plan, "format">, splits: readonly Split[]): number | null {
  if (isResubmission(job)) return null; // its row numbers are those of the file that it corrects
  if (plan.format !== "csv" && plan.format !== "ndjson") return null;
  const split = splits.find(({ work, begin, checkpoint }) => work === "rows" && begin.row <= rowNumber && rowNumber < checkpoint.row);
  if (split === undefined) return null;
  const { begin, checkpoint } = split;
  if (checkpoint.line - begin.line !== checkpoint.row - begin.row) return null;
  return begin.line + (rowNumber - begin.row);
}
