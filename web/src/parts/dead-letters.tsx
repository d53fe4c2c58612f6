// Jobs that were given up, each with its reason; one or all are let run again.
import { Alert, Anchor, Button, Group, List, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { useState } from "react";
import type { Job } from "../api/client";
import { deadLettersQuery, type Replayed, useSteerQueue } from "../api/queues";
import { useMay } from "../api/principal";
import { ago, count, counted, time } from "../logic/format";
import { Confirm } from "./confirm";
import { Failed, Nothing } from "./states";
import { useNow } from "./use-now";

export function DeadLetters({ queue }: { queue: string }) {
  const [cursors, setCursors] = useState<string[]>([]);
  const letters = useQuery(deadLettersQuery(queue, cursors.at(-1)));
  const mayOperate = useMay("operate");
  const { replay: all } = useSteerQueue(queue);
  const { replay: one } = useSteerQueue(queue);
  const [asked, setAsked] = useState(false);
  const result = all.data ?? one.data;
  const forget = () => {
    all.reset();
    one.reset();
  };
  const replayAll = () =>
    all.mutate(null, {
      onSuccess: () => {
        setAsked(false);
        setCursors([]);
      },
    });
  const replayOne = (job: Job) => {
    all.reset();
    one.mutate([job.id]);
  };
  if (letters.isError) return <Failed problem={letters.error} onRetry={() => void letters.refetch()} />;
  if (letters.isPending) return <Text className="soft">…</Text>;
  const { items, next } = letters.data;
  return (
    <Stack gap="sm">
      {result !== undefined && <Result result={result} onClose={forget} />}
      {one.isError && <Failed problem={one.error} />}
      {items.length === 0 && cursors.length === 0 ? (
        <div className="card">
          <Nothing title="Nothing was given up">A job that cannot go on, however often it is tried, is kept here with the reason.</Nothing>
        </div>
      ) : (
        <>
          {mayOperate && (
            <Group justify="flex-end">
              <Button
                variant="default"
                leftSection={<RotateCcw size={16} aria-hidden />}
                onClick={() => {
                  forget();
                  setAsked(true);
                }}
              >
                Let all run again
              </Button>
            </Group>
          )}
          <Stack gap="xs" component="ul" style={{ listStyle: "none", padding: 0, margin: 0 }} aria-label="Jobs that were given up">
            {items.map((job) => (
              <Letter key={job.id} job={job} onReplay={mayOperate ? () => replayOne(job) : undefined} isBusy={one.isPending && one.variables?.[0] === job.id} />
            ))}
          </Stack>
        </>
      )}
      {(cursors.length > 0 || next !== null) && (
        <Group justify="space-between" component="nav" aria-label="Older and newer jobs that were given up">
          <Button variant="default" disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
            Newer
          </Button>
          <Button variant="default" disabled={next === null} loading={letters.isPlaceholderData} onClick={() => next !== null && setCursors([...cursors, next])}>
            Older
          </Button>
        </Group>
      )}
      <Confirm
        title="Let all run again?"
        yes="Let them run"
        isOpen={asked}
        isBusy={all.isPending}
        problem={all.error}
        onNo={() => setAsked(false)}
        onYes={replayAll}
      >
        Every job that was given up goes on where it stopped; nothing is loaded twice. Those whose reason is still there are given up again.
      </Confirm>
    </Stack>
  );
}

function Letter({ job, onReplay, isBusy }: { job: Job; onReplay: (() => void) | undefined; isBusy: boolean }) {
  const now = useNow(10_000);
  const ended = job.finishedAt ?? job.createdAt;
  return (
    <li className="card" data-letter={job.id}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div style={{ minWidth: 0, flex: "1 1 16rem" }}>
          <Anchor fw={550} className="wrap" renderRoot={(props) => <Link to="/jobs/$id" params={{ id: job.id }} {...props} />}>
            {job.file.name}
          </Anchor>
          <Text size="sm" className="soft wrap">
            {job.pipeline} · <time dateTime={ended} title={time(ended)}>{ago(ended, now)}</time> · {counted(job.attempts, "attempt")}
            {job.rows.read > 0 && ` · ${counted(job.rows.read, "row")} read before`}
          </Text>
          <Text size="sm" mt={4} className="wrap" data-testid="cause">
            {job.error ?? "No reason was kept."}
          </Text>
        </div>
        {onReplay !== undefined && (
          <Button size="xs" variant="light" loading={isBusy} onClick={onReplay} aria-label={`Let ${job.file.name} run again`}>
            Run again
          </Button>
        )}
      </Group>
    </li>
  );
}

function Result({ result, onClose }: { result: Replayed; onClose: () => void }) {
  const { replayed, notReplayed } = result;
  return (
    <Alert color={notReplayed.length === 0 ? "green" : "orange"} role="status" withCloseButton closeButtonLabel="Close" onClose={onClose} data-testid="replayed">
      {counted(replayed, "job")} {replayed === 1 ? "runs" : "run"} again.
      {notReplayed.length > 0 && (
        <>
          {" "}
          {count(notReplayed.length)} could not:
          <List size="sm" mt={4}>
            {notReplayed.map(({ jobId, detail }) => (
              <List.Item key={jobId}>
                <code>{jobId}</code>: {detail}
              </List.Item>
            ))}
          </List>
        </>
      )}
    </Alert>
  );
}
