// Rejected rows by their reason: the most frequent first, one of them looked at.
import { NavLink, Select, Text } from "@mantine/core";
import type { RejectGroup } from "../api/client";
import { count } from "../logic/format";
import { reasonKey, reasonText } from "../logic/reasons";

interface Props {
  groups: readonly RejectGroup[];
  code: string | undefined;
  field: string | undefined;
  onPick: (code: string | undefined, field: string | undefined) => void;
}

const ALL = "all";

// The API tells rejects of one code and field from others, not those of one constraint.
function merged(groups: readonly RejectGroup[]): RejectGroup[] {
  const known = new Map<string, RejectGroup>();
  for (const group of groups) {
    const key = `${group.code}/${group.field ?? ""}`;
    const same = known.get(key);
    known.set(key, same === undefined ? group : { ...same, constraint: null, count: same.count + group.count });
  }
  return [...known.values()];
}

export function RejectGroups({ groups, code, field, onPick }: Props) {
  const all = merged(groups);
  const isPicked = (group: RejectGroup) => group.code === code && (group.field ?? undefined) === field;
  return (
    <nav aria-label="Reasons">
      <NavLink label="All reasons" active={code === undefined} onClick={() => onPick(undefined, undefined)} renderRoot={button} />
      {all.map((group) => (
        <NavLink
          key={reasonKey(group)}
          label={reasonText(group)}
          description={group.example}
          active={isPicked(group)}
          onClick={() => onPick(group.code, group.field ?? undefined)}
          rightSection={
            <Text size="sm" className="numbers" fw={600}>
              {count(group.count)}
            </Text>
          }
          styles={{ label: { overflowWrap: "anywhere" }, description: { color: "var(--soft)", display: "-webkit-box", WebkitLineClamp: 2, WebkitBoxOrient: "vertical", overflow: "hidden" } }}
          renderRoot={button}
        />
      ))}
    </nav>
  );
}

const button = (props: object) => <button type="button" {...props} />;

// The same where there is no room beside the rows.
export function RejectGroupSelect({ groups, code, field, onPick }: Props) {
  const all = merged(groups);
  const picked = all.find((group) => group.code === code && (group.field ?? undefined) === field);
  return (
    <Select
      label="Reason"
      allowDeselect={false}
      data={[{ value: ALL, label: "All reasons" }, ...all.map((group) => ({ value: reasonKey(group), label: `${reasonText(group)} (${count(group.count)})` }))]}
      value={picked === undefined ? ALL : reasonKey(picked)}
      onChange={(key) => {
        const group = all.find((one) => reasonKey(one) === key);
        onPick(group?.code, group?.field ?? undefined);
      }}
    />
  );
}
