// Jobs: asked for, steered, and kept as they are now by live events (live.ts).
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { isArchive } from "../logic/lineage";
import { api, type Job, type JobEvent, type JobStatus, type Page, type Split, take } from "./client";

export interface JobFilter {
  status?: JobStatus;
  pipeline?: string;
  file?: string; // a part of its name
  cursor?: string;
}

export const JOBS_AT_ONCE = 50;
// Jobs that wait make no event, so a list of jobs looks again by itself.
const LIST_AGAIN_MS = 10_000;
// Nor does an archive while its files are loaded: their jobs do.
const ARCHIVE_AGAIN_MS = 2_000;

export const jobsQuery = (filter: JobFilter, limit = JOBS_AT_ONCE) =>
  queryOptions({
    queryKey: ["jobs", filter, limit],
    queryFn: () => take<Page<Job>>(api.GET("/v1/jobs", { params: { query: { ...filter, limit } } })),
    placeholderData: keepPreviousData,
    refetchInterval: LIST_AGAIN_MS,
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ["job", id],
    queryFn: () => take<Job>(api.GET("/v1/jobs/{id}", { params: { path: { id } } })),
    // Live events are what keeps it; this is for a connection that is held up.
    refetchInterval: ({ state: { data } }) =>
      data === undefined ? LIST_AGAIN_MS : hasEnded(data) ? false : isArchive(data) ? ARCHIVE_AGAIN_MS : LIST_AGAIN_MS,
  });

// Resubmissions of a job's rejects; of an archive, the jobs of its files.
export const childrenQuery = (parent: Job) =>
  queryOptions({
    // Members have been added or have ended: they are asked for anew.
    queryKey: ["jobs", { parent: parent.id }, parent.members],
    queryFn: () => take<Page<Job>>(api.GET("/v1/jobs", { params: { query: { parent: parent.id, limit: 1000 } } })),
    placeholderData: keepPreviousData,
    refetchInterval: isArchive(parent) && !hasEnded(parent) ? ARCHIVE_AGAIN_MS : false,
  });

export const splitsQuery = (id: string) =>
  queryOptions({
    queryKey: ["splits", id],
    queryFn: async () => (await take<Page<Split>>(api.GET("/v1/jobs/{id}/splits", { params: { path: { id } } }))).items,
  });

// The timeline, oldest first. A job of a million batches has more events than a page needs: the first pages, then what
// comes live.
const MOST_EVENT_PAGES = 10;
export const eventsQuery = (id: string) =>
  queryOptions({
    queryKey: ["events", id],
    queryFn: async () => {
      const events: JobEvent[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < MOST_EVENT_PAGES; ++pages) {
        const page = await take<Page<JobEvent>>(
          api.GET("/v1/jobs/{id}/events", { params: { path: { id }, query: { limit: 1000, cursor } } }),
        );
        events.push(...page.items);
        if (page.next === null) break;
        cursor = page.next;
      }
      return events;
    },
  });

export function hasEnded(job: Job): boolean {
  return job.status !== "PENDING" && job.status !== "PROCESSING";
}

export function useSteer(job: Job) {
  const client = useQueryClient();
  const path = { id: job.id };
  const known = (now: Job) => {
    client.setQueryData(jobQuery(job.id).queryKey, now);
    void client.invalidateQueries({ queryKey: ["jobs"] });
  };
  return {
    cancel: useMutation({
      mutationFn: () => take<Job>(api.POST("/v1/jobs/{id}/cancel", { params: { path } })),
      onSuccess: known,
    }),
    retry: useMutation({
      mutationFn: () => take<Job>(api.POST("/v1/jobs/{id}/retry", { params: { path } })),
      onSuccess: known,
    }),
    remove: useMutation({
      mutationFn: (rows: boolean) => take<null>(api.DELETE("/v1/jobs/{id}", { params: { path, query: { rows } } })),
      onSuccess: () => {
        client.removeQueries({ queryKey: ["job", job.id] });
        void client.invalidateQueries({ queryKey: ["jobs"] });
      },
    }),
  };
}
