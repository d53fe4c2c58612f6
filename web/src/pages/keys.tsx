// API keys: who has one, what it may, and since when it was not used. For admins.
import { Alert, Badge, Button, Group, Skeleton, Stack, Switch, Table, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import type { Key } from "../api/client";
import { keysQuery, revokeKey } from "../api/keys";
import { principalQuery, useMay } from "../api/principal";
import { ago, time } from "../logic/format";
import { Confirm } from "../parts/confirm";
import { NewKey } from "../parts/new-key";
import { PageTitle } from "../parts/page-title";
import { Failed, Nothing } from "../parts/states";
import { useNow } from "../parts/use-now";

export function KeysPage() {
  const mayAdminister = useMay("administer");
  const me = useQuery(principalQuery);
  const keys = useQuery({ ...keysQuery, enabled: mayAdminister });
  const now = useNow(30_000);
  const [isMaking, setMaking] = useState(false);
  const [all, setAll] = useState(false);
  if (me.isSuccess && !mayAdminister)
    return (
      <div className="page">
        <PageTitle>Keys</PageTitle>
        <div className="card">
          <Nothing title="Keys are for admins">Whoever runs this server can give you a key with the role admin.</Nothing>
        </div>
      </div>
    );
  const list = keys.data ?? [];
  const gone = list.filter((key) => stateOf(key, now) !== "valid");
  const shown = all ? list : list.filter((key) => stateOf(key, now) === "valid");
  return (
    <div className="page">
      <PageTitle
        about="Programs and people say who they are by a key. What it may is its role's."
        actions={
          <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setMaking(true)} disabled={!keys.isSuccess}>
            New key
          </Button>
        }
      >
        Keys
      </PageTitle>
      <Stack gap="md">
        {keys.isSuccess && list.length === 0 && (
          <Alert color="blue" title="This server asks nobody who they are">
            Whoever reaches it may do everything. With the first key that changes: from then on everybody needs one, you too.
          </Alert>
        )}
        {gone.length > 0 && <Switch label={`Show those that were revoked or have expired, too (${gone.length})`} checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />}
        {keys.isPending && <Skeleton height={180} role="status" aria-label="Keys are looked up" />}
        {keys.isError && <Failed problem={keys.error} onRetry={() => void keys.refetch()} />}
        {shown.length > 0 && <List keys={shown} now={now} own={me.data?.actor ?? ""} />}
      </Stack>
      {isMaking && <NewKey isFirst={list.length === 0} onClose={() => setMaking(false)} />}
    </div>
  );
}

type State = "valid" | "revoked" | "expired";
const WORDS = { valid: { text: "Valid", color: "green" }, revoked: { text: "Revoked", color: "gray" }, expired: { text: "Expired", color: "orange" } } as const;

function stateOf(key: Key, now: number): State {
  if (key.revokedAt !== null) return "revoked";
  return key.expiresAt !== null && Date.parse(key.expiresAt) <= now ? "expired" : "valid";
}

interface ListProps {
  keys: readonly Key[];
  now: number;
  own: string; // actor of who looks
}

function List(props: ListProps) {
  const isNarrow = useMediaQuery("(max-width: 60em)", false, { getInitialValueInEffect: false });
  return isNarrow ? <Cards {...props} /> : <Rows {...props} />;
}

function Reach({ keyOf: { pipelines, tenant } }: { keyOf: Key }) {
  return (
    <>
      {pipelines.length === 0 ? "all pipelines" : pipelines.join(", ")}
      {tenant !== "default" && ` of ${tenant}`}
    </>
  );
}

function Used({ at, now }: { at: string | null; now: number }) {
  if (at === null) return <span className="soft">never</span>;
  return (
    <time dateTime={at} title={time(at)}>
      {ago(at, now)}
    </time>
  );
}

function Ends({ keyOf, now }: { keyOf: Key; now: number }) {
  const state = stateOf(keyOf, now);
  return (
    <Group gap={6}>
      <Badge color={WORDS[state].color} variant="light" size="sm">
        {WORDS[state].text}
      </Badge>
      {keyOf.revokedAt === null && keyOf.expiresAt !== null && (
        <Text size="xs" className="soft">
          until <time dateTime={keyOf.expiresAt}>{time(keyOf.expiresAt)}</time>
        </Text>
      )}
    </Group>
  );
}

function Rows({ keys, now, own }: ListProps) {
  return (
    <div className="table-scroll card" style={{ padding: 0 }}>
      <Table verticalSpacing="sm" horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Role</Table.Th>
            <Table.Th>Reaches</Table.Th>
            <Table.Th>Made</Table.Th>
            <Table.Th>Last used</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th aria-label="Revoke" />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {keys.map((key) => (
            <Table.Tr key={key.id} data-key={key.name}>
              <Table.Td className="wrap" fw={550}>
                {key.name}
                {own === `key:${key.id}` && <Own />}
              </Table.Td>
              <Table.Td>{key.role}</Table.Td>
              <Table.Td className="wrap">
                <Reach keyOf={key} />
              </Table.Td>
              <Table.Td style={{ whiteSpace: "nowrap" }}>
                <Used at={key.createdAt} now={now} />
              </Table.Td>
              <Table.Td style={{ whiteSpace: "nowrap" }}>
                <Used at={key.lastUsedAt} now={now} />
              </Table.Td>
              <Table.Td>
                <Ends keyOf={key} now={now} />
              </Table.Td>
              <Table.Td ta="right">
                <Revoke keyOf={key} now={now} own={own} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Cards({ keys, now, own }: ListProps) {
  return (
    <Stack gap="xs" component="ul" style={{ listStyle: "none", padding: 0, margin: 0 }}>
      {keys.map((key) => (
        <li key={key.id} className="card" data-key={key.name}>
          <Group justify="space-between" align="flex-start" wrap="nowrap">
            <Text fw={550} className="wrap">
              {key.name}
              {own === `key:${key.id}` && <Own />}
            </Text>
            <Revoke keyOf={key} now={now} own={own} />
          </Group>
          <Text size="sm" className="wrap">
            {key.role}, <Reach keyOf={key} />
          </Text>
          <Text size="sm" className="soft">
            made <Used at={key.createdAt} now={now} />, last used <Used at={key.lastUsedAt} now={now} />
          </Text>
          <div style={{ marginTop: 4 }}>
            <Ends keyOf={key} now={now} />
          </div>
        </li>
      ))}
    </Stack>
  );
}

const Own = () => (
  <Badge size="xs" color="blue" variant="light" ml={6}>
    yours
  </Badge>
);

function Revoke({ keyOf, now, own }: { keyOf: Key; now: number; own: string }) {
  const client = useQueryClient();
  const [isAsked, setAsked] = useState(false);
  const revoking = useMutation({
    mutationFn: () => revokeKey(keyOf.id),
    onSuccess: () => {
      setAsked(false);
      void client.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  if (stateOf(keyOf, now) !== "valid") return null;
  return (
    <>
      <Button size="xs" variant="subtle" color="red" onClick={() => setAsked(true)} aria-label={`Revoke ${keyOf.name}`}>
        Revoke
      </Button>
      <Confirm title={`Revoke the key ${keyOf.name}?`} yes="Revoke it" isOpen={isAsked} isBusy={revoking.isPending} problem={revoking.error} onNo={() => setAsked(false)} onYes={() => revoking.mutate()}>
        <Text>Whoever uses it is refused from now on, and it cannot be brought back.</Text>
        {own === `key:${keyOf.id}` && (
          <Text mt="sm" fw={600}>
            It is the key that you are signed in with: you are signed out by it.
          </Text>
        )}
      </Confirm>
    </>
  );
}
