// Rejected rows of a job: in groups of one reason, page by page, and sent back corrected.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Page, type Plan, type Reject, type RejectGroup, send, take } from "./client";

export interface RejectFilter {
  code?: RejectGroup["code"];
  field?: string;
  open?: boolean; // only those that nobody has corrected yet
}

export const REJECTS_AT_ONCE = 200;

export const groupsQuery = (id: string, open: boolean) =>
  queryOptions({
    queryKey: ["reject-groups", id, open],
    queryFn: async () =>
      (
        await take<Page<RejectGroup>>(
          api.GET("/v1/jobs/{id}/errors/groups", { params: { path: { id }, query: { examples: true, open } } }),
        )
      ).items,
  });

// `from`: the row that the list begins with, so that the middle of a million is reached at once.
export const rejectsQuery = (id: string, filter: RejectFilter, from?: number) =>
  infiniteQueryOptions({
    queryKey: ["rejects", id, filter, from],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      take<Page<Reject>>(
        api.GET("/v1/jobs/{id}/errors", {
          params: { path: { id }, query: { ...filter, limit: REJECTS_AT_ONCE, ...(pageParam === undefined ? { from } : { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    // Rows that are being corrected must not move under the reader's hands.
    refetchOnWindowFocus: false,
  });

// How the file is read. None while nobody has looked at it yet.
export const planQuery = (id: string) =>
  queryOptions({
    queryKey: ["plan", id],
    queryFn: () => take<Plan>(api.GET("/v1/jobs/{id}/plan", { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

// The job that the corrected rows became.
export async function resubmit(id: string, report: Blob | string, type: string, idempotencyKey: string): Promise<string> {
  const answer = await send("POST", `/v1/jobs/${id}/resubmit`, report, type, { "Idempotency-Key": idempotencyKey });
  return (answer as { jobId: string }).jobId;
}

export const reportPath = (id: string, kind: "csv" | "xlsx" | "ndjson", open: boolean): string =>
  `/v1/jobs/${id}/errors.${kind}${open ? "?open=true" : ""}`;
