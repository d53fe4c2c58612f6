// Rejected rows where there is no room for a grid: one below the other, the cells at fault to be corrected at once.
import { Anchor, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Plan, Reject } from "../api/client";
import { cellsOf, cellText, columnOf } from "../logic/corrections";
import { count } from "../logic/format";
import { CardList } from "./card-list";
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

const CARD_HEIGHT = 190;

export function RejectCards({ rejects, hasMore, onMore, ...rest }: Props) {
  return (
    <CardList label="Rejected rows" items={rejects} idOf={(reject) => reject.rowNumber} height={CARD_HEIGHT} hasMore={hasMore} onMore={onMore}>
      {(reject) => <Card reject={reject} {...rest} />}
    </CardList>
  );
}

function Card({ reject, plan, columns, hand }: Omit<Props, "rejects" | "hasMore" | "onMore"> & { reject: Reject }) {
  const changes = hand.corrections.get(reject.rowNumber);
  const again = hand.again.get(reject.rowNumber);
  const faults = new Set((again ?? reject).errors.map((error) => columnOf(error, reject, plan)));
  const [whole, setWhole] = useState(reject.row === undefined);
  const shown = columns.filter((column) => whole || faults.has(column) || changes?.[column] !== undefined);
  return (
    <div className="card reject-card">
      <div style={{ padding: "0 0.9rem" }}>
        <Text size="xs" className="soft numbers">
          Line {count(reject.line ?? reject.rowNumber)}
        </Text>
        <RejectReasons
          reject={reject}
          again={again}
          plan={plan}
          isMended={changes !== undefined}
          onCells={(cells) => hand.setCells(reject, cells)}
        />
      </div>
      {shown.map((column) => {
        const value = changes?.[column];
        return (
          <div key={column} style={{ padding: "0.4rem 0.9rem" }} data-column={column} data-fault={faults.has(column) && value === undefined} data-mended={value !== undefined}>
            <TextInput
              label={column}
              size="sm"
              spellCheck={false}
              value={value ?? cellText(cellsOf(reject)[column])}
              readOnly={reject.resolvedBy !== null || hand.isBusy}
              onChange={(event) => hand.set(reject, column, event.currentTarget.value)}
            />
          </div>
        );
      })}
      <Anchor component="button" type="button" size="sm" px="0.9rem" pt={4} onClick={() => setWhole(!whole)} aria-expanded={whole}>
        {whole ? "Only what is wrong" : "The whole row"}
      </Anchor>
    </div>
  );
}
