// The way into the middle of very many rejected rows: the list begins at a row of the file, and nothing before it is fetched.
import { Anchor, Group, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { count } from "../logic/format";

interface Props {
  rows: number; // of the file
  from: number | undefined; // the beginning
  onFrom: (row: number | undefined) => void;
}

const MOVED_MS = 200; // after the last move of the slider

export function RejectJump({ rows, from, onFrom }: Props) {
  const [row, setRow] = useState(from ?? 1);
  useEffect(() => setRow(from ?? 1), [from]);
  const go = useDebouncedCallback((to: number) => onFrom(to <= 1 ? undefined : to), MOVED_MS);
  const move = (to: number) => {
    if (!Number.isSafeInteger(to) || to < 1) return;
    setRow(Math.min(to, rows));
    go(Math.min(to, rows));
  };
  return (
    <Group gap="sm" mb="sm" wrap="nowrap" role="group" aria-label="Where in the file">
      <Text size="sm" style={{ whiteSpace: "nowrap" }}>
        From row
      </Text>
      <TextInput aria-label="From row" type="number" min={1} max={rows} size="xs" w={110} value={row} onChange={(event) => move(event.currentTarget.valueAsNumber)} />
      <input type="range" aria-label="From row, by sliding" aria-valuetext={`Row ${count(row)} of ${count(rows)}`} min={1} max={rows} value={row} onChange={(event) => move(event.currentTarget.valueAsNumber)} style={{ flex: 1, minWidth: 60 }} />
      <Text size="sm" className="soft numbers" visibleFrom="xs" style={{ whiteSpace: "nowrap" }}>
        of {count(rows)}
      </Text>
      {from !== undefined && (
        <Anchor component="button" type="button" size="sm" style={{ whiteSpace: "nowrap" }} onClick={() => onFrom(undefined)}>
          To the beginning
        </Anchor>
      )}
    </Group>
  );
}
