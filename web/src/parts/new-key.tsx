// A key is made, and its secret shown, once.
import { Alert, Button, Checkbox, Group, Modal, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Copy } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import type { Key } from "../api/client";
import { makeKey } from "../api/keys";
import { pipelinesQuery } from "../api/pipelines";
import { principalQuery } from "../api/principal";
import { keepKey } from "../api/session";
import { Failed } from "./states";

const ROLES = [
  { value: "viewer", label: "viewer: sees jobs and what became of them" },
  { value: "uploader", label: "uploader: sends files, sees and corrects rows" },
  { value: "operator", label: "operator: steers jobs, queues and pipelines, too" },
  { value: "admin", label: "admin: everything, keys and the audit log included" },
];

export function NewKey({ isFirst, onClose }: { isFirst: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const me = useQuery(principalQuery);
  const [made, setMade] = useState<(Key & { key: string }) | null>(null);
  const close = () => {
    onClose();
    void client.invalidateQueries({ queryKey: ["keys"] });
  };
  return (
    <Modal
      opened
      onClose={close}
      title={<Text fw={650}>{made === null ? "New key" : `The key ${made.name}`}</Text>}
      centered
      closeOnClickOutside={made === null}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {made === null ? <Wanted isFirst={isFirst} ownTenant={me.data?.tenant ?? "default"} onMade={setMade} onNo={onClose} /> : <Secret made={made} isFirst={isFirst} onClose={close} />}
    </Modal>
  );
}

interface WantedProps {
  isFirst: boolean;
  ownTenant: string;
  onMade: (made: Key & { key: string }) => void;
  onNo: () => void;
}

function Wanted({ isFirst, ownTenant, onMade, onNo }: WantedProps) {
  const pipelines = useQuery(pipelinesQuery);
  const [name, setName] = useState("");
  const [role, setRole] = useState<Key["role"]>(isFirst ? "admin" : "uploader");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [isLimited, setLimited] = useState(false);
  const [tenant, setTenant] = useState(ownTenant);
  const [last, setLast] = useState(""); // day
  const [missing, setMissing] = useState<string | null>(null);
  const making = useMutation({
    mutationFn: () =>
      makeKey({
        name: name.trim(),
        role,
        pipelines: isLimited ? [...chosen] : [],
        ...(tenant.trim() === ownTenant ? {} : { tenant: tenant.trim() }),
        // Through that day, where the reader is.
        ...(last === "" ? {} : { expiresAt: new Date(`${last}T23:59:59`).toISOString() }),
      }),
    onSuccess: onMade,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return setMissing("Say what it is for: that is how you know it again.");
    if (isLimited && chosen.length === 0) return setMissing(null);
    making.mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {isFirst && (
          <Alert color="orange" title="The first key">
            From now on this server asks everybody for one. Make it an admin&rsquo;s, and keep it well: without it only who sits at the server makes another.
          </Alert>
        )}
        <TextInput label="Name" description="Who or what it is for" placeholder="night export" value={name} maxLength={100} error={missing} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
        <NativeSelect label="Role" data={ROLES} value={role} onChange={(event) => setRole(event.currentTarget.value as Key["role"])} />
        <div>
          <Checkbox label="Only for some pipelines" checked={isLimited} onChange={(event) => setLimited(event.currentTarget.checked)} />
          {isLimited && (
            <Checkbox.Group aria-label="Pipelines" value={[...chosen]} onChange={setChosen} mt="xs" error={chosen.length === 0 ? "Choose at least one." : undefined}>
              <Stack gap={6} mah={200} style={{ overflowY: "auto" }}>
                {(pipelines.data ?? []).map(({ name: one }) => (
                  <Checkbox key={one} value={one} label={one} size="sm" />
                ))}
                {pipelines.data?.length === 0 && <Text size="sm" className="soft">There are no pipelines yet.</Text>}
              </Stack>
            </Checkbox.Group>
          )}
        </div>
        <TextInput type="date" label="Last day" description="Nothing: it does not expire" value={last} onChange={(event) => setLast(event.currentTarget.value)} />
        {ownTenant === "default" && <TextInput label="Tenant" description="Each sees only its own jobs, pipelines and rows" value={tenant} onChange={(event) => setTenant(event.currentTarget.value)} />}
        {making.isError && <Failed problem={making.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onNo}>
            Leave it
          </Button>
          <Button type="submit" loading={making.isPending}>
            Make the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Secret({ made, isFirst, onClose }: { made: Key & { key: string }; isFirst: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    // Pages that come without TLS from another machine have no clipboard; there the text is marked, to be copied by hand.
    input.current?.select();
    try {
      await navigator.clipboard.writeText(made.key);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };
  const signIn = () => {
    keepKey(made.key, "tab");
    client.clear();
    onClose();
  };
  return (
    <Stack>
      <Alert color="orange">It is shown now and never again: the server keeps only what recognises it. Copy it to where it is used.</Alert>
      <TextInput ref={input} label="Key" value={made.key} readOnly styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} onFocus={(event) => event.currentTarget.select()} />
      <Group justify="flex-end">
        <Button variant={isFirst ? "default" : "filled"} leftSection={isCopied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />} onClick={() => void copy()}>
          {isCopied ? "Copied" : "Copy it"}
        </Button>
        {isFirst && <Button onClick={signIn}>Sign in with it</Button>}
        <Button variant="default" onClick={onClose}>
          I have it
        </Button>
      </Group>
    </Stack>
  );
}
