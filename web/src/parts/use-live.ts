// Queries that no single job's event decides (sums, statistics, queues) are asked again when something happened, but not more
// often than the reader can read: while a job goes on there are several events a second.
import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { whenHeard } from "../api/live";

const AT_MOST_EVERY_MS = 2000;

export function useLive(...keys: QueryKey[]): void {
  const client = useQueryClient();
  const followed = useRef(keys);
  followed.current = keys;
  useEffect(() => {
    let last = 0;
    let timer = 0;
    const look = () => {
      timer = 0;
      last = Date.now();
      for (const queryKey of followed.current) void client.invalidateQueries({ queryKey });
    };
    const stop = whenHeard(() => {
      if (timer === 0) timer = window.setTimeout(look, Math.max(0, last + AT_MOST_EVERY_MS - Date.now()));
    });
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, [client]);
}
