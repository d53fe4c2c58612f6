// Pipelines, and what they would make of a file.
import { queryOptions } from "@tanstack/react-query";
import { api, type Page, type PipelineSummary, type Preview, send, take } from "./client";

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

export async function putPipeline(name: string, text: string): Promise<void> {
  await send("PUT", `/v1/pipelines/${encodeURIComponent(name)}`, text, "application/yaml");
}
