// A queue: what waits in it and for how long; paused and resumed by who may.
import { Alert, Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { Pause, Play } from "lucide-react";
import { useState } from "react";
import { type Queue, useSteerQueue } from "../api/queues";
import { count, duration } from "../logic/format";
import { Confirm } from "./confirm";
import { Failed } from "./states";
import { Tile } from "./tile";

// `maySteer`: it concerns every tenant, so only those who run the server may.
export function QueueHealth({ queue, maySteer }: { queue: Queue; maySteer: boolean }) {
  const isOurs = queue.holds === "splits";
  return (
    <section aria-label={`Queue ${queue.name}`} data-queue={queue.name} data-paused={queue.paused}>
      <Group justify="space-between" mb="sm" gap="sm">
        <div>
          <Group gap="sm">
            <Title order={2} size="h5" className="wrap">
              {isOurs ? "Pieces of jobs" : "What other programs want loaded"}
            </Title>
            <Badge color={queue.paused ? "orange" : "green"} variant="light">
              {queue.paused ? "Paused" : "Running"}
            </Badge>
          </Group>
          <Text size="sm" className="soft">
            in the queue <code>{queue.name}</code>
          </Text>
        </div>
        {isOurs && maySteer && <Steer queue={queue} />}
      </Group>
      <Stack gap="sm">
        {queue.paused && (
          <Alert color="orange" role="status">
            Nothing new begins. What is sent is kept, and waits; what is in work goes on to its end.
          </Alert>
        )}
        <div className="tiles">
          <Tile testId="waiting" title="Waiting" value={count(queue.waiting)} about={queue.oldestWaitingSeconds === null ? "nothing waits" : `the oldest for ${duration(queue.oldestWaitingSeconds)}`} />
          <Tile testId="active" title="In work" value={count(queue.active)} about="by a worker, now" />
          <Tile testId="delayed" title="Later" value={count(queue.delayed)} about="begins at its time" />
          <Tile testId="failed" title="Given up" value={count(queue.failed)} about="with the reason" colour={queue.failed > 0 ? "var(--rejected)" : undefined} />
        </div>
        {!isOurs && (
          <Text size="sm" className="soft">
            It belongs to the programs that put into it, and is steered where they are. Here it is only shown.
          </Text>
        )}
      </Stack>
    </section>
  );
}

function Steer({ queue }: { queue: Queue }) {
  const { pause, resume } = useSteerQueue(queue.name);
  const [asked, setAsked] = useState(false);
  return (
    <>
      {queue.paused ? (
        <Button leftSection={<Play size={16} aria-hidden />} loading={resume.isPending} onClick={() => resume.mutate()}>
          Resume
        </Button>
      ) : (
        <Button variant="default" leftSection={<Pause size={16} aria-hidden />} onClick={() => setAsked(true)}>
          Pause
        </Button>
      )}
      {resume.isError && <Failed problem={resume.error} />}
      <Confirm
        title="Pause the queue?"
        yes="Pause it"
        isOpen={asked}
        isBusy={pause.isPending}
        problem={pause.error}
        onNo={() => setAsked(false)}
        onYes={() => pause.mutate(undefined, { onSuccess: () => setAsked(false) })}
      >
        Nothing new begins, for nobody, until it is resumed. Files can still be sent: they wait. What is in work goes on to its end.
      </Confirm>
    </>
  );
}
