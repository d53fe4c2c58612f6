// The present, for what is written as "3 minutes ago". Stands still where nothing moves.
import { useEffect, useState } from "react";

export function useNow(everyMs: number, moves = true): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!moves) return undefined;
    const timer = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs, moves]);
  return now;
}
