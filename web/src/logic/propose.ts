// Which of the known pipelines a file looks made for: by its columns.
export interface Definition {
  transform?: unknown;
  schema?: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

// The columns that a pipeline expects of a file: its schema's fields, under the names they have before `rename`.
export function expectedColumns(definition: Definition): string[] {
  const before = new Map<string, string>();
  for (const step of Array.isArray(definition.transform) ? definition.transform : []) {
    if (isObject(step) && isObject(step.rename)) {
      for (const [from, to] of Object.entries(step.rename)) before.set(String(to), from);
    }
  }
  const fields = isObject(definition.schema) && Array.isArray(definition.schema.fields) ? definition.schema.fields : [];
  return fields.flatMap((field) => (isObject(field) && typeof field.name === "string" ? [before.get(field.name) ?? field.name] : []));
}

const LEAST_FIT = 0.7;

// The best of those that at least most of their columns speak for; none: null.
export function proposed(columns: readonly string[], pipelines: readonly { name: string; definition: Definition | null }[]): string | null {
  const there = new Set(columns.map((name) => name.trim().toLowerCase()));
  let best: { name: string; fit: number } | null = null;
  for (const { name, definition } of pipelines) {
    const expected = definition === null ? [] : expectedColumns(definition);
    if (expected.length === 0) continue;
    const found = expected.filter((column) => there.has(column.toLowerCase())).length;
    // Of both: a pipeline of one column does not fit every file that has it.
    const fit = Math.min(found / expected.length, (2 * found) / (expected.length + there.size));
    if (fit >= LEAST_FIT && (best === null || fit > best.fit)) best = { name, fit };
  }
  return best?.name ?? null;
}
