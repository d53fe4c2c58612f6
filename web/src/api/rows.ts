// Stored rows of a pipeline, a page at a time.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { components } from "../../generated/api";
import { schemaFields } from "../logic/stored-row";
import { pathWith, type Where } from "../logic/where";
import { api, type Page, take } from "./client";
import { Problem } from "./problem";

type Schemas = components["schemas"];
// The members of a row are the sender's.
export type StoredRow = Omit<Schemas["StoredRow"], "data"> & { data: Record<string, unknown> | null };

export const ROWS_AT_ONCE = 200;

export const storedRowsQuery = (pipeline: string, where: Where) =>
  infiniteQueryOptions({
    queryKey: ["stored-rows", pipeline, where],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      take<Page<StoredRow>>(
        api.GET("/v1/pipelines/{p}/rows", {
          params: { path: { p: pipeline }, query: { where: { ...where }, limit: ROWS_AT_ONCE, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    // Rows that are read must not move under the reader's eyes.
    refetchOnWindowFocus: false,
  });

// The fields of a pipeline's schema. Rows stay where their pipeline was removed: none then.
export const fieldsQuery = (pipeline: string) =>
  queryOptions({
    queryKey: ["pipeline-fields", pipeline],
    queryFn: async () => {
      try {
        const found = await take<Schemas["Pipeline"]>(api.GET("/v1/pipelines/{p}", { params: { path: { p: pipeline } } }));
        return schemaFields(found.definition);
      } catch (problem) {
        if (problem instanceof Problem && problem.status === 404) return [];
        throw problem;
      }
    },
  });

export const rowsPath = (pipeline: string, kind: "csv" | "ndjson", where: Where): string =>
  pathWith(`/v1/pipelines/${encodeURIComponent(pipeline)}/rows.${kind}`, where);
