// Who did what, newest first. For admins.
import { Anchor, Button, Group, Select, Skeleton, Stack, Table, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { AuditEntry, Key } from "../api/client";
import { auditQuery, keysQuery } from "../api/keys";
import { principalQuery, useMay } from "../api/principal";
import { actionText, actorText, detailText, KNOWN_ACTIONS } from "../logic/audit";
import { time } from "../logic/format";
import { PageTitle } from "../parts/page-title";
import { Failed, Nothing } from "../parts/states";

export function AuditPage() {
  const search = useSearch({ from: "/audit" });
  const navigate = useNavigate({ from: "/audit" });
  const mayAdminister = useMay("administer");
  const me = useQuery(principalQuery);
  const entries = useQuery({ ...auditQuery(search), enabled: mayAdminister });
  const keys = useQuery({ ...keysQuery, enabled: mayAdminister });
  const isNarrow = useMediaQuery("(max-width: 52em)", false, { getInitialValueInEffect: false });
  if (me.isSuccess && !mayAdminister)
    return (
      <div className="page">
        <PageTitle>Audit log</PageTitle>
        <div className="card">
          <Nothing title="The audit log is for admins">Whoever runs this server can give you a key with the role admin.</Nothing>
        </div>
      </div>
    );
  const known = keys.data ?? [];
  const actors = new Map([["anonymous", actorText("anonymous", known)], ...known.map(({ id, name }): [string, string] => [`key:${id}`, name])]);
  for (const { actor } of entries.data?.items ?? []) if (!actors.has(actor)) actors.set(actor, actorText(actor, known));
  if (search.actor !== undefined && !actors.has(search.actor)) actors.set(search.actor, search.actor);
  const actions = new Set([...KNOWN_ACTIONS, ...(search.action === undefined ? [] : [search.action])]);
  const isFiltered = search.actor !== undefined || search.action !== undefined || search.cursor !== undefined;
  return (
    <div className="page">
      <PageTitle about="Who steered, changed, took out or removed what. Entries are only ever added.">Audit log</PageTitle>
      <Group mb="md" gap="sm" align="flex-end">
        <Select
          label="Who"
          placeholder="Anybody"
          clearable
          searchable
          clearButtonProps={{ "aria-label": "Anybody" }}
          data={[...actors].map(([value, label]) => ({ value, label }))}
          value={search.actor ?? null}
          onChange={(actor) => void navigate({ search: { ...search, actor: actor ?? undefined, cursor: undefined } })}
          w={{ base: "100%", xs: 260 }}
        />
        <Select
          label="Did what"
          placeholder="Anything"
          clearable
          searchable
          clearButtonProps={{ "aria-label": "Anything" }}
          data={[...actions].map((value) => ({ value, label: actionText(value) }))}
          value={search.action ?? null}
          onChange={(action) => void navigate({ search: { ...search, action: action ?? undefined, cursor: undefined } })}
          w={{ base: "100%", xs: 260 }}
        />
      </Group>
      {entries.isPending && <Skeleton height={320} role="status" aria-label="The audit log is looked up" />}
      {entries.isError && <Failed problem={entries.error} onRetry={() => void entries.refetch()} />}
      {entries.data?.items.length === 0 && (
        <div className="card">
          {isFiltered ? (
            <Nothing title="Nothing like that was done">
              <Link to="/audit">Show everything</Link>
            </Nothing>
          ) : (
            <Nothing title="Nothing was done yet that is kept here">Cancelling, deleting, downloads, and changes of pipelines, keys and schedules are. Sending a file is a job.</Nothing>
          )}
        </div>
      )}
      {entries.data !== undefined && entries.data.items.length > 0 && (isNarrow ? <Cards entries={entries.data.items} keys={known} /> : <Rows entries={entries.data.items} keys={known} />)}
      <Group justify="space-between" mt="md" component="nav" aria-label="Older and newer entries">
        {search.cursor !== undefined ? (
          <Button variant="default" onClick={() => window.history.back()}>
            Newer
          </Button>
        ) : (
          <span />
        )}
        {entries.data?.next != null && (
          <Button variant="default" loading={entries.isPlaceholderData} onClick={() => void navigate({ search: { ...search, cursor: entries.data?.next ?? undefined } })}>
            Older
          </Button>
        )}
      </Group>
    </div>
  );
}

interface ListProps {
  entries: readonly AuditEntry[];
  keys: readonly Key[];
}

// What it was done to: by a link where it has a page, and where that is not what was removed.
function Subject({ entry }: { entry: AuditEntry }): ReactNode {
  const { action, subject } = entry;
  const isGone = action.endsWith(".delete");
  if (!isGone && (action.startsWith("job.") || action.startsWith("report.")))
    return (
      <Anchor size="sm" className="wrap" renderRoot={(props) => <Link to="/jobs/$id" params={{ id: subject }} {...props} />}>
        {subject}
      </Anchor>
    );
  if (!isGone && (action.startsWith("pipeline.") || action.startsWith("rows.")))
    return (
      <Anchor size="sm" className="wrap" renderRoot={(props) => <Link to="/pipelines/$name" params={{ name: subject }} {...props} />}>
        {subject}
      </Anchor>
    );
  return subject;
}

function Rows({ entries, keys }: ListProps) {
  return (
    <div className="table-scroll card" style={{ padding: 0 }}>
      <Table verticalSpacing={8} horizontalSpacing="md" fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={190}>When</Table.Th>
            <Table.Th>Who</Table.Th>
            <Table.Th>Did what</Table.Th>
            <Table.Th>To what</Table.Th>
            <Table.Th>Details</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry) => (
            <Table.Tr key={entry.number} data-action={entry.action}>
              <Table.Td style={{ whiteSpace: "nowrap" }} className="numbers">
                <time dateTime={entry.time} title={entry.requestId === null ? undefined : `Request ${entry.requestId}`}>
                  {time(entry.time)}
                </time>
              </Table.Td>
              <Table.Td className="wrap" title={entry.actor}>
                {actorText(entry.actor, keys)}
              </Table.Td>
              <Table.Td>{actionText(entry.action)}</Table.Td>
              <Table.Td className="wrap">
                <Subject entry={entry} />
              </Table.Td>
              <Table.Td className="wrap soft">{detailText(entry.detail)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Cards({ entries, keys }: ListProps) {
  return (
    <Stack gap="xs" component="ul" style={{ listStyle: "none", padding: 0, margin: 0 }}>
      {entries.map((entry) => (
        <li key={entry.number} className="card" data-action={entry.action}>
          <Text size="sm" className="wrap">
            <strong>{actorText(entry.actor, keys)}</strong> {actionText(entry.action)}
          </Text>
          <Text size="sm" className="wrap" component="div">
            <Subject entry={entry} />
          </Text>
          <Text size="xs" className="soft wrap">
            <time dateTime={entry.time}>{time(entry.time)}</time>
            {detailText(entry.detail) !== "" && ` · ${detailText(entry.detail)}`}
          </Text>
        </li>
      ))}
    </Stack>
  );
}
