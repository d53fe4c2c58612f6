// The API as the page asks it, typed by the server's own OpenAPI document (generated/api.d.ts, made by the build).
import createClient from "openapi-fetch";
import type { components, paths } from "../../generated/api";
import { NO_ANSWER, type Problem, problemOf } from "./problem";
import { authorization } from "./session";

type Schemas = components["schemas"];
export type Job = Schemas["Job"];
export type JobStatus = Schemas["JobStatus"];
export type Counts = Schemas["Counts"];
export type Split = Schemas["Split"];
export type JobEvent = Schemas["Event"];
// The members of a row are the sender's.
export type Reject = Omit<Schemas["StoredReject"], "row"> & { row?: Record<string, unknown> };
export type RejectGroup = Schemas["RejectGroup"];
export type Plan = Schemas["Plan"];
export type Preview = Schemas["Preview"];
export type Pipeline = Schemas["Pipeline"];
export type PipelineSummary = Schemas["PipelineSummary"];
export type Key = Schemas["Key"];
export type AuditEntry = Schemas["AuditEntry"];
export type Principal = Schemas["Principal"];
export type Permission = Principal["permissions"][number];

export interface Page<T> {
  items: T[];
  next: string | null;
}

type Listener = () => void;
let onUnauthorized: Listener = () => undefined;
export function whenUnauthorized(listener: Listener): void {
  onUnauthorized = listener;
}

const api = createClient<paths>({ baseUrl: "", fetch: (request) => window.fetch(request) });
api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authorization())) request.headers.set(name, value);
    return request;
  },
  onError: () => problemOf(null, NO_ANSWER),
});
export { api };

interface Answered {
  data?: unknown;
  error?: unknown;
  response: Response;
}

// The data of an answer; a Problem is thrown. `T`: where the document says less than is known (members of lists).
export async function take<T>(asked: Promise<Answered>): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok) return data as T;
  const problem: Problem = problemOf(error, response.status);
  if (response.status === 401) onUnauthorized();
  throw problem;
}

// What is no JSON: a sample of a file, a report. The body is sent as it is.
// A form says its type itself.
export async function send(method: string, path: string, body: BodyInit, type?: string, more: HeadersInit = {}): Promise<unknown> {
  let response: Response;
  try {
    const headers = { ...(type === undefined ? {} : { "Content-Type": type }), ...more, ...authorization() };
    response = await window.fetch(path, { method, body, headers });
  } catch {
    throw problemOf(null, NO_ANSWER);
  }
  const text = await response.text();
  if (response.status === 401) onUnauthorized();
  if (!response.ok) throw problemOf(text, response.status);
  return text === "" ? null : JSON.parse(text);
}

// Saves what is at a path as a file of the reader's. A link alone could not carry the key.
export async function download(path: string): Promise<void> {
  let response: Response;
  try {
    response = await window.fetch(path, { headers: authorization() });
  } catch {
    throw problemOf(null, NO_ANSWER);
  }
  if (response.status === 401) onUnauthorized();
  if (!response.ok) throw problemOf(await response.text(), response.status);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = fileNameIn(response.headers.get("Content-Disposition")) ?? path.split("/").at(-1) ?? "download";
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function fileNameIn(disposition: string | null): string | undefined {
  const extended = /filename\*=UTF-8''([^;]+)/.exec(disposition ?? "")?.[1];
  if (extended !== undefined) return decodeURIComponent(extended);
  return /filename="([^"]+)"/.exec(disposition ?? "")?.[1];
}
