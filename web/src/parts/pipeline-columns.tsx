// The columns of a pipeline's schema: what each is called and holds, and what it must not be.
import { ActionIcon, Anchor, Button, Checkbox, Group, NativeSelect, Text, TextInput } from "@mantine/core";
import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { memo, useState } from "react";
import { boundOf, keyOf, listIn, mappingIn, textAt, valueAt } from "../logic/pipeline-form";
import type { Path } from "../logic/pipeline-text";
import { count, counted } from "../logic/format";
import { ColumnsAt, FormSection, isLocked, TextAt } from "./pipeline-fields";
import type { PipelineHand } from "./use-pipeline-text";

const FIELDS: Path = ["schema", "fields"];
const AT_ONCE = 60;

const TYPES = [
  { value: "string", label: "text" },
  { value: "integer", label: "whole number" },
  { value: "number", label: "number" },
  { value: "boolean", label: "yes or no" },
  { value: "date", label: "day" },
  { value: "time", label: "time of day" },
  { value: "datetime", label: "day and time" },
  { value: "year", label: "year" },
  { value: "yearmonth", label: "year and month" },
  { value: "duration", label: "duration" },
  { value: "list", label: "list" },
  { value: "array", label: "JSON array" },
  { value: "object", label: "JSON object" },
  { value: "geopoint", label: "place on earth" },
  { value: "geojson", label: "GeoJSON" },
  { value: "any", label: "anything" },
];

export function PipelineColumns({ hand }: { hand: PipelineHand }) {
  const fields = listIn(valueAt(hand.values, FIELDS));
  const [most, setMost] = useState(AT_ONCE);
  const [open, setOpen] = useState<number | null>(null);
  return (
    <FormSection
      title="Columns"
      about="What is in each column, and what has to hold for it. A row that breaks a rule is kept apart with the reason."
      fault={hand.faults.at.get("schema")}
    >
      {fields.length === 0 && (
        <Text size="sm" mb="sm">
          No column is described: every value is taken as it stands.
        </Text>
      )}
      <ol className="form-list">
        {fields.slice(0, most).map((_, at) => (
          // A column is its place: names change while they are typed.
          <Column key={at} hand={hand} at={at} last={fields.length - 1} isOpen={open === at} onOpen={() => setOpen(open === at ? null : at)} />
        ))}
      </ol>
      <Group mt="sm" gap="sm">
        {!hand.isReadOnly && (
          <Button
            size="xs"
            variant="light"
            leftSection={<Plus size={14} aria-hidden />}
            disabled={isLocked(hand)}
            onClick={() => {
              hand.add(FIELDS, { name: `column_${fields.length + 1}`, type: "string" });
              setMost(Math.max(most, fields.length + 1));
              setOpen(fields.length);
            }}
          >
            Add a column
          </Button>
        )}
        {fields.length > most && (
          <Button size="xs" variant="default" onClick={() => setMost(fields.length)}>
            Show {counted(fields.length - most, "more column", "more columns")}
          </Button>
        )}
      </Group>
    </FormSection>
  );
}

interface ColumnProps {
  hand: PipelineHand;
  at: number;
  last: number;
  isOpen: boolean;
  onOpen: () => void;
}

const Column = memo(function Column({ hand, at, last, isOpen, onOpen }: ColumnProps) {
  const path: Path = [...FIELDS, at];
  const field = mappingIn(valueAt(hand.values, path));
  const name = textAt(field, ["name"]);
  const isRequired = valueAt(field, ["constraints", "required"]) === true;
  const fault = hand.faults.at.get(keyOf(path));
  const locked = isLocked(hand);
  const type = textAt(field, ["type"]);
  return (
    <li data-column={name}>
      <div className="form-row">
        <TextInput
          aria-label={`Name of column ${count(at + 1)}`}
          size="sm"
          value={name}
          disabled={locked}
          error={hand.faults.at.get(keyOf([...path, "name"]))}
          spellCheck={false}
          onChange={(event) => hand.set([...path, "name"], event.currentTarget.value)}
          style={{ flex: "2 1 6.5rem" }}
        />
        <NativeSelect
          aria-label={`Type of ${name}`}
          size="sm"
          data={TYPES.some(({ value }) => value === type) || type === "" ? TYPES : [...TYPES, { value: type, label: type }]}
          value={type === "" ? "string" : type}
          disabled={locked}
          error={hand.faults.at.get(keyOf([...path, "type"]))}
          onChange={(event) => hand.set([...path, "type"], event.currentTarget.value)}
          style={{ flex: "1 1 9.5rem" }}
        />
        <Checkbox
          label="Required"
          size="sm"
          checked={isRequired}
          disabled={locked}
          onChange={(event) => hand.set([...path, "constraints", "required"], event.currentTarget.checked ? true : undefined)}
        />
        <Anchor component="button" type="button" size="sm" onClick={onOpen} aria-expanded={isOpen} aria-label={`${isOpen ? "Fewer" : "More"} rules of ${name}`}>
          {isOpen ? "Fewer" : "More"}
        </Anchor>
      </div>
      {fault !== undefined && (
        <Text size="sm" c="var(--rejected)" className="wrap" mt={4}>
          {fault}
        </Text>
      )}
      {isOpen && <Rules hand={hand} path={path} name={name} at={at} last={last} />}
    </li>
  );
});

function Rules({ hand, path, name, at, last }: { hand: PipelineHand; path: Path; name: string; at: number; last: number }) {
  const locked = isLocked(hand);
  const rule = (key: string): Path => [...path, "constraints", key];
  return (
    <div className="form-more">
      <TextAt hand={hand} path={[...path, "format"]} label="Format" about="Days: any, or a pattern such as %d.%m.%Y. Text: email, uri, uuid" />
      <TextAt hand={hand} path={rule("pattern")} label="Pattern" about="A regular expression that the whole value has to match" placeholder="[0-9]{5}" />
      <TextAt hand={hand} path={rule("minimum")} label="Least" convert={boundOf} />
      <TextAt hand={hand} path={rule("maximum")} label="Most" convert={boundOf} />
      <ColumnsAt hand={hand} path={rule("enum")} label="One of" about="Nothing else is taken. Enter ends each" columns={[]} keepsEmpty={false} />
      <div>
        <Checkbox
          mt="lg"
          label="No value twice in a file"
          checked={valueAt(hand.values, rule("unique")) === true}
          disabled={locked}
          onChange={(event) => hand.set(rule("unique"), event.currentTarget.checked ? true : undefined)}
        />
      </div>
      {!hand.isReadOnly && (
        <Group gap="xs" style={{ gridColumn: "1 / -1" }}>
          <ActionIcon variant="default" aria-label={`Move ${name} up`} disabled={locked || at === 0} onClick={() => hand.move(FIELDS, at, at - 1)}>
            <ArrowUp size={16} aria-hidden />
          </ActionIcon>
          <ActionIcon variant="default" aria-label={`Move ${name} down`} disabled={locked || at === last} onClick={() => hand.move(FIELDS, at, at + 1)}>
            <ArrowDown size={16} aria-hidden />
          </ActionIcon>
          <Button size="xs" variant="subtle" color="red" leftSection={<Trash2 size={14} aria-hidden />} disabled={locked} onClick={() => hand.remove(FIELDS, at)}>
            Take {name} out
          </Button>
        </Group>
      )}
    </div>
  );
}
