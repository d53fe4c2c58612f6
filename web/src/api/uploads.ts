// Files on their way to the server: resumable uploads (tus) that go on behind whichever page is open, over broken
// connections and restarts of the server. What was begun and not ended is remembered by the browser: chosen again after
// the page was loaded anew, a file goes on where the server has it.
import { queryOptions } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { DetailedError, Upload } from "tus-js-client";
import { NO_ANSWER, type Problem, problemOf } from "./problem";
import { authorization } from "./session";

export type UploadState = "sending" | "waiting" | "paused" | "sent" | "failed";

export interface Sending {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly state: UploadState;
  readonly sent: number; // bytes
  readonly wentOn: boolean; // with what an earlier visit had begun
  readonly jobId: string | null;
  readonly problem: Problem | null;
}

const ENDPOINT = "/v1/uploads";
// For a server that is started anew, and a computer that wakes up elsewhere. Then it is the reader's to go on.
const RETRY_MS = [0, 1000, 2000, 4000, 8000, 15_000, 30_000, 30_000, 60_000, 60_000];

let list: readonly Sending[] = [];
let next = 1;
const running = new Map<number, Upload>();
// Loaded with the first file that is sent: no other page needs it.
const tus = () => import("tus-js-client");
const watchers = new Set<() => void>();

function tell(): void {
  for (const one of watchers) one();
}

function change(id: number, changes: Partial<Sending>): void {
  list = list.map((one) => (one.id === id ? { ...one, ...changes } : one));
  tell();
}

function watch(changed: () => void): () => void {
  watchers.add(changed);
  return () => watchers.delete(changed);
}

export function useUploads(): readonly Sending[] {
  return useSyncExternalStore(watch, () => list);
}

function problemIn(error: Error): Problem {
  const answer = "originalResponse" in error ? (error as DetailedError).originalResponse : null;
  return answer === null ? problemOf(null, NO_ANSWER) : problemOf(answer.getBody(), answer.getStatus());
}

// The largest file that the server takes, in bytes; null where it does not say.
export const mostBytesQuery = queryOptions({
  queryKey: ["most-bytes"],
  queryFn: async () => {
    const told = await fetch(ENDPOINT, { method: "OPTIONS", headers: { "Tus-Resumable": "1.0.0" } });
    const most = Number(told.headers.get("Tus-Max-Size"));
    return most > 0 ? most : null;
  },
  staleTime: Number.POSITIVE_INFINITY,
});

// Begins at once. `pipeline` null: by the file's name.
export function sendFile(file: File, pipeline: string | null): number {
  const id = next++;
  list = [
    ...list,
    { id, name: file.name, size: file.size, state: "sending", sent: 0, wentOn: false, jobId: null, problem: null },
  ];
  tell();
  void begin(id, file, pipeline).catch((error: Error) => change(id, { state: "failed", problem: problemIn(error) }));
  return id;
}

async function begin(id: number, file: File, pipeline: string | null): Promise<void> {
  const { Upload } = await tus();
  const metadata: Record<string, string> = { filename: file.name };
  if (pipeline !== null) metadata.pipeline = pipeline;
  const upload = new Upload(file, {
    endpoint: ENDPOINT,
    metadata,
    retryDelays: RETRY_MS,
    removeFingerprintOnSuccess: true,
    onBeforeRequest(request) {
      for (const [name, value] of Object.entries(authorization())) request.setHeader(name, value);
    },
    onShouldRetry(error, attempt) {
      change(id, { state: "waiting" });
      return mayTryAgain(error) && attempt < RETRY_MS.length;
    },
    onProgress: (sent) => change(id, { state: "sending", sent }),
    onSuccess({ lastResponse }) {
      running.delete(id);
      change(id, { state: "sent", sent: file.size, jobId: lastResponse.getHeader("Sluice-Job-Id") ?? null });
    },
    onError: (error) => change(id, { state: "failed", problem: problemIn(error) }),
  });
  const [begun] = await upload.findPreviousUploads();
  if (begun !== undefined) {
    upload.resumeFromPreviousUpload(begun);
    change(id, { wentOn: true });
  }
  if (!list.some((one) => one.id === id)) return; // given up meanwhile
  running.set(id, upload);
  upload.start();
}

// In front of a server that is being started anew a proxy says 502; a queue that is full says 429.
function mayTryAgain(error: DetailedError): boolean {
  const status = error.originalResponse?.getStatus() ?? NO_ANSWER;
  return status === NO_ANSWER || status === 409 || status === 423 || status === 429 || status === 460 || status >= 500;
}

export function pause(id: number): void {
  void running.get(id)?.abort();
  change(id, { state: "paused" });
}

export function goOn(id: number): void {
  change(id, { state: "sending", problem: null });
  running.get(id)?.start();
}

// Gives it up: its bytes are removed from the server as well.
export function giveUp(id: number): void {
  // What the server has of it ends by itself where it cannot be told now.
  running
    .get(id)
    ?.abort(true)
    .catch(() => undefined);
  dismiss(id);
}

export function dismiss(id: number): void {
  running.delete(id);
  list = list.filter((one) => one.id !== id);
  tell();
}

export const isUnderWay = ({ state }: Sending): boolean => state === "sending" || state === "waiting" || state === "paused";

export interface Begun {
  key: string;
  name: string;
  size: number | null;
}

// What an earlier visit to the page had begun, and this one has not gone on with.
export async function begunEarlier(): Promise<Begun[]> {
  const previous = (await (await tus()).defaultOptions.urlStorage?.findAllUploads()) ?? [];
  const now = new Set(list.map((one) => `${one.name} ${one.size}`));
  return previous
    .map((one) => ({ key: one.urlStorageKey, name: one.metadata.filename ?? "", size: one.size }))
    .filter((one) => !now.has(`${one.name} ${one.size}`));
}

export async function forget(key: string): Promise<void> {
  await (await tus()).defaultOptions.urlStorage?.removeUpload(key);
}
