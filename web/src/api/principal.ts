// Who uses the page, and what they may: what they may not is not offered to them.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, type Permission, type Principal, take } from "./client";

export const principalQuery = queryOptions({
  queryKey: ["me"],
  queryFn: () => take<Principal>(api.GET("/v1/me")),
  staleTime: Number.POSITIVE_INFINITY,
});

export function useMay(permission: Permission): boolean {
  const { data } = useQuery(principalQuery);
  return data?.permissions.includes(permission) ?? false;
}
