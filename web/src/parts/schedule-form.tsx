// A schedule that is made or changed. What is wrong with it the server says, in its own sentence.
import "@mantine/core/styles/FloatingIndicator.css";
import "@mantine/core/styles/SegmentedControl.css";
import { Anchor, Button, Group, Modal, SegmentedControl, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { pipelinesQuery } from "../api/pipelines";
import { type Schedule, useSchedules } from "../api/schedules";
import { bodyOf, draftOf, emptyDraft, missingIn } from "../logic/schedule";
import { Failed } from "./states";

const OFTEN = [
  { cron: "@hourly", label: "every hour" },
  { cron: "*/10 * * * *", label: "every ten minutes" },
  { cron: "0 6 * * *", label: "every day at 6" },
  { cron: "0 6 * * 1-5", label: "on workdays at 6" },
];

const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

interface Props {
  schedule: Schedule | null; // null: a new one
  onClose: () => void;
}

export function ScheduleForm({ schedule, onClose }: Props) {
  const pipelines = useQuery(pipelinesQuery);
  const { create, change } = useSchedules();
  const [draft, setDraft] = useState(() => (schedule === null ? emptyDraft("", ownZone()) : draftOf(schedule, ownZone())));
  const set = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part });
  const zones = useMemo(() => [...new Set([ownZone(), "UTC", draft.zone, ...Intl.supportedValuesOf("timeZone")])], [draft.zone]);
  const names = [...new Set([...(pipelines.data ?? []).map(({ name }) => name), ...(draft.pipeline === "" ? [] : [draft.pipeline])])];
  const missing = missingIn(draft);
  const problem = create.error ?? change.error;
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (missing !== null) return;
    if (schedule === null) create.mutate(bodyOf(draft), { onSuccess: onClose });
    else change.mutate({ id: schedule.id, body: bodyOf(draft) }, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={650}>{schedule === null ? "A new schedule" : "Change the schedule"}</Text>} closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={save}>
        <Stack>
          <TextInput label="Name" description="Without one it is called like its pipeline" value={draft.name} onChange={(event) => set({ name: event.currentTarget.value })} data-autofocus />
          <Select label="Pipeline" searchable required allowDeselect={false} data={names} value={draft.pipeline === "" ? null : draft.pipeline} onChange={(pipeline) => set({ pipeline: pipeline ?? "" })} />
          <TextInput
            label="File or folder"
            description="In the server's place for files. A folder ends in “/”: every file that comes into it is loaded, each once."
            required
            spellCheck={false}
            value={draft.place}
            onChange={(event) => set({ place: event.currentTarget.value })}
          />
          <SegmentedControl
            aria-label="How often"
            fullWidth
            data={[
              { value: "cron", label: "Again and again" },
              { value: "once", label: "Once" },
            ]}
            value={draft.kind}
            onChange={(kind) => set({ kind: kind as typeof draft.kind })}
          />
          {draft.kind === "cron" ? (
            <>
              <div>
                <TextInput
                  label="When"
                  description="Five fields: minute, hour, day of the month, month, day of the week"
                  required
                  spellCheck={false}
                  styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
                  value={draft.cron}
                  onChange={(event) => set({ cron: event.currentTarget.value })}
                />
                <Group gap="md" mt={6}>
                  {OFTEN.map(({ cron, label }) => (
                    <Anchor key={cron} component="button" type="button" size="sm" onClick={() => set({ cron })}>
                      {label}
                    </Anchor>
                  ))}
                </Group>
              </div>
              <Select label="By the clock of" searchable allowDeselect={false} limit={100} data={zones} value={draft.zone} onChange={(zone) => set({ zone: zone ?? "UTC" })} />
            </>
          ) : (
            <TextInput type="datetime-local" label="When" description={`By your own clock (${ownZone()})`} required value={draft.at} onChange={(event) => set({ at: event.currentTarget.value })} />
          )}
          <Switch label="It is on" checked={draft.enabled} onChange={(event) => set({ enabled: event.currentTarget.checked })} />
          {problem !== null && <Failed problem={problem} />}
          <Group justify="flex-end">
            {missing !== null && (
              <Text size="sm" className="soft">
                {missing}
              </Text>
            )}
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={missing !== null} loading={create.isPending || change.isPending}>
              {schedule === null ? "Make it" : "Keep the changes"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
