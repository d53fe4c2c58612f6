// A file on its way, and what became of it when it has arrived.
import { Alert, Anchor, Button, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { jobQuery } from "../api/jobs";
import { dismiss, giveUp, goOn, isUnderWay, pause, type Sending } from "../api/uploads";
import { bytes, counted, percent } from "../logic/format";
import { CountsBar } from "./counts";
import { JobProgress, StatusBadge } from "./job-status";
import { Failed } from "./states";

export function SendingFile({ sending }: { sending: Sending }) {
  return (
    <section className="card" aria-label={`${sending.name}, being sent`} data-upload={sending.state}>
      <Group justify="space-between" mb="xs" align="flex-start">
        <Title order={2} size="h4" className="wrap" style={{ flex: "1 1 12rem" }}>
          {sending.name}
        </Title>
        <Steer sending={sending} />
      </Group>
      {isUnderWay(sending) && <OnItsWay sending={sending} />}
      {sending.state === "failed" && sending.problem !== null && (
        <Failed problem={sending.problem} onRetry={() => goOn(sending.id)} />
      )}
      {sending.state === "sent" && sending.jobId !== null && <Arrived jobId={sending.jobId} />}
    </section>
  );
}

function Steer({ sending }: { sending: Sending }) {
  const { id, state } = sending;
  return (
    <Group gap="xs">
      {(state === "sending" || state === "waiting") && (
        <Button size="xs" variant="default" onClick={() => pause(id)}>
          Pause
        </Button>
      )}
      {state === "paused" && (
        <Button size="xs" onClick={() => goOn(id)}>
          Go on
        </Button>
      )}
      {state === "sent" ? (
        <Button size="xs" variant="subtle" color="gray" onClick={() => dismiss(id)}>
          Hide
        </Button>
      ) : (
        <Button size="xs" variant="subtle" color="red" onClick={() => giveUp(id)}>
          Give it up
        </Button>
      )}
    </Group>
  );
}

const WORDS = { sending: "Sending", waiting: "The connection is broken; trying again", paused: "Paused" } as const;

function OnItsWay({ sending }: { sending: Sending }) {
  const share = sending.size === 0 ? 0 : sending.sent / sending.size;
  const word = WORDS[sending.state as keyof typeof WORDS];
  return (
    <div>
      <Progress value={share * 100} aria-label={`${sending.name}: sent`} color={sending.state === "waiting" ? "orange" : undefined} />
      <Text size="sm" className="soft numbers" mt={4}>
        {word}: {bytes(sending.sent)} of {bytes(sending.size)} ({percent(share)})
        {sending.wentOn && ", going on where it was"}
      </Text>
    </div>
  );
}

function Arrived({ jobId }: { jobId: string }) {
  const { data: job } = useQuery(jobQuery(jobId));
  const client = useQueryClient();
  useEffect(() => void client.invalidateQueries({ queryKey: ["jobs"] }), [client]); // there is one more
  if (job === undefined) return <Text className="soft">It has arrived.</Text>;
  const { rows } = job;
  return (
    <Stack gap="xs" data-job={jobId}>
      <Group gap="sm">
        <StatusBadge status={job.status} />
        <Text size="sm" className="numbers">
          {job.status === "PENDING" ? "It has arrived, and waits for its turn." : `${counted(rows.read, "row")} read`}
          {rows.inserted + rows.updated > 0 && `, ${counted(rows.inserted + rows.updated, "row")} stored`}
          {rows.duplicate > 0 && `, ${counted(rows.duplicate, "row")} known already`}
        </Text>
        <Anchor size="sm" renderRoot={(props) => <Link to="/jobs/$id" params={{ id: jobId }} {...props} />}>
          Everything about it
        </Anchor>
      </Group>
      <JobProgress job={job} />
      {rows.read > 0 && <CountsBar counts={rows} />}
      {job.error !== null && <Alert color="red">{job.error}</Alert>}
      {rows.rejected > 0 && (
        <Alert color="orange">
          <Group justify="space-between">
            <Text size="sm">
              {counted(rows.rejected, "row")} did not pass. {rows.rejected === 1 ? "It is" : "They are"} kept with the reason.
            </Text>
            <Button size="xs" renderRoot={(props) => <Link to="/jobs/$id/rejects" params={{ id: jobId }} {...props} />}>
              Look and correct
            </Button>
          </Group>
        </Alert>
      )}
    </Stack>
  );
}
