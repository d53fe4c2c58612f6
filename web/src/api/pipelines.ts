// Pipelines, and what they would make of a file.
import { queryOptions } from "@tanstack/react-query";
import { api, type Page, type Pipeline, type PipelineSummary, type Preview, send, take } from "./client";

export const pipelinesQuery = queryOptions({
  queryKey: ["pipelines"],
  queryFn: async () => {
    const items: PipelineSummary[] = [];
    let cursor: string | undefined;
    do {
      const page = await take<Page<PipelineSummary>>(api.GET("/v1/pipelines", { params: { query: { limit: 1000, cursor } } }));
      items.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return items;
  },
});

export const PREVIEW_ROWS = 100;

// `pipeline` null: the one that the file would have by its name.
export async function previewOf(sample: Blob, fileName: string, pipeline: string | null): Promise<Preview> {
  const path = pipeline === null ? "/v1/preview" : `/v1/pipelines/${encodeURIComponent(pipeline)}/preview`;
  const query = new URLSearchParams({ rows: String(PREVIEW_ROWS), fileName });
  return (await send("POST", `${path}?${query}`, sample, "application/octet-stream")) as Preview;
}

// The same for a pipeline that is being written, and kept nowhere yet.
export async function previewWith(sample: Blob, fileName: string, name: string, text: string): Promise<Preview> {
  const form = new FormData();
  form.append("definition", text);
  form.append("file", sample, fileName);
  return (await send("POST", `${addressOf(name)}/preview?rows=${PREVIEW_ROWS}`, form)) as Preview;
}

const addressOf = (name: string): string => `/v1/pipelines/${encodeURIComponent(name)}`;

export async function putPipeline(name: string, text: string, more: HeadersInit = {}): Promise<void> {
  await send("PUT", addressOf(name), text, "application/yaml", more);
}

// What putting it would be answered with: a Problem whose `errors` have their places, or nothing.
export async function checkPipeline(name: string, text: string): Promise<null> {
  await send("PUT", `${addressOf(name)}?dryRun=true`, text, "application/yaml");
  return null;
}

export interface ReadPipeline {
  pipeline: Pipeline;
  etag: string; // of this text: whoever replaces it says so
}

export const pipelineQuery = (name: string) =>
  queryOptions({
    queryKey: ["pipeline", name],
    queryFn: async (): Promise<ReadPipeline> => {
      const asked = api.GET("/v1/pipelines/{p}", { params: { path: { p: name } } });
      const pipeline = await take<Pipeline>(asked);
      return { pipeline, etag: (await asked).response.headers.get("ETag") ?? "" };
    },
  });

export const removePipeline = (name: string, etag: string): Promise<null> =>
  take<null>(api.DELETE("/v1/pipelines/{p}", { params: { path: { p: name }, header: { "If-Match": etag } } }));
