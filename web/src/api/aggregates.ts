// What stored rows are counted and summed up to.
import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { components } from "../../generated/api";
import { pathWith, type Where } from "../logic/where";
import { api, type Page, take } from "./client";

type Schemas = components["schemas"];
export type Aggregate = Schemas["Aggregate"];
export type Group = Schemas["Group"];
export interface Rebuilt {
  rows: number;
  groups: number;
  wrong: number;
}

export const aggregatesQuery = queryOptions({
  queryKey: ["aggregates"],
  queryFn: async () => (await take<Page<Aggregate>>(api.GET("/v1/aggregates"))).items,
});

export const GROUPS_AT_ONCE = 100;

interface Question {
  where: Where;
  sort: string | undefined;
}

const groupsOf = (name: string, { where, sort }: Question, limit: number, cursor?: string) =>
  take<Page<Group>>(api.GET("/v1/aggregates/{name}", { params: { path: { name }, query: { where: { ...where }, sort, limit, cursor } } }));

export const groupsQuery = (name: string, question: Question) =>
  infiniteQueryOptions({
    queryKey: ["groups", name, "table", question],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => groupsOf(name, question, GROUPS_AT_ONCE, pageParam),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });

// The largest by a measure, for the chart.
export const largestQuery = (name: string, measure: string, where: Where, most: number) =>
  queryOptions({
    queryKey: ["groups", name, "largest", { measure, where, most }],
    queryFn: async () => (await groupsOf(name, { where, sort: `-${measure}` }, most)).items,
    placeholderData: keepPreviousData,
  });

export function useRebuild(name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take<Rebuilt>(api.POST("/v1/aggregates/{name}/rebuild", { params: { path: { name } } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["groups", name] }),
  });
}

export const groupsPath = (name: string, kind: "csv" | "ndjson", { where, sort }: Question): string =>
  pathWith(`/v1/aggregates/${encodeURIComponent(name)}/groups.${kind}`, where, { sort });
