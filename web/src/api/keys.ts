// API keys, and who did what: for admins.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type AuditEntry, type Key, type Page, take } from "./client";

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async () => (await take<Page<Key>>(api.GET("/v1/keys"))).items,
});

export interface WantedKey {
  name: string;
  role: Key["role"];
  pipelines: string[]; // none: all
  tenant?: string;
  expiresAt?: string; // RFC 3339
}

// `key` is its secret: the answer is the only place where it ever stands.
export const makeKey = (wanted: WantedKey): Promise<Key & { key: string }> => take<Key & { key: string }>(api.POST("/v1/keys", { body: wanted }));

export const revokeKey = (id: string): Promise<null> => take<null>(api.DELETE("/v1/keys/{id}", { params: { path: { id } } }));

export interface AuditFilter {
  actor?: string;
  action?: string;
  cursor?: string;
}

export const AUDIT_AT_ONCE = 50;

export const auditQuery = (filter: AuditFilter) =>
  queryOptions({
    queryKey: ["audit", filter],
    queryFn: () => take<Page<AuditEntry>>(api.GET("/v1/audit", { params: { query: { ...filter, limit: AUDIT_AT_ONCE } } })),
    placeholderData: keepPreviousData,
  });
