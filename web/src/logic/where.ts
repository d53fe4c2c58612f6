// Conditions on fields: `where[FIELD]=VALUE` of the API, all of which have to hold.
export type Where = Readonly<Record<string, string>>;

export const NOWHERE: Where = {};

export const conditions = (where: Where): [string, string][] => Object.entries(where);

// Of the page's address, where anybody may have typed anything. None: undefined, so that the address stays short.
export function whereOf(value: unknown): Where | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const known = Object.entries(value).flatMap(([field, text]) =>
    field !== "" && ["string", "number", "boolean"].includes(typeof text) ? [[field, String(text)] as const] : [],
  );
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

export function withCondition(where: Where, field: string, value: string): Where {
  return { ...where, [field]: value };
}

export function withoutCondition(where: Where, field: string): Where | undefined {
  const { [field]: _, ...rest } = where;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

// A path with conditions, as a link to a download has them.
export function pathWith(path: string, where: Where, more: Readonly<Record<string, string | undefined>> = {}): string {
  const query = new URLSearchParams();
  for (const [field, value] of conditions(where)) query.append(`where[${field}]`, value);
  for (const [name, value] of Object.entries(more)) if (value !== undefined) query.append(name, value);
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

// What the API compares a value with: of text its characters, of everything else its JSON. Null equals nothing.
export function comparable(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
