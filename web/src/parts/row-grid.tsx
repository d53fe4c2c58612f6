// Stored rows as a grid over any number of them: only what is seen is in the document. The arrow keys go from cell to cell,
// Enter opens the row.
import "./row-grid.css";
import { type ColumnDef, getCoreRowModel, useReactTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { StoredRow } from "../api/rows";
import { comparable } from "../logic/where";
import { count } from "../logic/format";

export interface RowsShown {
  rows: readonly StoredRow[];
  columns: readonly string[];
  open: StoredRow | null;
  hasMore: boolean;
  onMore: () => void;
  onOpen: (row: StoredRow) => void;
}

const ROW_WIDTH = 78;
const ROW_HEIGHT = 37;
const AHEAD = 40; // rows before the end of what is there, where more is fetched

export function RowGrid({ rows, columns, open, hasMore, onMore, onOpen }: RowsShown) {
  const area = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState({ row: 0, column: 0 });
  const fitting = JSON.stringify(widthsOf(columns, rows));
  const definitions = useMemo<ColumnDef<StoredRow>[]>(() => {
    const widths = JSON.parse(fitting) as number[];
    return columns.map((name, at) => ({ id: String(at), header: name, size: widths[at], minSize: 60 }));
  }, [columns, fitting]);
  const table = useReactTable({ data: rows as StoredRow[], columns: definitions, getCoreRowModel: getCoreRowModel(), columnResizeMode: "onChange" });
  const headers = table.getFlatHeaders();
  const width = ROW_WIDTH + headers.reduce((sum, header) => sum + header.getSize(), 0);
  const template = `${ROW_WIDTH}px ${headers.map((header) => `minmax(${header.getSize()}px, 1fr)`).join(" ")}`;

  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => area.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (at) => rows[at]?.id ?? at,
    overscan: 15,
    scrollPaddingStart: ROW_HEIGHT + 4,
  });
  const seen = list.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - AHEAD) onMore();
  }, [hasMore, last, rows.length, onMore]);

  // A cell is focused when it is there: the virtual list may have to bring its row first.
  const wantsFocus = useRef(false);
  useEffect(() => {
    if (!wantsFocus.current) return;
    const cell = area.current?.querySelector<HTMLElement>(`[data-at="${active.row}/${active.column}"]`);
    if (cell === null || cell === undefined) return;
    wantsFocus.current = false;
    cell.focus();
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  function move(row: number, column: number) {
    const next = { row: Math.max(0, Math.min(rows.length - 1, row)), column: Math.max(0, Math.min(columns.length - 1, column)) };
    wantsFocus.current = true;
    setActive(next);
    list.scrollToIndex(next.row);
  }

  function onKey(event: KeyboardEvent) {
    if (event.target instanceof HTMLButtonElement || event.ctrlKey && event.key !== "Home" && event.key !== "End") return;
    const { row, column } = active;
    const page = Math.max(1, Math.floor((area.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
    const ways: Record<string, () => void> = {
      ArrowUp: () => move(row - 1, column),
      ArrowDown: () => move(row + 1, column),
      ArrowLeft: () => move(row, column - 1),
      ArrowRight: () => move(row, column + 1),
      PageUp: () => move(row - page, column),
      PageDown: () => move(row + page, column),
      Home: () => move(event.ctrlKey ? 0 : row, 0),
      End: () => move(event.ctrlKey ? rows.length - 1 : row, columns.length - 1),
      Enter: () => rows[row] !== undefined && onOpen(rows[row]),
      " ": () => rows[row] !== undefined && onOpen(rows[row]),
    };
    const way = ways[event.key];
    if (way === undefined) return;
    event.preventDefault();
    way();
  }

  return (
    <div
      ref={area}
      className="row-grid"
      role="grid"
      aria-label="Stored rows"
      aria-readonly
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-colcount={columns.length + 1}
      onKeyDown={onKey}
    >
      <div role="rowgroup" className="head" style={{ minWidth: width }}>
        <div role="row" aria-rowindex={1} style={{ gridTemplateColumns: template, minWidth: width }}>
          <div role="columnheader">Row</div>
          {headers.map((header, at) => (
            <div role="columnheader" key={header.id} title={columns[at]}>
              {columns[at]}
              <span className="resize" aria-hidden onMouseDown={header.getResizeHandler()} onTouchStart={header.getResizeHandler()} />
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="body" style={{ height: list.getTotalSize(), position: "relative", minWidth: width }}>
        {seen.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={item.key}
              data-row={row.id}
              data-open={open?.id === row.id}
              role="row"
              aria-rowindex={item.index + 2}
              style={{ gridTemplateColumns: template, position: "absolute", top: 0, left: 0, height: item.size, transform: `translateY(${item.start}px)` }}
              onClick={() => {
                setActive({ row: item.index, column: active.column });
                onOpen(row);
              }}
            >
              <div role="rowheader" className="numbers soft">
                {count(row.rowNumber)}
              </div>
              {columns.map((column, at) => {
                const value = row.data?.[column];
                const isActive = active.row === item.index && active.column === at;
                const text = comparable(value);
                return (
                  <div
                    key={column}
                    role="gridcell"
                    data-at={`${item.index}/${at}`}
                    data-column={column}
                    data-number={typeof value === "number"}
                    tabIndex={isActive ? 0 : -1}
                    onFocus={() => (isActive ? undefined : setActive({ row: item.index, column: at }))}
                    title={text ?? undefined}
                  >
                    {text ?? <span className="soft">–</span>}
                  </div>
                );
              })}
            </div>
          );
        })}
      </div>
    </div>
  );
}

// As wide as the first values need, within reason; a column's edge can be dragged.
function widthsOf(columns: readonly string[], rows: readonly StoredRow[]): number[] {
  const MOST_LOOKED_AT = 50;
  const CHARACTER = 8; // pixels, about
  const first = rows.slice(0, MOST_LOOKED_AT);
  return columns.map((column) => {
    const longest = first.reduce((most, { data }) => Math.max(most, comparable(data?.[column])?.length ?? 1), column.length);
    return Math.min(300, Math.max(70, longest * CHARACTER + 24));
  });
}
