// Jobs that begin by the clock.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { components } from "../../generated/api";
import { randomName } from "../logic/random";
import type { ScheduleBody } from "../logic/schedule";
import { api, type Page, take } from "./client";

export type Schedule = components["schemas"]["Schedule"];

const AGAIN_MS = 30_000; // when it runs next is told by nobody

export const schedulesQuery = queryOptions({
  queryKey: ["schedules"],
  queryFn: async () => (await take<Page<Schedule>>(api.GET("/v1/schedules"))).items,
  refetchInterval: AGAIN_MS,
});

export function useSchedules() {
  const client = useQueryClient();
  const again = () => void client.invalidateQueries({ queryKey: schedulesQuery.queryKey });
  return {
    create: useMutation({
      mutationFn: (body: ScheduleBody) =>
        take<Schedule>(api.POST("/v1/schedules", { params: { header: { "Idempotency-Key": randomName() } }, body })),
      onSuccess: again,
    }),
    change: useMutation({
      // Members that are not sent stay as they are.
      mutationFn: ({ id, body }: { id: string; body: Pick<ScheduleBody, "enabled"> & Partial<ScheduleBody> }) =>
        take<Schedule>(api.PATCH("/v1/schedules/{id}", { params: { path: { id } }, body })),
      onSuccess: again,
    }),
    remove: useMutation({
      mutationFn: (id: string) => take<null>(api.DELETE("/v1/schedules/{id}", { params: { path: { id } } })),
      onSuccess: again,
    }),
  };
}
