// Groups with their measures: sorted by a click on a heading, filtered by a click on a value.
import { Table, UnstyledButton } from "@mantine/core";
import { ArrowDown, ArrowUp, ArrowUpDown } from "lucide-react";
import type { Aggregate, Group } from "../api/aggregates";
import { figure, size } from "../logic/figure";
import { ago, time } from "../logic/format";
import { comparable } from "../logic/where";
import { useNow } from "./use-now";

interface Props {
  aggregate: Aggregate;
  groups: readonly Group[];
  sort: string | undefined;
  onSort: (sort: string) => void;
  onCondition: (field: string, value: string) => void;
}

export function GroupTable({ aggregate, groups, sort, onSort, onCondition }: Props) {
  const now = useNow(10_000);
  const measures = Object.keys(aggregate.measures);
  const heading = (name: string, isMeasure: boolean) => <Heading key={name} name={name} about={aggregate.measures[name]} isMeasure={isMeasure} sort={sort} onSort={onSort} />;
  return (
    <div className="table-scroll card" style={{ padding: 0 }} tabIndex={0} role="region" aria-label="Groups">
      <Table verticalSpacing={7} horizontalSpacing="md" highlightOnHover fz="sm">
        <Table.Thead>
          <Table.Tr>
            {aggregate.by.map((name) => heading(name, false))}
            {measures.map((name) => heading(name, true))}
            <Table.Th style={{ whiteSpace: "nowrap" }}>Changed</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {groups.map((group) => (
            <Table.Tr key={JSON.stringify(aggregate.by.map((field) => group[field]))} data-group={aggregate.by.map((field) => group[field]).join("/")}>
              {aggregate.by.map((field) => {
                const text = comparable(group[field]);
                return (
                  <Table.Td key={field} className="wrap">
                    {text === null ? (
                      <em className="soft">nothing</em>
                    ) : (
                      <UnstyledButton fz="sm" className="plain-link" title={`Only where ${field} is the same`} onClick={() => onCondition(field, text)}>
                        {text === "" ? <em className="soft">empty</em> : text}
                      </UnstyledButton>
                    )}
                  </Table.Td>
                );
              })}
              {measures.map((name) => (
                <Table.Td key={name} ta={size(group[name]) === null ? undefined : "right"} className="numbers" data-measure={name}>
                  {figure(group[name])}
                </Table.Td>
              ))}
              <Table.Td className="soft" style={{ whiteSpace: "nowrap" }}>
                <time dateTime={group.updatedAt} title={time(group.updatedAt)}>
                  {ago(group.updatedAt, now)}
                </time>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

interface HeadingProps {
  name: string;
  about: string | undefined;
  isMeasure: boolean;
  sort: string | undefined;
  onSort: (sort: string) => void;
}

// Figures are wanted from the largest on, names from the first on; a second click turns it round.
function Heading({ name, about, isMeasure, sort, onSort }: HeadingProps) {
  const isUp = sort === name;
  const isDown = sort === `-${name}`;
  const next = isMeasure ? (isDown ? name : `-${name}`) : isUp ? `-${name}` : name;
  const Icon = isUp ? ArrowUp : isDown ? ArrowDown : ArrowUpDown;
  return (
    <Table.Th scope="col" ta={isMeasure ? "right" : undefined} aria-sort={isUp ? "ascending" : isDown ? "descending" : "none"} style={{ whiteSpace: "nowrap" }}>
      <UnstyledButton fz="sm" fw={600} onClick={() => onSort(next)} title={about}>
        {name} <Icon size={13} aria-hidden style={{ verticalAlign: "-2px", opacity: isUp || isDown ? 1 : 0.55 }} />
      </UnstyledButton>
    </Table.Th>
  );
}
