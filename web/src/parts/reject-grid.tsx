// Rejected rows as a grid over any number of them: only what is seen is in the document. The arrow keys go from cell to cell,
// Enter or a letter begins a correction, Enter or Tab keeps it, Escape does not.
import "./reject-grid.css";
import { type ColumnDef, getCoreRowModel, useReactTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Plan, Reject } from "../api/client";
import { cellsOf, cellText, columnOf } from "../logic/corrections";
import { count } from "../logic/format";
import { RejectReasons } from "./reject-reasons";
import type { CorrectionsInHand } from "./use-corrections";

interface Props {
  rejects: readonly Reject[];
  plan: Plan | undefined;
  columns: readonly string[];
  hand: CorrectionsInHand;
  hasMore: boolean;
  onMore: () => void;
}

const ROW_WIDTH = 78;
const REASON_WIDTH = 290;
const CELL_WIDTH = 160;
const ROW_HEIGHT = 66; // before it is measured
const AHEAD = 20; // rows before the end of what is there, where more is fetched

interface Place {
  row: number;
  column: number;
}

export function RejectGrid({ rejects, plan, columns, hand, hasMore, onMore }: Props) {
  const area = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const [editing, setEditing] = useState<(Place & { first: string | null }) | null>(null);

  const definitions = useMemo<ColumnDef<Reject>[]>(
    () => columns.map((name, at) => ({ id: String(at), header: name, size: CELL_WIDTH, minSize: 70 })),
    [columns],
  );
  const table = useReactTable({
    data: rejects as Reject[],
    columns: definitions,
    getCoreRowModel: getCoreRowModel(),
    columnResizeMode: "onChange",
  });
  const headers = table.getFlatHeaders();
  const width = ROW_WIDTH + REASON_WIDTH + headers.reduce((sum, header) => sum + header.getSize(), 0);
  const template = `${ROW_WIDTH}px ${REASON_WIDTH}px ${headers.map((header) => `minmax(${header.getSize()}px, 1fr)`).join(" ")}`;

  const rows = useVirtualizer({
    count: rejects.length,
    getScrollElement: () => area.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (at) => rejects[at]?.rowNumber ?? at,
    overscan: 12,
    paddingStart: 0,
    scrollPaddingStart: 48,
  });
  const seen = rows.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rejects.length - AHEAD) onMore();
  }, [hasMore, last, rejects.length, onMore]);

  // A cell is focused when it is there: the virtual list may have to bring its row first.
  const wantsFocus = useRef(false);
  useEffect(() => {
    if (!wantsFocus.current || editing !== null) return;
    const cell = area.current?.querySelector<HTMLElement>(`[data-at="${active.row}/${active.column}"]`);
    if (cell === null || cell === undefined) return;
    wantsFocus.current = false;
    cell.focus();
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  function move(row: number, column: number) {
    const next = {
      row: Math.max(0, Math.min(rejects.length - 1, row)),
      column: Math.max(0, Math.min(columns.length - 1, column)),
    };
    wantsFocus.current = true;
    setActive(next);
    rows.scrollToIndex(next.row);
  }

  function begin(place: Place, first: string | null) {
    const reject = rejects[place.row];
    if (reject === undefined || reject.resolvedBy !== null || hand.isBusy) return;
    setActive(place);
    setEditing({ ...place, first });
  }

  function keep(reject: Reject, column: string, value: string) {
    hand.set(reject, column, value);
    setEditing(null);
  }

  function onKey(event: KeyboardEvent) {
    if (editing !== null || event.target instanceof HTMLButtonElement) return;
    const { row, column } = active;
    const page = Math.max(1, Math.floor((area.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1);
    const ways: Record<string, () => void> = {
      ArrowUp: () => move(row - 1, column),
      ArrowDown: () => move(row + 1, column),
      ArrowLeft: () => move(row, column - 1),
      ArrowRight: () => move(row, column + 1),
      PageUp: () => move(row - page, column),
      PageDown: () => move(row + page, column),
      Home: () => move(event.ctrlKey ? 0 : row, 0),
      End: () => move(event.ctrlKey ? rejects.length - 1 : row, columns.length - 1),
      Enter: () => begin(active, null),
      F2: () => begin(active, null),
    };
    const way = ways[event.key];
    if (way !== undefined) {
      event.preventDefault();
      way();
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      begin(active, event.key);
    }
  }

  return (
    <div
      ref={area}
      className="rejects"
      role="grid"
      aria-label="Rejected rows"
      aria-rowcount={hasMore ? -1 : rejects.length + 1}
      aria-colcount={columns.length + 2}
      style={{ maxHeight: "min(70vh, 60rem)" }}
      onKeyDown={onKey}
    >
      <div role="rowgroup" className="head" style={{ minWidth: width }}>
        <div role="row" aria-rowindex={1} style={{ gridTemplateColumns: template, minWidth: width }}>
          <div role="columnheader">Line</div>
          <div role="columnheader">What is wrong</div>
          {headers.map((header, at) => (
            <div role="columnheader" key={header.id}>
              {columns[at]}
              <span className="resize" aria-hidden onMouseDown={header.getResizeHandler()} onTouchStart={header.getResizeHandler()} />
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" style={{ height: rows.getTotalSize(), position: "relative", minWidth: width }}>
        {seen.map((item) => {
          const reject = rejects[item.index];
          if (reject === undefined) return null;
          const changes = hand.corrections.get(reject.rowNumber);
          const again = hand.again.get(reject.rowNumber);
          const faults = new Set((again ?? reject).errors.map((error) => columnOf(error, reject, plan)));
          return (
            <div
              key={item.key}
              ref={rows.measureElement}
              data-index={item.index}
              data-row={reject.rowNumber}
              role="row"
              aria-rowindex={item.index + 2}
              style={{ gridTemplateColumns: template, position: "absolute", top: 0, left: 0, transform: `translateY(${item.start}px)` }}
            >
              <div role="rowheader" className="numbers">
                {count(reject.line ?? reject.rowNumber)}
              </div>
              <div role="gridcell">
                <RejectReasons
                  reject={reject}
                  again={again}
                  plan={plan}
                  isMended={changes !== undefined}
                  onCells={(cells) => hand.setCells(reject, cells)}
                />
              </div>
              {columns.map((column, at) => {
                const before = cellText(cellsOf(reject)[column]);
                const value = changes?.[column];
                const isActive = active.row === item.index && active.column === at;
                const isEdited = editing !== null && editing.row === item.index && editing.column === at;
                const isFault = faults.has(column);
                return (
                  <div
                    key={column}
                    role="gridcell"
                    className="cell"
                    data-at={`${item.index}/${at}`}
                    data-column={column}
                    data-fault={isFault && value === undefined}
                    data-mended={value !== undefined}
                    aria-invalid={isFault && value === undefined}
                    aria-readonly={reject.resolvedBy !== null}
                    tabIndex={isActive ? 0 : -1}
                    onClick={() => (isEdited ? undefined : begin({ row: item.index, column: at }, null))}
                    onFocus={() => (isActive ? undefined : setActive({ row: item.index, column: at }))}
                  >
                    {isEdited ? (
                      <CellEditor
                        label={`${column}, line ${reject.line ?? reject.rowNumber}`}
                        value={editing.first ?? value ?? before}
                        isTyped={editing.first !== null}
                        onKeep={(text) => keep(reject, column, text)}
                        onMove={(down, right) => move(item.index + down, at + right)}
                        onLeave={() => {
                          setEditing(null);
                          move(item.index, at);
                        }}
                      />
                    ) : (
                      <Shown before={before} value={value} isFault={isFault} />
                    )}
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

function Shown({ before, value, isFault }: { before: string; value: string | undefined; isFault: boolean }) {
  if (value !== undefined) {
    return (
      <>
        {value === "" ? <em className="soft">empty</em> : value}
        {before !== "" && <s>{before}</s>}
      </>
    );
  }
  if (before === "") return isFault ? <em className="soft">empty</em> : <span className="soft">–</span>;
  return before;
}

interface EditorProps {
  label: string;
  value: string;
  isTyped: boolean;
  onKeep: (text: string) => void;
  onMove: (down: number, right: number) => void;
  onLeave: () => void;
}

function CellEditor({ label, value, isTyped, onKeep, onMove, onLeave }: EditorProps) {
  const input = useRef<HTMLInputElement>(null);
  const ended = useRef(false);
  useEffect(() => {
    input.current?.focus();
    if (!isTyped) input.current?.select();
  }, [isTyped]);
  const end = (how: () => void) => {
    ended.current = true;
    how();
  };
  const keep = () => onKeep(input.current?.value ?? "");
  return (
    <input
      ref={input}
      aria-label={label}
      defaultValue={value}
      spellCheck={false}
      onBlur={() => {
        if (!ended.current) end(keep);
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") end(onLeave);
        if (event.key !== "Enter" && event.key !== "Tab") return;
        event.preventDefault();
        end(() => {
          keep();
          const back = event.shiftKey ? -1 : 1;
          if (event.key === "Enter") onMove(back, 0);
          else onMove(0, back);
        });
      }}
    />
  );
}
