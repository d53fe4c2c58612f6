// What a form has of a pipeline: its parts, and which of them a fault in the text belongs to.
import type { Fault, Path } from "./pipeline-text";

export type Values = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const mappingIn = (value: unknown): Values => (isObject(value) ? value : {});

export function valueAt(values: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key) => (Array.isArray(at) && typeof key === "number" ? at[key] : isObject(at) ? at[key] : undefined), values);
}

// Text for an input; what is no scalar is not shown in one.
export function textAt(values: unknown, path: Path): string {
  const value = valueAt(values, path);
  return typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

export const keyOf = (path: Path): string => path.join("/");

const TOP = ["name", "identity", "on_duplicate", "extra_fields", "missing_cells", "max_rejects", "table", "transform", "schema", "aggregates"];
const OF_SOURCE = ["format", "encoding", "sheet", "dialect"];
const OF_FIELD = ["name", "type", "format"];

// The paths that a form shows a fault at.
function shownPaths(values: Values): Set<string> {
  const paths = new Set(TOP);
  for (const key of OF_SOURCE) paths.add(`source/${key}`);
  listIn(mappingIn(values.schema).fields).forEach((_, at) => {
    paths.add(`schema/fields/${at}`);
    for (const key of OF_FIELD) paths.add(`schema/fields/${at}/${key}`);
  });
  listIn(values.transform).forEach((_, at) => paths.add(`transform/${at}`));
  listIn(values.aggregates).forEach((_, at) => paths.add(`aggregates/${at}`));
  return paths;
}

export interface PlacedFault extends Fault {
  path: Path; // of what stands there
}

export interface SortedFaults {
  at: ReadonlyMap<string, string>; // what is wrong, by the path of the part that shows it
  elsewhere: readonly string[]; // nothing in the form shows it
}

// Each fault belongs to the innermost part that has it within it.
export function sortFaults(values: Values, faults: readonly PlacedFault[]): SortedFaults {
  const shown = shownPaths(values);
  const at = new Map<string, string>();
  const elsewhere: string[] = [];
  for (const { path, message } of faults) {
    let owner: string | undefined;
    for (let length = path.length; length > 0 && owner === undefined; --length) {
      const key = keyOf(path.slice(0, length));
      if (shown.has(key)) owner = key;
    }
    if (owner === undefined) elsewhere.push(message);
    else at.set(owner, [at.get(owner), message].filter((one) => one !== undefined).join(" "));
  }
  return { at, elsewhere };
}

// Columns by which rows can be known, counted and changed: those of the schema, and those they had before they were renamed.
export function columnsOf(values: Values): string[] {
  const names = new Set<string>();
  for (const field of listIn(mappingIn(values.schema).fields)) {
    const { name } = mappingIn(field);
    if (typeof name === "string" && name !== "") names.add(name);
  }
  for (const step of listIn(values.transform)) {
    for (const [from, to] of Object.entries(mappingIn(mappingIn(step).rename))) names.add(from).add(String(to));
  }
  return [...names];
}

// A bound as it was typed: a number where it is one and would be written so, else text (a day, a time).
export function boundOf(text: string): string | number | undefined {
  if (text === "") return undefined;
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? number : text;
}
