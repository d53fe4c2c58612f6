// Jobs that begin by the clock: when each runs next, what became of its last run; made, changed and removed by who may.
import { Anchor, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useMay } from "../api/principal";
import { type Schedule, schedulesQuery, useSchedules } from "../api/schedules";
import { ago, time } from "../logic/format";
import { Confirm } from "./confirm";
import { ScheduleForm } from "./schedule-form";
import { Failed, Nothing } from "./states";
import { useNow } from "./use-now";

export function Schedules() {
  const schedules = useQuery(schedulesQuery);
  const mayOperate = useMay("operate");
  const { change, remove } = useSchedules();
  const [edited, setEdited] = useState<Schedule | "new" | null>(null);
  const [asked, setAsked] = useState<Schedule | null>(null);
  if (schedules.isError) return <Failed problem={schedules.error} onRetry={() => void schedules.refetch()} />;
  if (schedules.isPending) return <Text className="soft">…</Text>;
  return (
    <Stack gap="sm">
      {mayOperate && (
        <Group justify="flex-end">
          <Button variant="default" leftSection={<Plus size={16} aria-hidden />} onClick={() => setEdited("new")}>
            New schedule
          </Button>
        </Group>
      )}
      {change.isError && <Failed problem={change.error} />}
      {schedules.data.length === 0 ? (
        <div className="card">
          <Nothing title="Nothing begins by the clock">A schedule loads a file, or whatever comes into a folder, again and again or once.</Nothing>
        </div>
      ) : (
        <Stack gap="xs" component="ul" style={{ listStyle: "none", padding: 0, margin: 0 }} aria-label="Schedules">
          {schedules.data.map((schedule) => (
            <OneSchedule key={schedule.id} schedule={schedule}>
              {mayOperate && (
                <Group gap={4}>
                  <Button size="xs" variant="subtle" loading={change.isPending && change.variables?.id === schedule.id} onClick={() => change.mutate({ id: schedule.id, body: { enabled: !schedule.enabled } })} aria-label={`${schedule.enabled ? "Switch off" : "Switch on"} ${schedule.name}`}>
                    {schedule.enabled ? "Switch off" : "Switch on"}
                  </Button>
                  <Button size="xs" variant="subtle" onClick={() => setEdited(schedule)} aria-label={`Change ${schedule.name}`}>
                    Change
                  </Button>
                  <Button size="xs" variant="subtle" color="red" onClick={() => setAsked(schedule)} aria-label={`Delete ${schedule.name}`}>
                    Delete
                  </Button>
                </Group>
              )}
            </OneSchedule>
          ))}
        </Stack>
      )}
      {edited !== null && <ScheduleForm schedule={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
      <Confirm
        title={`Delete the schedule “${asked?.name ?? ""}”?`}
        yes="Delete it"
        isOpen={asked !== null}
        isBusy={remove.isPending}
        problem={remove.error}
        onNo={() => setAsked(null)}
        onYes={() => asked !== null && remove.mutate(asked.id, { onSuccess: () => setAsked(null) })}
      >
        It begins nothing any more. Jobs that it began stay, and so do its files.
      </Confirm>
    </Stack>
  );
}

function OneSchedule({ schedule, children }: { schedule: Schedule; children: ReactNode }) {
  const now = useNow(10_000);
  const { name, pipeline, cron, zone, at, source, enabled, nextRunAt, lastRunAt, lastJobId, lastError } = schedule;
  return (
    <li className="card" data-schedule={name}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div style={{ minWidth: 0, flex: "1 1 16rem" }}>
          <Group gap="xs">
            <Text fw={550} className="wrap">
              {name}
            </Text>
            {!enabled && (
              <Badge color="gray" variant="light">
                Off
              </Badge>
            )}
          </Group>
          <Text size="sm" className="soft wrap">
            <code>{source.replace(/^blob:/, "")}</code> into {pipeline}, {cron !== null ? <>at <code>{cron}</code> by the clock of {zone}</> : `once, ${at === null ? "" : time(at)}`}
          </Text>
          <Text size="sm" mt={2}>
            {nextRunAt !== null ? (
              <>
                Runs next <time dateTime={nextRunAt} title={time(nextRunAt)}>{ago(nextRunAt, now)}</time>
              </>
            ) : (
              <span className="soft">{enabled ? "It does not run again" : "It does not run while it is off"}</span>
            )}
            {lastRunAt !== null && (
              <span className="soft">
                {" "}
                · ran <time dateTime={lastRunAt} title={time(lastRunAt)}>{ago(lastRunAt, now)}</time>
                {lastJobId !== null && (
                  <>
                    , <Anchor size="sm" renderRoot={(props) => <Link to="/jobs/$id" params={{ id: lastJobId }} {...props} />}>its last job</Anchor>
                  </>
                )}
              </span>
            )}
          </Text>
          {lastError !== null && (
            <Text size="sm" mt={4} className="wrap" c="var(--rejected)">
              {lastError}
            </Text>
          )}
        </div>
        {children}
      </Group>
    </li>
  );
}
