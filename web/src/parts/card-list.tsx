// Cards one below the other in the page's own scrolling, where there is no room for a grid. Only those that are seen are there;
// more are asked for before the last one is.
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";

interface Props<Item> {
  label: string;
  items: readonly Item[];
  idOf: (item: Item) => string | number;
  height: number; // of a card, before it is measured
  hasMore: boolean;
  onMore: () => void;
  children: (item: Item) => ReactNode;
}

const AHEAD = 10;
const OVERSCAN = 6;

export function CardList<Item>({ label, items, idOf, height, hasMore, onMore, children }: Props<Item>) {
  const area = useRef<HTMLDivElement>(null);
  const idAt = (at: number) => (items[at] === undefined ? at : idOf(items[at]));
  const cards = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => height,
    getItemKey: idAt,
    overscan: OVERSCAN,
    scrollMargin: area.current?.offsetTop ?? 0,
  });
  const seen = cards.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= items.length - AHEAD) onMore();
  }, [hasMore, last, items.length, onMore]);
  return (
    <div ref={area} role="list" aria-label={label} style={{ position: "relative", height: cards.getTotalSize() }}>
      {seen.map((card) => {
        const item = items[card.index];
        if (item === undefined) return null;
        return (
          <div
            key={card.key}
            role="listitem"
            ref={cards.measureElement}
            data-index={card.index}
            data-row={idOf(item)}
            style={{ position: "absolute", top: 0, left: 0, width: "100%", transform: `translateY(${card.start - cards.options.scrollMargin}px)`, paddingBottom: "0.7rem" }}
          >
            {children(item)}
          </div>
        );
      })}
    </div>
  );
}
