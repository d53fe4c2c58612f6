// Live events: one WebSocket for the whole page. What an event says about a job makes the page ask for that job anew, so
// that what is shown is always an answer of the server's, whole. Broken connections are made again, and go on after the
// event that was seen last.
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, type Job, type JobEvent, type Page, take } from "./client";
import { currentKey } from "./session";

const TELL_EVERY_MS = 300;
const RETRY_MS = [500, 1000, 2000, 5000, 10_000];
// A handshake that is refused says no reason. After so many the log may have no event that old any more: begin anew.
const REFUSALS = 3;

export type Connection = "connecting" | "live" | "broken";

let state: Connection = "connecting";
const watchers = new Set<() => void>();

function become(next: Connection): void {
  if (next === state) return;
  state = next;
  for (const tell of watchers) tell();
}

function watch(tell: () => void): () => void {
  watchers.add(tell);
  return () => watchers.delete(tell);
}

export function useConnection(): Connection {
  return useSyncExternalStore(watch, () => state);
}

const listeners = new Set<() => void>();

// Something happened to some job; until it is ended by what it returns. Told at most every TELL_EVERY_MS.
export function whenHeard(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Follows until it is ended by what it returns.
export function followEvents(client: QueryClient): () => void {
  let socket: WebSocket | null = null;
  let last: string | null = null;
  let failures = 0;
  let refusals = 0;
  let ended = false;
  let again = 0;
  let telling = 0;
  const changed = new Map<string, JobEvent[]>();

  async function refresh(id: string, events: JobEvent[]): Promise<void> {
    client.setQueryData<JobEvent[]>(["events", id], (known) => known && withNew(known, events));
    const shown = client.getQueryCache().findAll({ queryKey: ["jobs"], type: "active" });
    const isListed = shown.some((query) => (query.state.data as Page<Job> | undefined)?.items.some((job) => job.id === id));
    const isOpen = client.getQueryCache().findAll({ queryKey: ["job", id], type: "active" }).length > 0;
    if (!isListed && !isOpen) {
      // Not of this page of the list, or new.
      if (events.some((event) => event.type === "job.started")) void client.invalidateQueries({ queryKey: ["jobs"] });
      return;
    }
    const job = await take<Job>(api.GET("/v1/jobs/{id}", { params: { path: { id } } }));
    client.setQueryData(["job", id], job);
    client.setQueriesData<Page<Job>>({ queryKey: ["jobs"] }, (page) =>
      page && { ...page, items: page.items.map((one) => (one.id === id ? job : one)) },
    );
    void client.invalidateQueries({ queryKey: ["splits", id] });
    if (events.some((event) => event.type !== "rows.processed" && event.type !== "job.started")) {
      void client.invalidateQueries({ queryKey: ["rejects", id] });
      void client.invalidateQueries({ queryKey: ["reject-groups", id] });
      if (job.parentJobId !== null) void client.invalidateQueries({ queryKey: ["jobs", { parent: job.parentJobId }] });
    }
  }

  function tell(): void {
    telling = 0;
    const now = [...changed];
    changed.clear();
    for (const heard of listeners) heard();
    for (const [id, events] of now) refresh(id, events).catch(() => undefined); // asked for again with the next event
  }

  function hear(event: JobEvent): void {
    last = event.sequence;
    const id = event.subject;
    if (id === undefined) return;
    changed.set(id, [...(changed.get(id) ?? []), event]);
    if (telling === 0) telling = window.setTimeout(tell, TELL_EVERY_MS);
  }

  function connect(): void {
    again = 0;
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    const after = last === null ? "" : `?after=${last}`;
    const key = currentKey();
    const protocols = ["sluice.events", ...(key === null ? [] : [`sluice.bearer.${key}`])];
    const opened = new WebSocket(`${scheme}://${window.location.host}/v1/events${after}`, protocols);
    let wasOpen = false;
    socket = opened;
    opened.onopen = () => {
      wasOpen = true;
      refusals = 0;
      // What happened while nobody listened, and before the first event.
      if (last === null || failures > 0) void client.invalidateQueries();
      failures = 0;
      become("live");
    };
    opened.onmessage = (message: MessageEvent<string>) => hear(JSON.parse(message.data) as JobEvent);
    opened.onclose = () => {
      if (ended || socket !== opened) return;
      if (!wasOpen && ++refusals >= REFUSALS) last = null;
      if (failures > 0 || !wasOpen) become("broken");
      again = window.setTimeout(connect, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
    };
  }

  connect();
  return () => {
    ended = true;
    window.clearTimeout(again);
    window.clearTimeout(telling);
    socket?.close();
  };
}

// An event may come twice, never out of order.
export function withNew(known: JobEvent[], events: JobEvent[]): JobEvent[] {
  const newest = BigInt(known.at(-1)?.sequence ?? "0");
  return [...known, ...events.filter((event) => BigInt(event.sequence) > newest)];
}
