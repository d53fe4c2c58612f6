// Conditions on columns: those that are set, each taken away by a click, and a line to set one.
import { ActionIcon, Badge, Button, Group, Select, TextInput } from "@mantine/core";
import { ListFilter, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { conditions, type Where, withCondition, withoutCondition } from "../logic/where";

interface Props {
  columns: readonly string[];
  where: Where;
  onWhere: (where: Where | undefined) => void;
}

export function WhereFilter({ columns, where, onWhere }: Props) {
  const [column, setColumn] = useState<string | null>(null);
  const [value, setValue] = useState("");
  const set = (event: FormEvent) => {
    event.preventDefault();
    if (column === null) return;
    onWhere(withCondition(where, column, value));
    setValue("");
  };
  const known = conditions(where);
  return (
    <div>
      <form onSubmit={set} aria-label="Filter">
        <Group gap="sm" align="flex-end">
          <Select
            label="Column"
            placeholder="Which one"
            searchable
            data={[...columns]}
            value={column}
            onChange={setColumn}
            nothingFoundMessage="There is no such column"
            w={{ base: "100%", xs: 220 }}
          />
          <TextInput label="has exactly this value" value={value} spellCheck={false} autoComplete="off" onChange={(event) => setValue(event.currentTarget.value)} w={{ base: "100%", xs: 260 }} />
          <Button type="submit" variant="light" leftSection={<ListFilter size={16} aria-hidden />} disabled={column === null}>
            Filter
          </Button>
        </Group>
      </form>
      {known.length > 0 && (
        <Group gap={6} mt="sm" component="ul" style={{ listStyle: "none", padding: 0 }} aria-label="Conditions, all of which hold">
          {known.map(([field, text]) => (
            <li key={field} data-condition={field}>
              <Badge
                variant="light"
                size="lg"
                maw="100%"
                rightSection={
                  <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Take away: ${field} is ${text}`} onClick={() => onWhere(withoutCondition(where, field))}>
                    <X size={13} aria-hidden />
                  </ActionIcon>
                }
              >
                {field} is {text === "" ? "empty" : `“${text}”`}
              </Badge>
            </li>
          ))}
          {known.length > 1 && (
            <li>
              <Button variant="subtle" size="compact-sm" onClick={() => onWhere(undefined)}>
                Take all away
              </Button>
            </li>
          )}
        </Group>
      )}
    </div>
  );
}
