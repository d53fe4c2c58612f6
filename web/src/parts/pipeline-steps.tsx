// The steps that change a row before it is checked, in order.
import { ActionIcon, Button, Group, NativeSelect, Text, TextInput } from "@mantine/core";
import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { parse, stringify } from "yaml";
import { count } from "../logic/format";
import { columnsOf, keyOf, listIn, mappingIn } from "../logic/pipeline-form";
import type { Path } from "../logic/pipeline-text";
import { ColumnsAt, FormSection, isLocked } from "./pipeline-fields";
import type { PipelineHand } from "./use-pipeline-text";

const STEPS: Path = ["transform"];

interface Kind {
  label: string;
  about: string;
  begin: unknown;
}

const KINDS: Record<string, Kind> = {
  trim: { label: "take white space off", about: "of these columns", begin: [] },
  lowercase: { label: "small letters", about: "in these columns", begin: [] },
  uppercase: { label: "capital letters", about: "in these columns", begin: [] },
  rename: { label: "rename columns", about: "{old: new, …}", begin: {} },
  drop: { label: "leave columns out", about: "these", begin: [] },
  keep: { label: "keep only", about: "these columns", begin: [] },
  select: { label: "select and name", about: "{new: old, …}", begin: {} },
  require: { label: "must not be empty", about: "these columns", begin: [] },
  default: { label: "fill empty cells", about: "{column: value, …}", begin: {} },
  map: { label: "exchange values", about: "{column: {from: to, …}}", begin: {} },
  date: { label: "read days and times", about: "[column, …], or {fields: […], formats: [any]}", begin: [] },
  number: { label: "read numbers", about: '[column, …], or {fields: […], decimal: ",", group: "."}', begin: [] },
  split: { label: "split a column", about: '{field: name, into: [first, last], separator: " "}', begin: { field: "", into: [] } },
  replace: { label: "replace text", about: '{fields: […], text: old, with: new}, or pattern: in place of text:', begin: { fields: [], text: "", with: "" } },
};

export function PipelineSteps({ hand }: { hand: PipelineHand }) {
  const steps = listIn(hand.values.transform);
  const columns = columnsOf(hand.values);
  return (
    <FormSection title="Steps" about="What happens to each row before it is checked, from the first to the last." fault={hand.faults.at.get("transform")}>
      <ol className="form-list">
        {steps.map((step, at) => (
          <Step key={at} hand={hand} step={mappingIn(step)} at={at} last={steps.length - 1} columns={columns} />
        ))}
      </ol>
      {!hand.isReadOnly && (
        <Button size="xs" variant="light" mt="sm" leftSection={<Plus size={14} aria-hidden />} disabled={isLocked(hand)} onClick={() => hand.add(STEPS, { trim: [] })}>
          Add a step
        </Button>
      )}
    </FormSection>
  );
}

interface StepProps {
  hand: PipelineHand;
  step: Readonly<Record<string, unknown>>;
  at: number;
  last: number;
  columns: readonly string[];
}

function Step({ hand, step, at, last, columns }: StepProps) {
  const [name = ""] = Object.keys(step);
  const path: Path = [...STEPS, at];
  const kind = KINDS[name];
  const locked = isLocked(hand);
  const argument = step[name];
  const fault = hand.faults.at.get(keyOf(path));
  const number = count(at + 1);
  return (
    <li>
      <div className="form-row">
        <NativeSelect
          aria-label={`What step ${number} does`}
          size="sm"
          data={[...Object.entries(KINDS).map(([value, { label }]) => ({ value, label })), ...(kind === undefined ? [{ value: name, label: name }] : [])]}
          value={name}
          disabled={locked}
          onChange={(event) => {
            const next = event.currentTarget.value;
            const begin = KINDS[next]?.begin;
            // Columns that were named stay where the other step takes columns, too.
            hand.set(path, { [next]: Array.isArray(begin) && Array.isArray(argument) ? argument : begin });
          }}
          style={{ flex: "1 1 10rem" }}
        />
        {!hand.isReadOnly && (
          <Group gap={4} wrap="nowrap">
            <ActionIcon variant="default" aria-label={`Move step ${number} up`} disabled={locked || at === 0} onClick={() => hand.move(STEPS, at, at - 1)}>
              <ArrowUp size={16} aria-hidden />
            </ActionIcon>
            <ActionIcon variant="default" aria-label={`Move step ${number} down`} disabled={locked || at === last} onClick={() => hand.move(STEPS, at, at + 1)}>
              <ArrowDown size={16} aria-hidden />
            </ActionIcon>
            <ActionIcon variant="subtle" color="red" aria-label={`Take step ${number} out`} disabled={locked} onClick={() => hand.remove(STEPS, at)}>
              <Trash2 size={16} aria-hidden />
            </ActionIcon>
          </Group>
        )}
      </div>
      <div style={{ marginTop: 6 }}>
        {Array.isArray(argument) ? (
          <ColumnsAt hand={hand} path={[...path, name]} label={`Columns of step ${number}`} isPlain columns={columns} placeholder="Columns" />
        ) : (
          <Argument hand={hand} path={[...path, name]} value={argument} label={`What step ${number} takes`} about={kind?.about} />
        )}
      </div>
      {fault !== undefined && (
        <Text size="sm" c="var(--rejected)" className="wrap" mt={4}>
          {fault}
        </Text>
      )}
    </li>
  );
}

const oneLine = (value: unknown): string =>
  stringify(value ?? null, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 }).trim();

// What a step takes, as one line of YAML: what is typed is written where it can be read.
function Argument({ hand, path, value, label, about }: { hand: PipelineHand; path: Path; value: unknown; label: string; about: string | undefined }) {
  const there = oneLine(value);
  const [typed, setTyped] = useState(there);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    // The text was changed elsewhere. What says the same in another way stays as it was typed.
    setTyped((now) => (same(now, there) ? now : there));
    setProblem(null);
  }, [there]);
  return (
    <TextInput
      aria-label={label}
      description={about}
      ff="monospace"
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      size="sm"
      value={typed}
      disabled={isLocked(hand)}
      error={problem}
      spellCheck={false}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        const read = readLine(text);
        setProblem(read === null ? "This cannot be read yet." : null);
        if (read !== null) hand.set(path, read.value);
      }}
    />
  );
}

function readLine(text: string): { value: unknown } | null {
  try {
    return { value: parse(text) as unknown };
  } catch {
    return null;
  }
}

function same(text: string, there: string): boolean {
  const read = readLine(text);
  return read !== null && oneLine(read.value) === there;
}
