// Stored rows where there is no room for a grid: the first of their values, one row below the other.
import { UnstyledButton } from "@mantine/core";
import { comparable } from "../logic/where";
import { CardList } from "./card-list";
import type { RowsShown } from "./row-grid";

const CARD_HEIGHT = 150;
const MOST_VALUES = 4;

export function RowCards({ rows, columns, hasMore, onMore, onOpen }: RowsShown) {
  return (
    <CardList label="Stored rows" items={rows} idOf={(row) => row.id} height={CARD_HEIGHT} hasMore={hasMore} onMore={onMore}>
      {(row) => {
        const filled = columns.filter((column) => comparable(row.data?.[column]) !== null);
        return (
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
        );
      }}
    </CardList>
  );
}
