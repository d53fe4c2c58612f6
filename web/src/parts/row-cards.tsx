// Stored rows where there is no room for a grid: the first of their values, one row below the other.
import { UnstyledButton } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { comparable } from "../logic/where";
import type { RowsShown } from "./row-grid";

const CARD_HEIGHT = 150; // before it is measured
const AHEAD = 10;
const MOST_VALUES = 4;

export function RowCards({ rows, columns, hasMore, onMore, onOpen }: RowsShown) {
  const area = useRef<HTMLDivElement>(null);
  const cards = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => CARD_HEIGHT,
    getItemKey: (at) => rows[at]?.id ?? at,
    overscan: 6,
    scrollMargin: area.current?.offsetTop ?? 0,
  });
  const seen = cards.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - AHEAD) onMore();
  }, [hasMore, last, rows.length, onMore]);
  return (
    <div ref={area} role="list" aria-label="Stored rows" style={{ position: "relative", height: cards.getTotalSize() }}>
      {seen.map((item) => {
        const row = rows[item.index];
        if (row === undefined) return null;
        const filled = columns.filter((column) => comparable(row.data?.[column]) !== null);
        return (
          <div
            key={item.key}
            role="listitem"
            ref={cards.measureElement}
            data-index={item.index}
            data-row={row.id}
            style={{ position: "absolute", top: 0, left: 0, width: "100%", transform: `translateY(${item.start - cards.options.scrollMargin}px)`, paddingBottom: "0.6rem" }}
          >
            <UnstyledButton className="card" w="100%" onClick={() => onOpen(row)}>
              {filled.slice(0, MOST_VALUES).map((column) => (
                <span key={column} style={{ display: "flex", gap: "0.6rem", fontSize: "0.875rem" }}>
                  <span className="soft" style={{ flex: "0 0 38%", overflowWrap: "anywhere" }}>
                    {column}
                  </span>
                  <span className="wrap" style={{ minWidth: 0 }}>
                    {comparable(row.data?.[column])}
                  </span>
                </span>
              ))}
              {filled.length > MOST_VALUES && <span className="soft" style={{ fontSize: "0.8rem" }}>and {filled.length - MOST_VALUES} more</span>}
            </UnstyledButton>
          </div>
        );
      })}
    </div>
  );
}
