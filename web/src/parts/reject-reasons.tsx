// Why a row was rejected, in the API's own words, with what it suggests.
import { Button, Text } from "@mantine/core";
import { Wand2 } from "lucide-react";
import type { Plan, Reject } from "../api/client";
import { guessOf, hasSuggestions, suggestionsOf } from "../logic/corrections";

interface Props {
  reject: Reject;
  again: Reject | undefined;
  plan: Plan | undefined;
  isMended: boolean;
  onCells: (cells: Record<string, string>) => void;
}

export function RejectReasons({ reject, again, plan, isMended, onCells }: Props) {
  const suggestions = suggestionsOf(reject, plan);
  const guess = guessOf(reject, plan);
  return (
    <div className="wrap">
      {again !== undefined && (
        <Text size="sm" fw={600}>
          Sent, and rejected again:
        </Text>
      )}
      {(again ?? reject).errors.map(({ code, field, message }) => (
        <Text size="sm" key={`${code} ${field} ${message}`}>
          {message}
        </Text>
      ))}
      {reject.resolvedBy !== null && (
        <Text size="sm" c="var(--mended-line)">
          Corrected.
        </Text>
      )}
      {reject.raw !== undefined && (
        <Text size="xs" ff="monospace" className="soft" mt={4} lineClamp={3} title={reject.raw}>
          {reject.raw}
        </Text>
      )}
      {reject.row === undefined && reject.raw === undefined && (
        <Text size="xs" className="soft" mt={4}>
          The row was not kept as it was read. Fill in its cells from your file.
        </Text>
      )}
      {!isMended && hasSuggestions(reject, plan) && <Suggest text={Object.values(suggestions).join(", ")} onClick={() => onCells(suggestions)} />}
      {reject.resolvedBy === null && !isMended && guess !== null && <Suggest text="Take it apart without the quote" onClick={() => onCells(guess)} />}
    </div>
  );
}

function Suggest({ text, onClick }: { text: string; onClick: () => void }) {
  return (
    <Button size="compact-xs" variant="light" mt={4} leftSection={<Wand2 size={12} aria-hidden />} onClick={onClick} maw="100%" aria-label={`Apply the suggestion: ${text}`}>
      {text}
    </Button>
  );
}
