// What a pipeline does, in a few words: for a list of them.
import { counted } from "./format";
import type { Definition } from "./propose";

interface More extends Definition {
  identity?: unknown;
  aggregates?: unknown;
  table?: unknown;
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function identityText(identity: unknown): string {
  if (Array.isArray(identity)) return `rows known by ${identity.join(", ")}`;
  return identity === "position" ? "every row counts" : "equal rows are stored once";
}

export function summaryOf(definition: More): string {
  const schema = definition.schema;
  const fields = typeof schema === "object" && schema !== null && "fields" in schema ? listOf(schema.fields).length : 0;
  const steps = listOf(definition.transform).length;
  const names = listOf(definition.aggregates).flatMap((one) => (typeof one === "object" && one !== null && "name" in one ? [String(one.name)] : []));
  const parts = [
    fields === 0 ? "columns as they come" : counted(fields, "column"),
    ...(steps === 0 ? [] : [counted(steps, "step")]),
    identityText(definition.identity),
    ...(typeof definition.table === "string" ? [`into the table ${definition.table}`] : []),
    ...(names.length === 0 ? [] : [`added up to ${names.join(", ")}`]),
  ];
  return parts.join("; ");
}
