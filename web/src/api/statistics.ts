// How the server does: numbers over time, and whether all it needs is there.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { components } from "../../generated/api";
import { api, take } from "./client";
import { NO_ANSWER, problemOf } from "./problem";

export type Statistics = components["schemas"]["Statistics"];

export const SPANS = { hour: 3600, day: 86_400, week: 7 * 86_400, month: 30 * 86_400 } as const;
export type Span = keyof typeof SPANS;

const AGAIN_MS = 15_000; // time goes on where nothing happens

export const statisticsQuery = (span: Span, pipeline: string | undefined) =>
  queryOptions({
    queryKey: ["statistics", span, pipeline],
    queryFn: () =>
      take<Statistics>(
        api.GET("/v1/stats", { params: { query: { from: new Date(Date.now() - SPANS[span] * 1000).toISOString(), pipeline } } }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: AGAIN_MS,
  });

export interface Readiness {
  status: "ready" | "not-ready";
  dependencies: { name: string; status: "ok" | "failing" }[];
}

// Not ready is an answer as well, with status 503.
export const readinessQuery = queryOptions({
  queryKey: ["readiness"],
  queryFn: async (): Promise<Readiness> => {
    let response: Response;
    try {
      response = await window.fetch("/readyz");
    } catch {
      throw problemOf(null, NO_ANSWER);
    }
    const text = await response.text();
    if (response.status !== 200 && response.status !== 503) throw problemOf(text, response.status);
    return JSON.parse(text) as Readiness;
  },
  refetchInterval: AGAIN_MS,
});
