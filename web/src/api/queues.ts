// The queue: how much waits, who works on what, what was given up, and letting it run again.
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { components } from "../../generated/api";
import { api, type Job, type Page, take } from "./client";

type Schemas = components["schemas"];
export type Queue = Schemas["Queue"];
export type ActiveSplit = Schemas["ActiveSplit"];
export interface Replayed {
  replayed: number;
  notReplayed: { jobId: string; detail: string }[];
}

// What waits makes no event.
const AGAIN_MS = 5000;

export const queuesQuery = queryOptions({
  queryKey: ["queues"],
  queryFn: async () => (await take<Page<Queue>>(api.GET("/v1/queues"))).items,
  refetchInterval: AGAIN_MS,
});

export const activeQuery = (queue: string) =>
  queryOptions({
    queryKey: ["active-splits", queue],
    queryFn: async () => (await take<Page<ActiveSplit>>(api.GET("/v1/queues/{q}/active", { params: { path: { q: queue } } }))).items,
    refetchInterval: AGAIN_MS,
  });

export const LETTERS_AT_ONCE = 20;

export const deadLettersQuery = (queue: string, cursor: string | undefined) =>
  queryOptions({
    queryKey: ["dead-letters", queue, cursor],
    queryFn: () => take<Page<Job>>(api.GET("/v1/queues/{q}/failed", { params: { path: { q: queue }, query: { limit: LETTERS_AT_ONCE, cursor } } })),
    placeholderData: keepPreviousData,
  });

export function useSteerQueue(queue: string) {
  const client = useQueryClient();
  const path = { q: queue };
  const known = (now: Queue) => client.setQueryData(queuesQuery.queryKey, (before) => before?.map((one) => (one.name === now.name ? now : one)));
  return {
    pause: useMutation({ mutationFn: () => take<Queue>(api.POST("/v1/queues/{q}/pause", { params: { path } })), onSuccess: known }),
    resume: useMutation({ mutationFn: () => take<Queue>(api.POST("/v1/queues/{q}/resume", { params: { path } })), onSuccess: known }),
    // null: all of them.
    replay: useMutation({
      mutationFn: (jobIds: string[] | null) =>
        take<Replayed>(api.POST("/v1/queues/{q}/failed/replay", { params: { path }, body: jobIds === null ? {} : { jobIds } })),
      onSuccess: () => void Promise.all([["dead-letters"], ["queues"], ["jobs"], ["job"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
    }),
  };
}
